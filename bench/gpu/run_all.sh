#!/bin/bash
# Tests and measures everything on one bare GPU machine inside ten minutes, from the folder that pack.sh made:
#
#   ./run_all.sh [--only STEP,STEP] [--skip STEP,STEP] [--with STEP,STEP] [--seconds 585] OUT_DIR
#
# facts, devices           the machine; what the program makes of it
# conformance, parity      every operation and both encoders on the cuda backend
# program                  the program itself on one GPU or two: batches, memory, kills, lost GPUs (check_program.py)
# bench500, bench300       virnucpro bench: ESM-2 3B and DNABERT-S, FP16
# ops                      each operation at its real shape
# peers_esm2, peers_dnabert   PyTorch on the same frames
# bench_fp8                FP8 beside FP16, in the same run
# bench_fp32, bench_bf16, bench_int8, bench_dnabert   other precisions, DNABERT-S alone
# ops_fp8                  each operation as FP8 runs it
# precision                every precision against FP32 on random models with dominant dimensions (precision_models.py)
# memcheck, racecheck      compute-sanitizer on the conformance tests of SANITIZER_FILTER
# with --with alone: ncu (operation NCU_OPERATION, kernels NCU_KERNEL); from one GPU to all: scaling (both encoders),
#   scaling_dnabert (DNABERT-S alone)
# A step has its own time limit and log; one that fails stops no other. OUT_DIR gets results.json and table.md.
# Exit code 0: all that could run did and passed. What cannot run here is skipped, with its reason.
# shellcheck disable=SC2317  # step() calls the steps by name
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage() { sed -n '2,21s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
known=,facts,devices,conformance,parity,program,bench500,bench300,ops,peers_esm2,peers_dnabert,bench_fp8,bench_fp32,bench_bf16,bench_int8,bench_dnabert,ops_fp8,precision,memcheck,racecheck,ncu,scaling,scaling_dnabert,
only='' skip='' with='' seconds=585 out=''
while [ $# -gt 0 ]; do
  case $1 in
    --only | --skip | --with | --seconds) [ $# -ge 2 ] || usage ;;&
    --only) only=$2; shift 2 ;;
    --skip) skip=$2; shift 2 ;;
    --with) with=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    -*) usage ;;
    *) [ -z "$out" ] || usage; out=$1; shift ;;
  esac
