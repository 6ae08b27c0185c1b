#!/usr/bin/env bash
# Runs clang-tidy with the checks of .clang-tidy on the given sources, or on all of src/.
#
#   scripts/tidy.sh BUILD_FOLDER [FILE...]     the folder holds compile_commands.json, and is one of a preset
#                                              that compiles each file by itself: build/tsan
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: scripts/tidy.sh BUILD_FOLDER [FILE...]}
shift

tidy=clang-tidy-14
command -v "$tidy" >/dev/null || tidy=clang-tidy
if [[ $# -eq 0 ]]; then
  mapfile -t sources < <(git ls-files -- 'src/*.cc')
else
  sources=("$@")
fi
# The folder's commands may be those of GCC, some of whose warnings clang does not know.
if printf '%s\0' "${sources[@]}" |
    xargs -0 -n 1 -P "$(nproc)" "$tidy" -p "$build" --quiet --warnings-as-errors='*' \
      --extra-arg=-Wno-unknown-warning-option 2>/dev/null; then
  echo "clang-tidy has nothing to say about ${#sources[@]} files."
else
  echo "clang-tidy found something, or could not read a file (see above)." >&2
  exit 1
fi
