# Installs the headers under include/floe, a CMake package and a pkg-config file.
# Headers include each other from the root ("base/floe.h"), so the include directory that a user has
# is include/floe.

include(CMakePackageConfigHelpers)

set(floe_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/floe)
set(floe_headers ${CMAKE_INSTALL_INCLUDEDIR}/floe)

list(TRANSFORM floe_modules PREPEND floe_ OUTPUT_VARIABLE targets)
install(TARGETS floe ${targets} EXPORT floeTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${floe_headers})
install(EXPORT floeTargets NAMESPACE floe:: DESTINATION ${floe_package_dir})
if(TARGET floe_io)
    install(TARGETS floe_io EXPORT floeIoTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${floe_headers})
    install(EXPORT floeIoTargets NAMESPACE floe:: DESTINATION ${floe_package_dir})
endif()
if(FLOE_CONFIG_FILE)
    install(FILES ${FLOE_CONFIG_FILE} DESTINATION ${floe_headers}/base RENAME floe_config_file.h)
    set(floe_pc_config "-include base/floe_config_file.h") # a quoted -D does not survive a shell
endif()

configure_package_config_file(cmake/floeConfig.cmake.in floeConfig.cmake
    INSTALL_DESTINATION ${floe_package_dir})
write_basic_package_version_file(floeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/floeConfig.cmake ${PROJECT_BINARY_DIR}/floeConfigVersion.cmake
    DESTINATION ${floe_package_dir})

file(RELATIVE_PATH floe_pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" floe_pc_prefix "${floe_pc_prefix}")
# pkg-config wants users before what they use, as the linker does.
set(floe_pc_libs "")
foreach(module peer datachannel sctp dtls ice mdns sdp turn stun port base)
    if(module IN_LIST floe_modules)
        string(APPEND floe_pc_libs " -lfloe_${module}")
    endif()
endforeach()
if(FLOE_TRACE)
    set(floe_pc_trace 1)
else()
    set(floe_pc_trace 0)
endif()
set(floe_pc_files floe.pc)
if(TARGET floe_io)
    list(APPEND floe_pc_files floe-io.pc)
endif()
foreach(file IN LISTS floe_pc_files)
    configure_file(cmake/${file}.in ${file} @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