done
if [ -z "$out" ] || [[ ! $seconds =~ ^[0-9]+$ ]]; then usage; fi
for name in ${only//,/ } ${skip//,/ } ${with//,/ }; do
  [[ $known == *,$name,* ]] || { echo "no such step: $name; there are ${known//,/ }" >&2; exit 2; }
done
SANITIZER_FILTER=${SANITIZER_FILTER:-*LayerNorm*cuda_0:*Attention*cuda_0:*PoolEmb*cuda_0:*Gated*cuda_0:*Embedding*cuda_0:*Softmax*cuda_0:*Nonfinite*cuda_0:*Convert*cuda_0}
NCU_OPERATION=${NCU_OPERATION:-esm2-3b attention}
NCU_KERNEL=${NCU_KERNEL:-regex:.*}

unset VIRNUCPRO_CUDA_PLUGIN  # the packed one is meant
export VIRNUCPRO_TEST_DATA=$here/tests/data
SECONDS=0
mkdir -p "$out/logs" || exit 1
out=$(cd "$out" && pwd)
rm -f "$out"/*.json "$out/table.md" "$out/steps.tsv" "$out/facts.tsv" "$out"/logs/*
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -C "$work" -xJf "$here/program.tar.xz" && python3 -c "import lzma, shutil, sys
shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], 'wb'))" "$here/genomes.fa.xz" "$work/genomes.fa" || exit 1
program=$work/bin/virnucpro
# The newer C++ library of two serves both, and the tools of CUDA may need this machine's.
system_cxx=$(ldconfig -p 2>/dev/null | sed -n 's/.*libstdc++\.so\.6 .*x86-64.* => //p' | head -1)
if [ -n "$system_cxx" ]; then
  version_of() { grep -ao 'GLIBCXX_3\.4\.[0-9]*' "$1" | sort -uV | tail -1; }
  newest=$(printf '%s\n' "$(version_of "$work/lib/libstdc++.so.6")" "$(version_of "$system_cxx")" | sort -V | tail -1)
  [ "$newest" != "$(version_of "$system_cxx")" ] || rm -f "$work"/lib/libstdc++.so.6 "$work"/lib/libgcc_s.so.1
fi
collect=$here/bench/gpu/collect.py
failed=0 skipped=0

fact() { printf '%s\t%s\n' "$1" "$2" >> "$out/facts.tsv"; }
packed_fact() { sed -n "s/^$1=//p" "$here/facts.txt"; }

# Where the CUDA libraries that the plug-in needs are on this machine.
cuda_folders=''
find_cuda_libraries() {
  local library place python_folders
  python_folders=$(python3 -c "import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('platlib'))" 2>/dev/null | sort -u)
  local places=(/usr/local/cuda/lib64 /usr/local/cuda/targets/x86_64-linux/lib /usr/local/cuda-*/lib64)
  for place in $python_folders; do places+=("$place"/nvidia/cu*/lib "$place"/nvidia/*/lib); done
  places+=(/usr/lib/x86_64-linux-gnu /usr/lib64)
  for library in $(packed_fact plugin_needs); do
    # The driver's comes with the driver, where the system finds it.
    [ "$library" != libcuda.so.1 ] || continue
    for place in "${places[@]}"; do
      [ -e "$place/$library" ] || continue
      fact "library $library" "$place"
      [[ :$cuda_folders: == *:$place:* ]] || cuda_folders=$cuda_folders:$place
      continue 2
    done
    fact "library $library" "not found in ${places[*]}"
  done
}
tool() {  # NAME: its path, wherever CUDA put it; nothing when it is not there
  type -P "$1" && return
  local place
  for place in /usr/local/cuda/bin /usr/local/cuda-*/bin /usr/local/cuda/compute-sanitizer /opt/nvidia/nsight-compute/*; do
    [ ! -x "$place/$1" ] || { echo "$place/$1"; return; }
  done
}
# The packed libraries must reach nobody else, Python least of all.
ours() { LD_LIBRARY_PATH=$work/lib$cuda_folders timeout -k 5 "$allowed" "$@"; }

allowed=0
record() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >> "$out/steps.tsv"; echo "== $1: $2${4:+ ($4)}, $3 s"; }
wanted() {
  [[ ,$skip, != *,$1,* ]] || return 1
  if [ -n "$only" ]; then [[ ,$only, == *,$1,* ]]; return; fi
  case $1 in
    ncu | scaling | scaling_dnabert) [[ ,$with, == *,$1,* ]] ;;
  esac
}
# step NAME LIMIT REASON FUNCTION: REASON is why it cannot run here; empty: it can.
step() {
  local name=$1 limit=$2 reason=$3 run=$4 code left start
  wanted "$name" || return 0
  if [ -n "$reason" ]; then
    skipped=$((skipped + 1))
    record "$name" skipped 0 "$reason"
    return
  fi
  left=$((seconds - SECONDS))
  allowed=$((limit < left ? limit : left))
  if [ "$allowed" -lt 5 ]; then
    failed=$((failed + 1))
    record "$name" failed 0 "no time was left"
    return
  fi
  start=$SECONDS
  "$run" > "$out/logs/$name.log" 2>&1
  code=$?
  # Also 77: what skips all its work where there is a GPU has not done it.
  case $code in
    0) record "$name" passed $((SECONDS - start)) '' ;;
    124 | 137) failed=$((failed + 1)); record "$name" failed $((SECONDS - start)) "out of time after $allowed s" ;;
    *) failed=$((failed + 1)); record "$name" failed $((SECONDS - start)) "ended with $code: $(tail -1 "$out/logs/$name.log" | cut -c1-200)" ;;
  esac
}

facts() {
  lscpu
  if command -v nvidia-smi; then timeout 20 nvidia-smi; timeout 20 nvidia-smi -q; fi
  cat "$out/facts.tsv"
}
devices() { ours "$program" --version && ours "$program" devices; }
# A run in which no test ran is no pass: collect.py looks.
tests() {  # NAME COMMAND...
  local name=$1 code=0
  shift
  ours "$@" --gtest_color=no --gtest_output="json:$out/$name.json" || code=$?
  [ "$code" -eq 0 ] || return "$code"
  python3 "$collect" --check-tests "$out/$name.json"
}
conformance() { tests conformance "$work/tests/conformance" --gtest_filter='*cuda*:*Cuda*'; }
parity() { tests parity "$work/tests/parity" --gtest_filter='*cuda*:*Cuda*'; }
program_checks() {
  local devices
  devices=cuda:$(gpu_list "$gpus")
  TMPDIR=$work timeout -k 5 "$allowed" python3 "$here/bench/gpu/check_program.py" "$program" "$work/tests/virnucpro_faulty" "$work/genomes.fa" \
    --libraries "$work/lib$cuda_folders" --devices "$devices" --json "$out/program.json" --each 30 --limit $((allowed - 8))
}
sanitize() {
  tests "$1" "$sanitizer" --tool "$1" --error-exitcode 9 "$work/tests/conformance" --gtest_filter="$SANITIZER_FILTER"
}
memcheck() { sanitize memcheck; }
racecheck() { sanitize racecheck; }
bench() {  # NAME ARGUMENTS...
  local name=$1
  shift
  ours "$program" bench "$work/genomes.fa" --force --json "$out/$name.json" "$@"
}
bench500() { bench bench500 --device cuda:0 --shape published-3b --precision fp16 --orfs 2400 --seconds 20; }
bench300() { bench bench300 --device cuda:0 --shape published-3b --precision fp16 --orfs 4000 --seconds 15 --expected-length 300; }
bench_fp32() { bench bench_fp32 --device cuda:0 --shape published-3b --precision fp32 --orfs 200 --seconds 8; }
bench_fp8() { bench bench_fp8 --device cuda:0 --shape published-3b --precision fp16,fp8 --orfs 2400 --seconds 12; }
bench_int8() { bench bench_int8 --device cuda:0 --shape published-3b --precision int8 --orfs 2400 --seconds 12; }
bench_bf16() { bench bench_bf16 --device cuda:0 --shape published-3b --precision bf16 --orfs 2400 --seconds 12; }
bench_dnabert() { bench bench_dnabert --device cuda:0 --shape dnabert-117m --precision fp16 --orfs 12000 --seconds 10; }
ops() { ours "$work/tests/gpu_ops_bench" --device cuda:0 --json "$out/ops.json"; }
ops_fp8() { ours "$work/tests/gpu_ops_bench" --device cuda:0 --precision fp8 --json "$out/ops_fp8.json"; }
precision() {
  TMPDIR=$work timeout -k 5 "$allowed" python3 "$here/bench/gpu/precision_models.py" "$program" "$work/genomes.fa" \
    --libraries "$work/lib$cuda_folders" --device cuda:0 --json "$out/precision.json" --limit $((allowed - 8))
}
peers() {  # NAME ARGUMENTS...
  local name=$1
  shift
  timeout -k 5 "$allowed" python3 "$here/bench/gpu/peers.py" "$work/genomes.fa" --limit $((allowed - 5)) --out "$out/$name.json" "$@"
}
peers_esm2() { peers peers_esm2 --orfs 1200 --contestants esm2:padded-compiled esm2:packed-compiled esm2:packed esm2:padded --each 75; }
peers_dnabert() { peers peers_dnabert --orfs 12000 --contestants dnabert_s:padded dnabert_s:padded-compiled --each 45; }
ncu() {
  ours "$profiler" --set full --kernel-name "$NCU_KERNEL" --launch-skip 2 --launch-count 2 \
    "$work/tests/gpu_ops_bench" --device cuda:0 --seconds 0 --filter "$NCU_OPERATION"
}
gpu_list() { seq -s, 0 $(($1 - 1)); }  # COUNT: their numbers
# Twice the GPUs, twice the frames: each has the same work, some eleven seconds of it on an H100, beside which a run's
# begin and end are little. Random sequences, because no genomes that travel hold so many frames, and equal ones are computed once.
scale() {  # NAME FRAMES ARGUMENTS...: frames for each GPU
  local name=$1 frames=$2 count result=0
  shift 2
  for ((count = 1; count <= gpus; ++count)); do
    [ $((count & (count - 1))) -ne 0 ] && [ "$count" -ne "$gpus" ] ||
      ours "$program" bench --force --json "$out/${name}_$count.json" --device "cuda:$(gpu_list "$count")" \
        --precision fp16 --orfs $((frames * count)) "$@" || result=$?
  done
  return "$result"
}
scaling_dnabert() { scale scaling_dnabert "${DNABERT_FRAMES:-150000}" --shape dnabert-117m --seconds 8; }
scaling() { scale scaling 6000 --shape published-3b --seconds 12; }

gpus=0 no_gpu='no GPU: nvidia-smi is not there'
if command -v nvidia-smi > /dev/null; then
  gpus=$(timeout 20 nvidia-smi -L 2>/dev/null | grep -c '^GPU')
  [ "$gpus" -gt 0 ] && no_gpu='' || no_gpu="no GPU: $(timeout 20 nvidia-smi -L 2>&1 | tail -1)"
fi
[ -e "$work/lib/virnucpro/libvirnucpro_cuda.so" ] || no_plugin='packed without the plug-in'
cannot=$no_gpu
[ -n "$cannot" ] || cannot=${no_plugin:-}
find_cuda_libraries
fact date "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
fact commit "$(packed_fact commit)"
fact packed "$(packed_fact packed)"
fact processor "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
fact cores "$(nproc)"
fact glibc "$(ldd --version 2>/dev/null | sed -n '1s/.* //p')"
fact kernel "$(uname -r | sed 's,-.*,,')"
fact gpus "$gpus"
if [ "$gpus" -gt 0 ]; then
  while IFS= read -r line; do fact gpu "$line"; done < <(timeout 20 nvidia-smi \
    --query-gpu=index,name,driver_version,memory.total,compute_cap,clocks.max.sm,power.limit --format=csv,noheader)
fi

no_torch=$no_gpu
[ -n "$no_torch" ] || python3 -c 'import torch, transformers, tokenizers' 2>/dev/null || no_torch='no PyTorch, transformers and tokenizers in python3'
sanitizer=$(tool compute-sanitizer) profiler=$(tool ncu)
no_sanitizer=$cannot
[ -n "$no_sanitizer" ] || [ -n "$sanitizer" ] || no_sanitizer='compute-sanitizer is not there'
no_profiler=$cannot
[ -n "$no_profiler" ] || [ -n "$profiler" ] || no_profiler='ncu is not there'
no_scaling=$cannot
[ -n "$no_scaling" ] || [ "$gpus" -gt 1 ] || no_scaling='only one GPU'

step facts 40 '' facts
step devices 30 '' devices
step conformance 90 "$cannot" conformance
step parity 90 "$cannot" parity
step program 90 "$cannot" program_checks
step bench500 110 "$cannot" bench500
step bench_fp8 110 "$cannot" bench_fp8
step ops 60 "$cannot" ops
step ops_fp8 60 "$cannot" ops_fp8
step precision 90 "$no_torch" precision
step peers_esm2 190 "$no_torch" peers_esm2
step bench300 80 "$cannot" bench300
step bench_dnabert 45 "$cannot" bench_dnabert
step peers_dnabert 60 "$no_torch" peers_dnabert
step bench_fp32 70 "$cannot" bench_fp32
step bench_bf16 70 "$cannot" bench_bf16
step bench_int8 70 "$cannot" bench_int8
step memcheck 70 "$no_sanitizer" memcheck
step racecheck 90 "$no_sanitizer" racecheck
step scaling_dnabert 120 "$no_scaling" scaling_dnabert
step scaling 200 "$no_scaling" scaling
step ncu 90 "$no_profiler" ncu

python3 "$collect" "$out" || failed=$((failed + 1))
echo "failed: $failed, skipped: $skipped; $SECONDS s; $out/table.md"
exit $((failed > 0))
