#!/usr/bin/env bash
# Builds the program twice, in two folders whose names differ in length, without a compiler cache, and compares the bytes.
#   packaging/test_reproducible.sh [TARGET]     by default: virnucpro
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-virnucpro}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CCACHE_DISABLE=1
folders=("$work/a" "$work/a folder with a longer name")
for folder in "${folders[@]}"; do
  mkdir "$folder"
  git -C "$top" ls-files -z | tar -C "$top" --null -T - -cf - | tar -C "$folder" -xf -
  cmake -S "$folder" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DVIRNUCPRO_DEVELOPER=OFF --log-level=WARNING > /dev/null
  cmake --build "$folder/build" --target "$target" > "$folder/build.log" || { tail -n 20 "$folder/build.log"; exit 1; }
  sleep 1  # another second, should one be written down
done
found=$(cd "${folders[0]}/build" && find src models -type f \( -name '*.a' -o -name 'virnucpro' -o -name '*.so*' \) | LC_ALL=C sort)
[[ -n "$found" ]] || { echo "reproducible: nothing was built"; exit 1; }
different=0
while read -r file; do
  if ! cmp -s "${folders[0]}/build/$file" "${folders[1]}/build/$file"; then
    echo "reproducible: $file differs"
    different=1
  fi
done <<< "$found"
[[ $different == 0 ]] || exit 1
echo "reproducible: $(wc -l <<< "$found") files have the same bytes, built twice"
