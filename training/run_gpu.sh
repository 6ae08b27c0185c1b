#!/bin/bash
# Trains the embedded bundle on a machine with a GPU, within a time budget.
#   run_gpu.sh SECONDS OUT [option of make_mini.py]...
# Reads train.npz, tokenizer.json and dev.npz in WORK (.carry_train unless set), as made by make_mini.py --prepare-only.
# Leaves bundle.tar, checkpoint.pt, metrics.json and log.txt in OUT; --resume CHECKPOINT goes on from an earlier run.
# PYTHON, DEVICE, WORKERS and COMPILE override what follows.
set -euo pipefail
if [ $# -lt 2 ]; then
  sed -n '2,6p' "$0" >&2
  exit 2
fi
seconds=$1
out=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
device=${DEVICE:-cuda}
workers=${WORKERS:-$(($(nproc) > 2 ? $(nproc) - 2 : 1))}
mkdir -p "$out"
# The second limit only guards against a hang: the training itself ends in time.
PYTHONUNBUFFERED=1 timeout --kill-after=5 "$((seconds + 10))" "${PYTHON:-python3}" "$here/make_mini.py" \
  --work "${WORK:-$here/../.carry_train}" --out "$out" --seconds "$seconds" --started "$(date +%s)" --device "$device" --workers "$workers" \
  --compile "${COMPILE:-inductor}" "$@"
