#!/bin/bash
# Runs the comparisons on a machine that has Python and PyTorch but nothing of ours, from a folder of pack_program.sh:
#
#   bench/peers/run_remote.sh build/carry [--parts conformance,bench,peers,accuracy] [--seconds 540] [--out results]
#       [--limit PART=SECONDS]... [--bench "ARGUMENTS"] [--peers "ARGUMENTS"] [--accuracy "ARGUMENTS"]
#       [--cpus 0,1] [--work DIR]
#
# conformance  the packed tests, on all cores                    -> conformance.txt
# bench        virnucpro bench, on the cores of --cpus           -> bench.json, bench.tsv
# peers        compare.py, on the cores of --cpus                -> peers.json, peers.md
# accuracy     accuracy.py, on all cores, float64 on a GPU       -> accuracy.json, accuracy.md
# A part that fails or takes too long leaves what it has; the others run. The last line counts the failed ones.
# --work keeps the unpacked program and the weights for a next run.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage() { sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }

# Of two different cores, where the processor runs two threads on each.
two_cores() {
  local cores
  cores=$(lscpu -p=CPU,CORE 2>/dev/null | grep -v '^#' | sort -t, -k2,2n -u | head -2 | cut -d, -f1 | paste -sd,)
  [[ $cores == *,* ]] && echo "$cores" || echo 0,1
}

if [ $# -eq 0 ] || [ ! -d "$1" ]; then usage; fi
carry=$(cd "$1" && pwd); shift
parts=conformance,bench,peers,accuracy seconds=540 out=results work='' cpus=$(two_cores)
bench_arguments="--shape published-650m --precision fp16,bf16,int8,fp32 --seconds 15"
peers_arguments="--cases esm2_650m:500 dnabert_s_117m:500 --repeats 3"
accuracy_arguments="--models mini dnabert_s_117m esm2_650m --esm2-lengths 300 --call-sequences 10000"
declare -A limit=([conformance]=90 [bench]=180 [peers]=300 [accuracy]=500)
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --parts) parts=$2 ;;
    --seconds) seconds=$2 ;;
    --out) out=$2 ;;
    --work) work=$2 ;;
    --cpus) cpus=$2 ;;
    --limit) limit[${2%%=*}]=${2#*=} ;;
    --bench) bench_arguments=$2 ;;
    --peers) peers_arguments=$2 ;;
    --accuracy) accuracy_arguments=$2 ;;
    *) usage ;;
  esac
  shift 2
done

SECONDS=0
if [ -z "$work" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$out" "$work/weights" "$work/site"
out=$(cd "$out" && pwd) work=$(cd "$work" && pwd)
# A shell script in front of the program, so that its libraries reach nobody else, Python least of all.
[ -d "$work/lib" ] || tar -C "$work" -xJf "$carry/program.tar.xz" || exit 1
printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$work/lib" "$work/bin/virnucpro" > "$work/virnucpro"
chmod +x "$work/virnucpro"
for wheel in "$carry"/*.whl; do
  [ ! -e "$wheel" ] || python3 -m zipfile -e "$wheel" "$work/site" || exit 1
done
export PYTHONPATH=$work/site PYTHONUNBUFFERED=1
on_cores=(taskset -c "$cpus" env OMP_NUM_THREADS="$(tr , '\n' <<< "$cpus" | wc -l)")
threads=$(tr , '\n' <<< "$cpus" | wc -l)
common=(--program "$work/virnucpro" --genomes "$carry/genomes.fa.xz" --weights "$work/weights")
failed=0

# begin PART: how long it may take, or nothing when it is not wanted or no time is left.
begin() {
  [[ ,$parts, == *,$1,* ]] || return 1
  local left=$((seconds - SECONDS))
  allowed=$((limit[$1] < left ? limit[$1] : left))
  [ "$allowed" -ge 20 ] || { echo "== $1: no time left"; failed=$((failed + 1)); return 1; }
  echo "== $1: at most $allowed s, $SECONDS s gone"
}
end() {
  [ "$2" -eq 0 ] && echo "== $1: done" && return
  echo "== $1: ended with $2$([ "$2" -eq 124 ] && echo ', out of time')"
  failed=$((failed + 1))
}

"$work/virnucpro" --version && "$work/virnucpro" devices || exit 1

if begin conformance; then
  result=0
  for test in "$work"/tests/*; do
    LD_LIBRARY_PATH=$work/lib timeout "$allowed" "$test" --gtest_brief=1 || result=$?
  done > "$out/conformance.txt" 2>&1
  tail -5 "$out/conformance.txt"
  end conformance $result
fi
if begin bench; then
  # shellcheck disable=SC2086  # arguments are words
  timeout "$allowed" "${on_cores[@]}" "$work/virnucpro" bench $bench_arguments --threads "$threads" --force --json "$out/bench.json" |
    tee "$out/bench.tsv"
  end bench "${PIPESTATUS[0]}"
fi
if begin peers; then
  # shellcheck disable=SC2086
  timeout "$allowed" "${on_cores[@]}" python3 "$here/compare.py" "${common[@]}" --threads "$threads" $peers_arguments \
    --time-limit $((allowed > 60 ? allowed - 30 : allowed)) --out "$out/peers.json"
  end peers $?
fi
if begin accuracy; then
  # shellcheck disable=SC2086
  timeout "$allowed" python3 "$here/accuracy.py" "${common[@]}" $accuracy_arguments \
    --time-limit $((allowed > 60 ? allowed - 30 : allowed)) --out "$out/accuracy.json"
  end accuracy $?
fi
echo "parts that failed: $failed; $SECONDS s"
exit $((failed > 0))
