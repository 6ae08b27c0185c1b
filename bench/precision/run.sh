#!/usr/bin/env bash
# How exact each precision is on models that are hard as trained ones are, with a classifier fitted to their FP32 embeddings:
#
#   bench/precision/run.sh [--layers 12] [--width 640] [--heads 20] [--frames 2000] [--precisions fp16,bf16,int8] [--device auto]
#                          VIRUSES.fa OTHERS.fa WORK_DIR
#
# Makes a plain model and one with planted dominant dimensions (tests/parity/make_hard_goldens.py; needs numpy, scipy and safetensors:
# PYTHON names an interpreter), a bundle of each, trains its classifier on the first sequences of both files, and prints what
# `virnucpro precision` finds. PROGRAM names the program (build/release/src/cli/virnucpro).
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
program=${PROGRAM:-$here/build/release/src/cli/virnucpro}
python=${PYTHON:-python3}
layers=12 width=640 heads=20 frames=2000 precisions=fp16,bf16,int8 device=auto
while [[ ${1:-} == --* ]]; do
  case $1 in
    --layers) layers=$2 ;; --width) width=$2 ;; --heads) heads=$2 ;; --frames) frames=$2 ;;
    --precisions) precisions=$2 ;; --device) device=$2 ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
[[ $# -eq 3 ]] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
work=$3
mkdir -p "$work"
"$python" "$here/tests/parity/make_hard_goldens.py" --models "$work/models" --layers "$layers" --width "$width" --heads "$heads"
# Pieces of 500 bases, of both kinds in turn; three of four have an open frame.
"$python" - "$1" "$2" "$frames" "$work" <<'PY'
import pathlib, sys
def pieces(path, count):
    made, bases = [], []
    def cut():
        text = "".join(bases).upper()
        made.extend(text[i:i + 500] for i in range(0, len(text) - 499, 500))
        bases.clear()
    for line in open(path):
        if len(made) >= count: break
        if line.startswith(">"): cut()
        else: bases.append(line.strip())
    cut()
    return made[:count]
viruses, others, frames, work = sys.argv[1], sys.argv[2], int(sys.argv[3]), pathlib.Path(sys.argv[4])
sets = {"virus": pieces(viruses, frames), "other": pieces(others, frames)}
with open(work / "pieces.fa", "w") as fasta, open(work / "labels.tsv", "w") as labels:
    labels.write("id\tlabel\n")
    for i in range(max(map(len, sets.values()))):
        for label, made in sets.items():
            if i < len(made):
                fasta.write(f">{label}_{i}\n{made[i]}\n")
                labels.write(f"{label}_{i}\t{'virus' if label == 'virus' else 'other'}\n")
PY
for model in plain planted; do
  dna=$work/models/$model/dnabert_s esm2=$work/models/$model/esm2
  # A classifier of no meaning makes the first bundle, whose embeddings the real one is trained on.
  "$python" - "$dna/config.json" "$esm2/config.json" "$work/$model.safetensors" <<'PY'
import json, sys
import numpy as np
from safetensors.numpy import save_file
width = sum(json.load(open(path))["hidden_size"] for path in sys.argv[1:3])
ones, zeros = np.ones(16, np.float32), np.zeros(16, np.float32)
save_file({"hidden_layer.weight": np.zeros((16, width), np.float32), "hidden_layer.bias": zeros, "bn1.weight": ones, "bn1.bias": zeros,
           "bn1.running_mean": zeros, "bn1.running_var": ones, "output_layer.weight": np.zeros((2, 16), np.float32),
           "output_layer.bias": np.zeros(2, np.float32)}, sys.argv[3])
PY
  "$program" models import --dnabert "$dna" --esm2 "$esm2" --classifier "500=$work/$model.safetensors" --name "$model" \
    -o "$work/${model}_untrained" --force
  "$program" train "$work/pieces.fa" --labels "$work/labels.tsv" --bundle "$work/${model}_untrained" --precision fp32 --no-packing \
    -o "$work/${model}_bundle" --force --quiet
  echo "== $model"
  "$program" precision "$work/pieces.fa" --bundle "$work/${model}_bundle" --precision "$precisions" --limit "$frames" --device "$device" \
    -o "$work/${model}_report" --force --quiet --no-progress | sed '/^$/,$!d' | sed -n '2,7p'
done
