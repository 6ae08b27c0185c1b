#!/usr/bin/env bash
# What conda-build runs in the unpacked source.
set -euo pipefail
cmake -S . -B build/conda -G Ninja ${CMAKE_ARGS:-} -DCMAKE_BUILD_TYPE=Release -DVIRNUCPRO_DEVELOPER=OFF \
  -DCMAKE_INSTALL_PREFIX="$PREFIX" -DCMAKE_PREFIX_PATH="$PREFIX"
cmake --build build/conda --parallel "${CPU_COUNT:-2}"
cmake --install build/conda
