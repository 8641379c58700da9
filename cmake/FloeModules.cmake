# The libraries: which folders there are, what each may use, how they are compiled.

find_package(OpenSSL 3.0 REQUIRED)

add_library(floe_options INTERFACE) # for our own code only; a consumer never sees it
target_compile_options(floe_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
    $<$<BOOL:${FLOE_WERROR}>:-Werror>)
if(FLOE_SANITIZE)
    target_compile_options(floe_options INTERFACE
        -fsanitize=${FLOE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(floe_options INTERFACE -fsanitize=${FLOE_SANITIZE})
endif()

# The right column of the table in docs/DESIGN.md. tests/arch holds the includes to it.
set(floe_uses_base)
set(floe_uses_stun base)
set(floe_uses_turn stun base)
set(floe_uses_sdp base)
set(floe_uses_mdns base)
set(floe_uses_ice turn sdp stun base)
set(floe_uses_dtls base)
set(floe_uses_sctp base)
set(floe_uses_datachannel sctp base)
set(floe_uses_peer datachannel sctp dtls ice mdns sdp turn stun base)
set(floe_uses_port base)
set(floe_uses_io peer port base)

# A module is there once it has a source; so a tree in the making builds as far as it goes.
set(floe_modules)
foreach(module base stun sdp mdns turn ice dtls sctp datachannel peer port)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${module}/*.c)
    if(sources)
        list(APPEND floe_modules ${module})
    endif()
endforeach()

function(floe_add_module module)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${module}/*.c)
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${module}/*.h)
    list(FILTER headers EXCLUDE REGEX "_internal\\.h$")
    add_library(floe_${module} STATIC ${sources})
    add_library(floe::${module} ALIAS floe_${module})
    set_target_properties(floe_${module} PROPERTIES
        EXPORT_NAME ${module} C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_sources(floe_${module} PUBLIC
        FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
    target_compile_options(floe_${module} PRIVATE -ffunction-sections -fdata-sections)
    target_link_libraries(floe_${module} PRIVATE $<BUILD_INTERFACE:floe_options>)
    foreach(used IN LISTS floe_uses_${module})
        if(used IN_LIST floe_modules)
            target_link_libraries(floe_${module} PUBLIC floe_${used})
        endif()
    endforeach()
endfunction()

foreach(module IN LISTS floe_modules)
    floe_add_module(${module})
endforeach()

# Types depend on the limits, so whoever includes a header must see the same ones.
target_compile_definitions(floe_base PUBLIC FLOE_TRACE=$<BOOL:${FLOE_TRACE}>)
if(FLOE_CONFIG_FILE)
    cmake_path(ABSOLUTE_PATH FLOE_CONFIG_FILE BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    target_compile_definitions(floe_base PUBLIC
        $<BUILD_INTERFACE:FLOE_CONFIG_FILE="${FLOE_CONFIG_FILE}">
        $<INSTALL_INTERFACE:FLOE_CONFIG_FILE="base/floe_config_file.h">)
endif()

if(TARGET floe_port)
    target_link_libraries(floe_port PRIVATE OpenSSL::Crypto)
    # Who hashes calls what port/ implements. A firmware that brings its own links it first.
    foreach(module stun sctp)
        if(TARGET floe_${module})
            target_link_libraries(floe_${module} INTERFACE floe_port)
        endif()
    endforeach()
endif()
if(TARGET floe_dtls)
    target_link_libraries(floe_dtls PRIVATE OpenSSL::SSL OpenSSL::Crypto)
endif()

# The umbrella, users before what they use. port/ is the seam: a firmware links its own instead.
add_library(floe INTERFACE)
add_library(floe::floe ALIAS floe)
foreach(module peer datachannel sctp dtls ice mdns sdp turn stun port base)
    if(module IN_LIST floe_modules)
        target_link_libraries(floe INTERFACE floe_${module})
    endif()
endforeach()

file(GLOB floe_io_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/io/*.c)
if(FLOE_BUILD_IO AND floe_io_sources)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
    floe_add_module(io)
    target_compile_definitions(floe_io PRIVATE _GNU_SOURCE)
    target_link_libraries(floe_io PUBLIC floe
        PRIVATE PkgConfig::CARES OpenSSL::SSL OpenSSL::Crypto)
endif()
