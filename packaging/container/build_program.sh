#!/bin/sh
# Builds the program from the source in the working folder and installs it to $1. Further arguments go to cmake.
set -eu
prefix=$1
shift
cmake -S . -B build/container -G Ninja -DCMAKE_BUILD_TYPE=Release -DVIRNUCPRO_DEVELOPER=OFF \
  -DCMAKE_INSTALL_PREFIX="$prefix" "$@"
cmake --build build/container
cmake --install build/container --strip
