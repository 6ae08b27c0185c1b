#!/usr/bin/env bash
# Makes what a release offers, in dist/: the source, the program with all its libraries, the Debian package, the recipe for
# conda and the formula for Homebrew, the list of what is inside (SPDX), and SHA256SUMS. Prints their sizes and hashes.
#   packaging/dist.sh BUILD_FOLDER
# URL: where the files will lie (by default this folder), for the recipe and the formula.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
cd "$top"
dist=$top/dist
url=${URL:-file://$dist}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
version=$("$build/src/cli/virnucpro" --version | awk '{ print $2 }')
rm -rf "$dist"
mkdir "$dist"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake "$build" --log-level=WARNING > /dev/null  # dates of the package are those of SOURCE_DATE_EPOCH
git archive --format=tar --prefix="virnucpro-$version/" HEAD | gzip -9n > "$dist/virnucpro-$version.tar.gz"
cmake --install "$build" --prefix "$work/prefix" > /dev/null
packaging/tarball/make.sh "$work/prefix" "$dist" > /dev/null
(cd "$work" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/deb" > "$work/cpack.log") || { cat "$work/cpack.log"; exit 1; }
cp "$work"/deb/*.deb "$dist/"

source_hash=$(sha256sum "$dist/virnucpro-$version.tar.gz" | cut -d ' ' -f 1)
fill() { sed -e "s|@VERSION@|$version|; s|@URL@|$url/virnucpro-$version.tar.gz|; s|@SHA256@|$source_hash|" "$1"; }
mkdir "$dist/conda"
fill packaging/conda/meta.yaml.in > "$dist/conda/meta.yaml"
cp packaging/conda/build.sh "$dist/conda/"
fill packaging/homebrew/virnucpro.rb.in > "$dist/virnucpro.rb"

cd "$dist"
find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum > SHA256SUMS
printf '%-44s %10s  %s\n' file bytes SHA-256
while read -r hash file; do printf '%-44s %10d  %s\n' "$file" "$(stat -c %s "$file")" "$hash"; done < SHA256SUMS
