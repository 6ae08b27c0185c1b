# `cmake --install`: the program, the library with its header, and a package for find_package(virnucpro).
include(CMakePackageConfigHelpers)
install(TARGETS virnucpro RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(TARGETS virnucpro_api EXPORT virnucproTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/virnucpro DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT virnucproTargets NAMESPACE virnucpro::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/virnucpro)
file(CONFIGURE OUTPUT virnucproConfig.cmake
     CONTENT "include(\${CMAKE_CURRENT_LIST_DIR}/virnucproTargets.cmake)\n" @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/virnucproConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/virnucproConfig.cmake
              ${PROJECT_BINARY_DIR}/virnucproConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/virnucpro)
install(FILES LICENSE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES src/plot/font/OFL.txt DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LiberationSans.LICENSE)
# The published container's command: the program, under the name by which it knows that it is meant.
install(CODE "file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBEXECDIR}/virnucpro\")
file(CREATE_LINK \"../../${CMAKE_INSTALL_BINDIR}/virnucpro\"
     \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBEXECDIR}/virnucpro/virnucpro_cli.py\" SYMBOLIC)" COMPONENT program)
