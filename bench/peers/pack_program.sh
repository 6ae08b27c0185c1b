#!/bin/bash
# Packs what run_remote.sh needs on a machine that has Python and PyTorch but nothing of ours:
#
#   bench/peers/pack_program.sh -o build/carry --genomes DIR --wheel fair_esm-2.0.0-py3-none-any.whl \
#       [--program FILE] [--test FILE]... [--plugin FILE] [--python FILE]
#
# The program and tests (such as build/release/tests/conformance) go with all shared libraries but those of glibc, so the
# other machine needs a glibc at least as new as this one's. A plug-in goes where both find it, without the libraries of CUDA.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../build/release/src/cli/virnucpro
python=python3
out='' genomes='' plugin='' bases=''
tests=() wheels=()
while [ $# -gt 0 ]; do
  case $1 in
    -o) out=$2 ;;
    --program) program=$2 ;;
    --genomes) genomes=$2 ;;
    --bases) bases=$2 ;;
    --python) python=$2 ;;
    --plugin) plugin=$2 ;;
    --test) tests+=("$2") ;;
    --wheel) wheels+=("$2") ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  shift 2
done
if [ -z "$out" ] || [ -z "$genomes" ]; then echo "-o and --genomes are needed" >&2; exit 2;  fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$out" "$stage/bin" "$stage/lib" "$stage/tests"
cp "$program" "$stage/bin/virnucpro"
for test in "${tests[@]}"; do cp "$test" "$stage/tests/"; done
# ../lib/virnucpro beside a program is where it looks for the plug-in.
[ -z "$plugin" ] || install -D "$plugin" "$stage/lib/virnucpro/$(basename "$plugin")"

missing=$(ldd "$stage"/bin/* "${tests[@]}" | grep 'not found' || true)
[ -z "$missing" ] || { echo "libraries are missing here: $missing" >&2; exit 1; }
ldd "$stage"/bin/* "${tests[@]}" | awk '$2 == "=>" { print $3 }' | sort -u |
  grep -Ev '/lib(c|m|mvec|dl|rt|pthread|resolv|util|nss_[a-z]+|anl)\.so' | xargs cp -L -t "$stage/lib"
find "$stage" -type f -exec strip --strip-unneeded {} +
tar -C "$stage" -c bin lib tests | xz -9 -T0 > "$out/program.tar.xz"

for wheel in "${wheels[@]}"; do cp "$wheel" "$out/"; done
"$python" "$here/sequences.py" "$genomes" "$out/genomes.fa.xz" ${bases:+--bases "$bases"}
du -sh "$out"
