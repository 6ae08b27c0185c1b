#!/usr/bin/env bash
# Builds the documents as a static site in build/site, with a Python environment of its own in
# build/site-tools. Every link and anchor that leads nowhere is an error. The packages come from
# PyPI, in the versions of packaging/site/requirements.txt, once.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=build/site-tools
wanted=packaging/site/requirements.txt
if ! cmp -s "$wanted" "$tools/installed.txt"; then
  rm -rf "$tools"
  mkdir -p build
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$tools/installed.txt"
fi
NO_MKDOCS_2_WARNING=1 "$tools/bin/mkdocs" build --quiet --strict --clean --config-file packaging/site/mkdocs.yml
echo "The site is in build/site: open build/site/index.html"
