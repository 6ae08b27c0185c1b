#!/usr/bin/env bash
# Packs an installed program with all libraries that it needs, the C library too, into a folder that can be unpacked
# anywhere on x86-64 Linux: virnucpro-VERSION-linux-x86_64.tar.gz, and beside it the list of what is inside (SPDX).
#   packaging/tarball/make.sh PREFIX OUTPUT_FOLDER     PREFIX: of `cmake --install`
# The same bytes for the same input: names are sorted, times are SOURCE_DATE_EPOCH (by default that of the last commit).
set -euo pipefail
prefix=$(cd "$1" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
[[ "$(uname -m)" == x86_64 ]] || { echo "tarball: made for x86_64 only, this is $(uname -m)" >&2; exit 1; }
version=$("$prefix/bin/virnucpro" --version | awk '{ print $2 }')
name=virnucpro-$version-linux-x86_64
time=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/$name
lib=$root/lib/virnucpro
mkdir -p "$root/bin" "$root/libexec/virnucpro" "$lib" "$root/share/doc/virnucpro/licences"

install -m 755 "$prefix/bin/virnucpro" "$lib/virnucpro"
strip --strip-unneeded "$lib/virnucpro"
install -m 755 "$here/launcher.sh" "$root/bin/virnucpro"
# Under this name the program is the container's command; it sees it as its first argument.
sed 's|/../lib/virnucpro|/../../lib/virnucpro|' "$here/launcher.sh" > "$root/libexec/virnucpro/virnucpro_cli.py"
chmod 755 "$root/libexec/virnucpro/virnucpro_cli.py"
if [[ -e "$prefix/lib/virnucpro/libvirnucpro_cuda.so" ]]; then
  cp "$prefix/lib/virnucpro/libvirnucpro_cuda.so" "$lib/"
fi
for folder in man bash-completion zsh fish; do
  if [[ -d "$prefix/share/$folder" ]]; then cp -r "$prefix/share/$folder" "$root/share/"; fi
done
cp -r "$top/examples" "$root/"
cp "$top/LICENSE" "$top/THIRD_PARTY.md" "$top/CHANGELOG.md" "$top/CITATION.cff" "$root/share/doc/virnucpro/"

# Every library by its real file, under the name by which it is looked for; and the Debian package it is of.
ldd "$prefix/bin/virnucpro" | awk '/=> \// { print $1, $3 } /^[ \t]*\/lib.*ld-linux/ { print "ld-linux-x86-64.so.2", $1 }' |
  LC_ALL=C sort -u > "$work/libraries"
: > "$work/packages"
while read -r soname path; do
  real=$(readlink -f "$path")
  install -m 755 "$real" "$lib/$soname"
  # Packages name files of /lib as they were before /lib became a link to /usr/lib.
  owner=$(dpkg-query --search "$real" 2>/dev/null || dpkg-query --search "${real#/usr}")
  sed 's/: .*//' <<< "$owner" >> "$work/packages"
done < "$work/libraries"
LC_ALL=C sort -u -o "$work/packages" "$work/packages"
while read -r package; do
  cp "/usr/share/doc/${package%%:*}/copyright" "$root/share/doc/virnucpro/licences/${package%%:*}"
done < "$work/packages"
cp "$top/src/page/assets/vendor/uplot.LICENSE" "$root/share/doc/virnucpro/licences/uPlot"
cp "$top/src/plot/font/OFL.txt" "$root/share/doc/virnucpro/licences/LiberationSans"
"$here/../sbom.sh" "$version" "$time" "$work/packages" > "$root/share/doc/virnucpro/virnucpro.spdx"

tar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX-w -C "$work" -cf - "$name" |
  gzip -9n > "$output/$name.tar.gz"
cp "$root/share/doc/virnucpro/virnucpro.spdx" "$output/virnucpro-$version.spdx"
echo "$output/$name.tar.gz"
