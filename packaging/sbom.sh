#!/usr/bin/env bash
# Lists what a release is made of, in SPDX 2.3 (tag:value): the program, and every library that is packed with it.
#   packaging/sbom.sh VERSION TIME PACKAGES     TIME in seconds since 1970; PACKAGES: a file with a Debian package a line
# Licences are those that the Debian package's copyright file names; the full texts are packed beside the list.
set -euo pipefail
version=$1
time=$(date --utc --date="@$2" +%Y-%m-%dT%H:%M:%SZ)
packages=$3

cat <<EOF
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: virnucpro-$version
DocumentNamespace: https://spdx.org/spdxdocs/virnucpro-$version-$2
Creator: Tool: packaging/sbom.sh
Creator: Organization: VirNucPro authors
Created: $time

PackageName: virnucpro
SPDXID: SPDXRef-virnucpro
PackageVersion: $version
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false
PackageLicenseConcluded: MIT
PackageLicenseDeclared: MIT
PackageCopyrightText: <text>VirNucPro authors</text>
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-virnucpro

PackageName: uPlot
SPDXID: SPDXRef-uPlot
PackageVersion: 1.6.31
PackageDownloadLocation: https://github.com/leeoniya/uPlot
FilesAnalyzed: false
PackageLicenseConcluded: MIT
PackageLicenseDeclared: MIT
PackageCopyrightText: <text>Copyright (c) 2022 Leon Sorokin</text>
Relationship: SPDXRef-virnucpro CONTAINS SPDXRef-uPlot

PackageName: Liberation Sans
SPDXID: SPDXRef-LiberationSans
PackageVersion: 2.1.5
PackageDownloadLocation: https://github.com/liberationfonts/liberation-fonts
FilesAnalyzed: false
PackageLicenseConcluded: OFL-1.1
PackageLicenseDeclared: OFL-1.1
PackageCopyrightText: <text>Copyright (c) 2012 Red Hat, Inc. with Reserved Font Name Liberation</text>
Relationship: SPDXRef-virnucpro CONTAINS SPDXRef-LiberationSans
EOF

# The short names of the licences in a machine-readable copyright file (DEP 5), as a comment: they are Debian's
# names, which are not all SPDX's.
licences_of() {
  local file=/usr/share/doc/$1/copyright
  [[ -r "$file" ]] || return 0
  sed -n 's/^License:[[:space:]]*\([^[:space:]].*\)$/\1/p' "$file" | LC_ALL=C sort -u | paste -sd ';' - | sed 's/;/; /g'
}

while read -r package; do
  name=${package%%:*}
  source=$(dpkg-query --show --showformat='${source:Package}' "$package")
  found=$(licences_of "$name")
  cat <<EOF

PackageName: $name
SPDXID: SPDXRef-Package-${name//[^A-Za-z0-9.-]/-}
PackageVersion: $(dpkg-query --show --showformat='${Version}' "$package")
PackageSupplier: Organization: Debian
PackageDownloadLocation: https://packages.debian.org/source/bookworm/$source
PackageHomePage: $(dpkg-query --show --showformat='${Homepage}' "$package" | grep . || echo NOASSERTION)
FilesAnalyzed: false
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: NOASSERTION
PackageLicenseComments: <text>${found:-see the copyright file of the package}</text>
PackageCopyrightText: <text>see licences/$name</text>
Relationship: SPDXRef-virnucpro DEPENDS_ON SPDXRef-Package-${name//[^A-Za-z0-9.-]/-}
EOF
done < "$packages"
