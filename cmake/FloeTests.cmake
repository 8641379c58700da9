# tests/: unit tests (cmocka), simulations, the program of README.md, the rules of tests/arch.
# Labels: unit, io, sim, readme, arch; fuzz-replay comes from FloeFuzz.cmake.

find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(floe_set_test_options target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE
        FLOE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/vectors")
    target_link_libraries(${target} PRIVATE floe_options)
endfunction()

# An archive: each test links the helpers that it calls, and what they need.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.c)
if(sources)
    add_library(floe_test_support STATIC ${sources})
    floe_set_test_options(floe_test_support)
    target_link_libraries(floe_test_support PRIVATE PkgConfig::CMOCKA floe_base
        OpenSSL::SSL OpenSSL::Crypto)
endif()

function(floe_add_test name source label)
    add_executable(${name} ${source})
    floe_set_test_options(${name})
    target_link_libraries(${name} PRIVATE $<TARGET_NAME_IF_EXISTS:floe_test_support> ${ARGN}
        PkgConfig::CMOCKA OpenSSL::SSL OpenSSL::Crypto)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

# A unit test links its own module and what that may use: nothing else can break it.
file(GLOB folders CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/*)
foreach(folder IN LISTS folders)
    cmake_path(GET folder FILENAME module)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/test_*.c)
    set(label unit)
    if(module STREQUAL "io")
        set(label io)
    endif()
    if(NOT TARGET floe_${module})
        continue()
    endif()
    foreach(source IN LISTS sources)
        cmake_path(GET source STEM name)
        floe_add_test(${name} ${source} ${label} floe_${module} floe_port floe_base)
    endforeach()
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/sim/sim_*.c)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    floe_add_test(${name} ${source} sim floe)
endforeach()

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
        target_link_libraries(readme_program PRIVATE floe_io)
    endif()
endif()

# tests/arch/check_*.py [build folder]: each states one rule of docs/STYLE.md and docs/DESIGN.md.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/arch/check_*.py)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    string(REPLACE "check_" "arch_" name ${name})
    add_test(NAME ${name} COMMAND Python3::Interpreter ${source} ${PROJECT_BINARY_DIR})
    set_tests_properties(${name} PROPERTIES LABELS arch SKIP_RETURN_CODE 77)
endforeach()
