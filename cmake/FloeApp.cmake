# The floe program: app/*.c, with the pages of web/ inside.

file(GLOB floe_app_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/app/*.c)
if(NOT TARGET floe_io OR NOT floe_app_sources)
    return()
endif()
pkg_check_modules(LWS REQUIRED IMPORTED_TARGET libwebsockets)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

file(GLOB floe_web_files CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/web/*.html ${PROJECT_SOURCE_DIR}/web/*.js
    ${PROJECT_SOURCE_DIR}/web/*.css ${PROJECT_SOURCE_DIR}/web/*.svg)
file(GLOB floe_trace_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/trace/*)
set(floe_web_c "")
foreach(table floe_web_files floe_trace_files)
    set(output ${PROJECT_BINARY_DIR}/${table}.c)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DTABLE=${table} "-DFILES=${${table}}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_web.cmake
        DEPENDS ${${table}} ${PROJECT_SOURCE_DIR}/cmake/embed_web.cmake VERBATIM)
    list(APPEND floe_web_c ${output})
endforeach()

# Everything but main() is a library, so that tests/unit/app can call it.
list(REMOVE_ITEM floe_app_sources ${PROJECT_SOURCE_DIR}/app/main.c)
add_library(floe_app STATIC ${floe_app_sources} ${floe_web_c})
target_compile_definitions(floe_app PUBLIC _GNU_SOURCE FLOE_VERSION="${PROJECT_VERSION}")
target_link_libraries(floe_app
    PUBLIC floe_io PkgConfig::LWS PkgConfig::JANSSON OpenSSL::SSL OpenSSL::Crypto
    PRIVATE floe_options)

if(EXISTS ${PROJECT_SOURCE_DIR}/app/main.c)
    add_executable(floe_program ${PROJECT_SOURCE_DIR}/app/main.c)
    set_target_properties(floe_program PROPERTIES OUTPUT_NAME floe)
    target_link_libraries(floe_program PRIVATE floe_app floe_options)
    install(TARGETS floe_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
foreach(target floe_app floe_program)
    if(TARGET ${target})
        set_target_properties(${target} PROPERTIES
            C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    endif()
endforeach()
