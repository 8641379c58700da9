# examples/*.c: each one file, one program. Those whose library is not installed are left out.

find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBUV IMPORTED_TARGET libuv)

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    set(libraries $<TARGET_NAME_IF_EXISTS:floe_io> floe)
    if(name MATCHES "libuv")
        if(NOT LIBUV_FOUND)
            message(STATUS "libuv is not installed: examples/${name}.c is left out")
            continue()
        endif()
        list(APPEND libraries PkgConfig::LIBUV)
    endif()
    add_executable(example_${name} ${source})
    set_target_properties(example_${name} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_compile_definitions(example_${name} PRIVATE _GNU_SOURCE)
    target_link_libraries(example_${name} PRIVATE floe_options ${libraries})
endforeach()
