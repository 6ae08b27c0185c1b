# The Debian package, by CPack (packaging/dist.sh): the program with its documents, without the C++ library.
set(CPACK_PACKAGE_NAME virnucpro)
set(CPACK_PACKAGE_VENDOR "VirNucPro authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "find viral sequences in reads and contigs")
set(CPACK_PACKAGE_DESCRIPTION "Reads FASTA, FASTQ, SAM, BAM and CRAM, cuts sequences into chunks, and embeds
their reading frames with a DNA language model (DNABERT-S) and a protein
language model (ESM-2); a small classifier tells viruses from everything
else. A small model is inside, so that nothing needs to be downloaded.")
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};virnucpro;program;/")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "VirNucPro authors <authors@virnucpro.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)

# What Debian asks of every package: its licence and its changes, under these names. The changes themselves
# are in CHANGELOG.md, which is packed as well.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where that is set
file(WRITE ${PROJECT_BINARY_DIR}/package/changelog
"virnucpro (${PROJECT_VERSION}) unstable; urgency=medium

  * See /usr/share/doc/virnucpro/CHANGELOG.md.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}
")
file(READ LICENSE licence)
file(WRITE ${PROJECT_BINARY_DIR}/package/copyright
"VirNucPro. The libraries that it is linked with are packages of their own.

${licence}")
install(CODE "execute_process(COMMAND gzip -9nc \"${PROJECT_BINARY_DIR}/package/changelog\"
  OUTPUT_FILE \"${PROJECT_BINARY_DIR}/package/changelog.gz\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT program)
install(FILES ${PROJECT_BINARY_DIR}/package/changelog.gz ${PROJECT_BINARY_DIR}/package/copyright CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/virnucpro COMPONENT program)
