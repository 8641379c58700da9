# tests/support/: what tests and harnesses share, a library a file: who includes "support/x.h" links it.

find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

function(floe_set_test_options target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE
        FLOE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/vectors")
    target_link_libraries(${target} PRIVATE PkgConfig::CMOCKA)
endfunction()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.c)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    add_library(floe_support_${name} STATIC EXCLUDE_FROM_ALL ${source})
    floe_set_test_options(floe_support_${name})
    set(header ${PROJECT_SOURCE_DIR}/tests/support/${name}.h)
    if(EXISTS ${header})
        floe_link_includes(floe_support_${name} ${source} ${header})
    else()
        floe_link_includes(floe_support_${name} ${source})
    endif()
endforeach()
