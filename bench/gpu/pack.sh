#!/bin/bash
# Packs all that run_all.sh needs on a machine with a GPU, Python and PyTorch but nothing of ours:
#
#   cmake --preset release-cuda
#   cmake --build --preset release-cuda --target virnucpro virnucpro_cuda virnucpro_faulty conformance parity gpu_ops_bench
#   bench/gpu/pack.sh [-o build/gpu] [--build build/release-cuda] [--genomes DIR] [--bases N] [--without-plugin]
#
# --genomes: FASTA files to draw the input from (default: examples), --bases: so many [11000000, enough for two GPUs]. --without-plugin: to try the scripts without CUDA.
# The folder holds run_all.sh; the other machine needs a glibc at least as new as this one's, and gives libcublasLt and the driver.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)
usage() { sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
out=$source/build/gpu build=$source/build/release-cuda genomes='' bases='' with_plugin=yes
most_mib=60
while [ $# -gt 0 ]; do
  case $1 in
    --without-plugin) with_plugin=''; shift; continue ;;
    -o | --build | --genomes | --bases) [ $# -ge 2 ] || usage ;;&
    -o) out=$2 ;;
    --build) build=$2 ;;
    --genomes) genomes=$2 ;;
    --bases) bases=$2 ;;
    *) usage ;;
  esac
  shift 2
done

plugin=$build/src/backend/cuda/libvirnucpro_cuda.so
programs=("$build/src/cli/virnucpro" "$build/tests/conformance" "$build/tests/parity" "$build/tests/virnucpro_faulty"
  "$build/bench/gpu_ops_bench")
[ -z "$with_plugin" ] || programs+=("$plugin")
for program in "${programs[@]}"; do
  [ -e "$program" ] || { echo "$program is missing: build it first (see the head of this script)" >&2; exit 1; }
done
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
if [ -z "$genomes" ]; then
  # As they are: windows of an excerpt would leave half of so little out.
  mkdir "$stage/genomes"
  cp "$source/examples/genomes.fa" "$stage/genomes/"
  genomes=$stage/genomes
fi

rm -rf "$out"
mkdir -p "$out/bench" "$out/models" "$out/tests"
"$source/bench/peers/pack_program.sh" -o "$out" --genomes "$genomes" ${bases:+--bases "$bases"} --program "${programs[0]}" --test "${programs[1]}" \
  --test "${programs[2]}" --test "${programs[3]}" --test "${programs[4]}" ${with_plugin:+--plugin "$plugin"} > /dev/null
cp "$here/run_all.sh" "$out/"
mkdir "$out/bench/gpu" "$out/bench/peers"
cp "$here"/*.py "$out/bench/gpu/"
cp "$source"/bench/peers/*.py "$out/bench/peers/"
cp -r "$source/models/mini" "$out/models/mini"
cp -r "$source/tests/data" "$out/tests/data"
cp -r "$source/examples" "$out/examples"
find "$out" -name __pycache__ -prune -exec rm -rf {} +
changed=$(git -C "$source" status --porcelain 2>/dev/null | head -1 || true)
{
  echo "commit=$(git -C "$source" rev-parse HEAD 2>/dev/null || echo unknown)${changed:+, with changes}"
  echo "packed=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  if [ -n "$with_plugin" ]; then
    echo "plugin_needs=$(readelf -d "$plugin" | sed -n 's/.*(NEEDED).*\[\(lib\(cu\|nv\)[^]]*\)\].*/\1/p' | paste -sd' ')"
  fi
} > "$out/facts.txt"

kib=$(tar -C "$out" -c . | gzip | wc -c | awk '{ printf "%d", $1 / 1024 }')
du -sh "$out"/* | sort -h
echo "$out: $((kib / 1024)) MiB compressed"
[ "$kib" -le $((most_mib * 1024)) ] || { echo "that is more than $most_mib MiB" >&2; exit 1; }
