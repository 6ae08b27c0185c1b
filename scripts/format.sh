#!/usr/bin/env bash
# Formats the C++ files of the repository in place; with --check says which ones are not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."

# Every release of clang-format breaks some lines elsewhere: all use Debian 12's.
kMajor=14
formatter=""
for candidate in "clang-format-$kMajor" clang-format; do
  if command -v "$candidate" >/dev/null &&
      "$candidate" --version | grep -q "version $kMajor\."; then
    formatter=$candidate
    break
  fi
done
if [[ -z "$formatter" ]]; then
  echo "clang-format $kMajor is needed; scripts/install_dependencies.sh installs it on Debian 12" >&2
  exit 1
fi

files() {
  # Files that were deleted but not yet committed are still in the list of git.
  git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' '*.cu' '*.cuh' |
    while IFS= read -r -d '' file; do
      if [[ -f "$file" ]]; then printf '%s\0' "$file"; fi
    done
}

case "${1:-}" in
  --check)
    if ! files | xargs -0 "$formatter" --dry-run --Werror; then
      echo "Not formatted; run 'make format'." >&2
      exit 1
    fi
    echo "All $(files | tr -dc '\0' | wc -c) C++ files are formatted."
    ;;
  "") files | xargs -0 "$formatter" -i ;;
  *)
    echo "usage: scripts/format.sh [--check]" >&2
    exit 2
    ;;
esac
