# tests/: unit tests (cmocka), simulations, the program of README.md, the rules of tests/arch.
# Labels: unit, io, sim, arch, footprint; fuzz-replay comes from FloeFuzz.cmake.

find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(floe_add_test name source label)
    add_executable(${name} ${source})
    floe_set_test_options(${name})
    target_link_libraries(${name} PUBLIC ${ARGN})
    floe_link_includes(${name} ${source})
    add_test(NAME ${name} COMMAND ${name})
    # Ten times what the longest takes with sanitizers: only what hangs is ended, on any machine.
    set_tests_properties(${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT 900)
endfunction()

file(GLOB folders CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/*)
foreach(folder IN LISTS folders)
    cmake_path(GET folder FILENAME module)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/test_*.c)
    set(label unit)
    if(module STREQUAL "io")
        set(label io)
    endif()
    if((module STREQUAL "io" OR module STREQUAL "app") AND NOT TARGET floe_${module})
        continue()
    endif()
    foreach(source IN LISTS sources)
        cmake_path(GET source STEM name)
        floe_add_test(${name} ${source} ${label} $<TARGET_NAME_IF_EXISTS:floe_${module}>)
    endforeach()
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/sim/sim_*.c)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    floe_add_test(${name} ${source} sim floe)
endforeach()

# What tests/interop/run needs besides the floe program: a TURN client on blocking sockets.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/interop/coturn/*.c)
if(sources AND TARGET floe_turn)
    add_executable(turn_probe ${sources})
    floe_set_test_options(turn_probe)
    target_link_libraries(turn_probe PRIVATE floe_turn floe_stun floe_port floe_base floe_options
        OpenSSL::SSL OpenSSL::Crypto)
endif()

# And our association against usrsctp's, in one program.
find_library(USRSCTP usrsctp)
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/interop/usrsctp/*.[ch])
if(sources AND USRSCTP)
    add_executable(usrsctp_peer ${sources})
    floe_set_test_options(usrsctp_peer)
    floe_link_includes(usrsctp_peer ${sources})
    target_link_libraries(usrsctp_peer PRIVATE floe_sctp floe_port floe_base floe_options
        ${USRSCTP} OpenSSL::Crypto)
endif()

# And a node of multicast DNS on real sockets.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/interop/mdns/*.c)
if(sources AND TARGET floe_io)
    add_executable(mdns_probe ${sources})
    floe_set_test_options(mdns_probe)
    target_link_libraries(mdns_probe PRIVATE floe_io floe_mdns floe_port floe_base floe_options
        OpenSSL::SSL OpenSSL::Crypto)
endif()

# And an ICE agent alone; beside it libnice's, with the same words.
set(source ${PROJECT_SOURCE_DIR}/tests/interop/ice/ice_probe.c)
if(EXISTS ${source} AND TARGET floe_io)
    add_executable(ice_probe ${source})
    floe_set_test_options(ice_probe)
    floe_link_includes(ice_probe ${source})
endif()
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(NICE QUIET IMPORTED_TARGET nice)
endif()
set(source ${PROJECT_SOURCE_DIR}/tests/interop/ice/nice_probe.c)
if(EXISTS ${source} AND TARGET PkgConfig::NICE)
    add_executable(nice_probe ${source})
    floe_set_test_options(nice_probe)
    target_link_libraries(nice_probe PRIVATE PkgConfig::NICE floe_options)
endif()

# And the NAT over TUN that stands in the networks of tests/netlab.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/netlab/*.c)
if(sources AND TARGET floe_io)
    add_executable(nat_box ${sources})
    floe_set_test_options(nat_box)
    floe_link_includes(nat_box ${sources})
endif()

# tests/io/test_*.py PROGRAM: the floe program over loopback; test_examples.py gets the folder of the
# examples too.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/io/test_*.py)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    set(folder)
    if(name STREQUAL "test_examples")
        set(folder ${PROJECT_BINARY_DIR})
    endif()
    if(TARGET floe_program AND (FLOE_BUILD_EXAMPLES OR NOT folder))
        add_test(NAME ${name} COMMAND Python3::Interpreter ${source} $<TARGET_FILE:floe_program>
            ${folder})
        set_tests_properties(${name} PROPERTIES LABELS io SKIP_RETURN_CODE 77 TIMEOUT 300)
    endif()
endforeach()

# A thousand peers on one port against as many in another process.
if(TARGET floe_io)
    add_executable(io_crowd ${PROJECT_SOURCE_DIR}/tests/io/crowd.c)
    floe_set_test_options(io_crowd)
    floe_link_includes(io_crowd ${PROJECT_SOURCE_DIR}/tests/io/crowd.c)
    target_link_libraries(io_crowd PRIVATE floe_io floe_options)
    add_test(NAME io_crowd COMMAND io_crowd 1000 3)
    set_tests_properties(io_crowd PROPERTIES LABELS io TIMEOUT 300)
endif()

# Long work, a little of it: nothing grows. docs/PERFORMANCE.md has a run of more.
if(TARGET floe_app)
    add_executable(io_soak ${PROJECT_SOURCE_DIR}/tests/io/soak.c)
    floe_set_test_options(io_soak)
    floe_link_includes(io_soak ${PROJECT_SOURCE_DIR}/tests/io/soak.c)
    target_link_libraries(io_soak PRIVATE floe_app floe_options)
    add_test(NAME io_soak_traffic COMMAND io_soak traffic 10)
    add_test(NAME io_soak_connects COMMAND io_soak connects 1000)
    set_tests_properties(io_soak_traffic io_soak_connects PROPERTIES LABELS io TIMEOUT 300)
endif()

# Peers on one port, for tests/browser/suite_hide.mjs.
if(TARGET floe_io)
    add_executable(echo_port ${PROJECT_SOURCE_DIR}/tests/browser/echo_port.c)
    floe_set_test_options(echo_port)
    floe_link_includes(echo_port ${PROJECT_SOURCE_DIR}/tests/browser/echo_port.c)
    target_link_libraries(echo_port PRIVATE floe_io floe_options)
endif()

# The program that README.md shows is compiled as it stands there.
set(readme ${PROJECT_SOURCE_DIR}/README.md)
if(TARGET floe_io AND EXISTS ${readme})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${readme})
    file(READ ${readme} text)
    string(FIND "${text}" "\n```c\n" start)
    if(start GREATER -1)
        math(EXPR start "${start} + 6")
        string(SUBSTRING "${text}" ${start} -1 text)
        string(FIND "${text}" "\n```" end)
        math(EXPR end "${end} + 1")
        string(SUBSTRING "${text}" 0 ${end} text)
        file(CONFIGURE OUTPUT readme_program.c CONTENT "${text}" @ONLY)
        add_executable(readme_program ${PROJECT_BINARY_DIR}/readme_program.c)
        floe_set_test_options(readme_program)
        target_link_libraries(readme_program PRIVATE floe_io floe_options)
    endif()
endif()

# tests/arch/check_*.py BUILD: each states one rule of docs/STYLE.md and docs/DESIGN.md.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/arch/check_*.py)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    if(name STREQUAL "check_format")
        continue() # the first step of scripts/check, before anything is built
    endif()
    string(REPLACE "check_" "arch_" name ${name})
    add_test(NAME ${name} COMMAND Python3::Interpreter ${source} ${PROJECT_BINARY_DIR})
    set_tests_properties(${name} PROPERTIES LABELS arch SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME footprint COMMAND Python3::Interpreter
    ${PROJECT_SOURCE_DIR}/tests/footprint/footprint.py ${PROJECT_BINARY_DIR})
set_tests_properties(footprint PROPERTIES LABELS footprint)
