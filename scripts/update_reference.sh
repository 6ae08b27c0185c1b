#!/usr/bin/env bash
# Writes docs/reference/options.md anew from the program's table of options.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-build/release/src/cli/virnucpro}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" documents "$folder"
cp "$folder/options.md" docs/reference/options.md
