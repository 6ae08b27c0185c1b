# `cmake --install`: the program with its manual pages, completions and examples (component program),
# and the library with its header and a package for find_package(virnucpro) (component library).
include(CMakePackageConfigHelpers)
install(TARGETS virnucpro RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(TARGETS virnucpro_api EXPORT virnucproTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(DIRECTORY include/virnucpro DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
install(EXPORT virnucproTargets NAMESPACE virnucpro::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/virnucpro COMPONENT library)
file(CONFIGURE OUTPUT virnucproConfig.cmake
     CONTENT "include(\${CMAKE_CURRENT_LIST_DIR}/virnucproTargets.cmake)\n" @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/virnucproConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/virnucproConfig.cmake
              ${PROJECT_BINARY_DIR}/virnucproConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/virnucpro COMPONENT library)
install(FILES LICENSE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(FILES src/plot/font/OFL.txt DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LiberationSans.LICENSE
        COMPONENT program)
# What `virnucpro` without a command names.
install(FILES examples/genomes.fa examples/reads.fq.gz examples/README.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/virnucpro/examples COMPONENT program)
# The program writes these itself.
set(documents ${PROJECT_BINARY_DIR}/documents)
install(CODE "execute_process(COMMAND \"$<TARGET_FILE:virnucpro>\" documents \"${documents}\"
                              COMMAND_ERROR_IS_FATAL ANY)" COMPONENT program)
install(DIRECTORY ${documents}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
install(FILES ${documents}/bash/virnucpro
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES ${documents}/zsh/_virnucpro
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT program)
install(FILES ${documents}/fish/virnucpro.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
# The published container's command: the program, under the name by which it knows that it is meant.
install(CODE "file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBEXECDIR}/virnucpro\")
file(CREATE_LINK \"../../${CMAKE_INSTALL_BINDIR}/virnucpro\"
     \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBEXECDIR}/virnucpro/virnucpro_cli.py\" SYMBOLIC)"
        COMPONENT program)
