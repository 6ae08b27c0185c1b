#!/usr/bin/env bash
# What the GPU kernels take of a multiprocessor, as nvcc says it: registers, shared memory, and spills to
# local memory, of which there are none (the build refuses them). For the table of docs/explanation/cuda.md.
#
#   scripts/kernel_resources.sh [ARCHITECTURE...]      default: 80 90
set -euo pipefail
cd "$(dirname "$0")/.."

architectures=("$@")
[[ $# -gt 0 ]] || architectures=(80 90)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '| kernel | architecture | registers | shared memory, bytes | spilled, bytes |\n|---|---|---|---|---|\n'
for architecture in "${architectures[@]}"; do
  for source in src/backend/cuda/device/kernels/*.cu; do
    nvcc -std=c++20 -O3 -Isrc --expt-relaxed-constexpr -arch="sm_$architecture" -Xptxas=-v -cubin \
      -o "$work/kernels.cubin" "$source" 2>&1 | c++filt
  done | sed -n "s/.*Compiling entry function '\(.*\)' for .*/function \1/p; s/.* \([0-9]*\) bytes spill stores.*/spill \1/p; s/.*Used \([0-9]*\) registers.*/used &/p" |
    awk -v architecture="sm_$architecture" '
      /^function/ {
        name = $0; sub(/^function /, "", name); gsub(/virnucpro::cuda::|\(anonymous namespace\)::|^void /, "", name)
        sub(/\(.*/, "", name); gsub(/__nv_/, "", name); gsub(/__half/, "half", name); gsub(/\((int|bool)\)/, "", name)
      }
      /^spill/ { spilled = $2 }
      /^used/ {
        registers = 0; shared = 0
        for (i = 2; i <= NF; ++i) {
          if ($i == "registers,") registers = $(i - 1)
          if ($i == "smem" || $i == "smem,") shared = $(i - 2)
        }
        printf "| `%s` | %s | %d | %d | %d |\n", name, architecture, registers, shared, spilled
      }' | sort -u
done
