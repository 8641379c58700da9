# fuzz/fuzz_<target>.c: for libFuzzer with FLOE_LIBFUZZER, else with fuzz/replay_main.c, which runs
# the harness over fuzz/corpus/<target> and fuzz/regress/<target> in every test run (fuzz-replay).

if(FLOE_LIBFUZZER AND NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "FLOE_LIBFUZZER needs clang: set CMAKE_C_COMPILER=clang")
endif()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "^fuzz_" "" target ${name})
    file(STRINGS ${source} of_app REGEX "^#include \"app/")
    if(of_app AND NOT TARGET floe_app)
        continue()
    endif()
    add_executable(${name} ${source})
    set_target_properties(${name} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    # libFuzzer has no header that would declare the entry point.
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -Wno-missing-prototypes)
    floe_link_includes(${name} ${source})
    if(FLOE_LIBFUZZER)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay_main.c)
        add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${target}
            ${PROJECT_SOURCE_DIR}/fuzz/regress/${target})
        set_tests_properties(${name} PROPERTIES LABELS fuzz-replay TIMEOUT 120)
    endif()
endforeach()
