"""How far the embeddings of each precision are from FP32's on one device: a random model, and ones with dominant dimensions.

    python3 bench/gpu/precision_models.py PROGRAM INPUT.fa --device cuda:0 --json precision.json
    python3 bench/gpu/precision_models.py build/release/src/cli/virnucpro examples/genomes.fa --device cpu --bases 20000 --json p.json

An ESM-2 of 12 layers and width 640 with random weights, beside a tiny DNABERT-S, as it is and with two large biases in its residual
stream (published models have such dimensions), and the embedded bundle `mini`. A cosine is centred: less the mean FP32 embedding of all
frames. Flips are those of a linear classifier, fitted to the FP32 embeddings' first principal component, halved at its median.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
import make_weights  # noqa: E402

SHAPE = "esm2_12x640"
PRECISIONS = "fp32", "fp16", "bf16", "int8", "fp8"
# Name: biases by dimension, added to the first layer's attention.
PLANTED = {"random": {}, "dominant_60": {100: 60.0, 411: -20.0}, "dominant_600": {100: 600.0, 411: -200.0}}
MEMORY_MIB = 6000  # runs of all precisions work side by side


def excerpt(source, place, bases):
    """Records of at most 20,000 bases each, until there are so many."""
    with open(source) as lines, open(place, "w") as out:
        left = room = bases
        for line in lines:
            if line.startswith(">"):
                room = min(left, 20000)
                if left <= 0:
                    return
                out.write(line)
            elif room > 0:
                text = line.strip()[:room]
                out.write(text + "\n")
                room -= len(text)
                left -= len(text)


def models(folder):
    """Options that choose each model."""
    make_weights.ESM2[SHAPE] = dict(num_hidden_layers=12, hidden_size=640, num_attention_heads=20)
    dnabert = make_weights.ensure(folder, "dnabert_s_tiny")
    plain = make_weights.ensure(folder, SHAPE)
    chosen = {"mini": []}
    for name, biases in PLANTED.items():
        place = folder / name
        tensors = load_file(str(plain / "model.safetensors"))
        for dimension, value in biases.items():
            tensors["esm.encoder.layer.0.attention.output.dense.bias"][dimension] = value
        place.mkdir()
        save_file(tensors, str(place / "model.safetensors"), metadata={"format": "pt"})
        (place / "config.json").write_text((plain / "config.json").read_text())
        chosen[name] = ["--dnabert", dnabert, "--esm2", place]
    return chosen


def embed(arguments, fasta, options, precision, place):
    """Rows by encoder; a text where the program refuses."""
    command = [arguments.program, "embed", fasta, "-o", place, "--device", arguments.device, "--quiet", "--force", "--precision", precision,
               *options, *(["--no-packing"] if precision == "fp32" else [])]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIRNUCPRO_") or name == "VIRNUCPRO_CUDA_PLUGIN"}
    environment["VIRNUCPRO_CUDA_MEMORY"] = str(MEMORY_MIB)
    if arguments.libraries:
        environment["LD_LIBRARY_PATH"] = arguments.libraries
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        return done.stderr.strip()[-400:]
    with h5py.File(place) as file:
        return {encoder: file[encoder][:].astype(np.float64) for encoder in ("dnabert_s", "esm2")}


def decisions(exact):
    """A function of embeddings: which side of the fitted plane they are on."""
    mean, spread = exact.mean(0), exact.std(0) + 1e-9
    scaled = (exact - mean) / spread
    first = np.linalg.svd(scaled, full_matrices=False)[2][0]
    projected = scaled @ first
    labels = np.where(projected > np.median(projected), 1.0, -1.0)
    weights = np.linalg.solve(scaled.T @ scaled + 1e-2 * len(scaled) * np.eye(scaled.shape[1]), scaled.T @ labels)
    return lambda rows: (rows - mean) / spread @ weights > 0


def figures(exact, rows):
    mean = exact.mean(0)
    finite = np.isfinite(rows).all(1)
    a, b = rows[finite] - mean, exact[finite] - mean
    cosine = (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-30)
    decide = decisions(exact)
    return {"frames": len(exact), "nonfinite": int((~finite).sum()), "worst_centred_cosine": float(cosine.min()),
            "median_centred_cosine": float(np.median(cosine)),
            "flip_share": float((decide(rows[finite]) != decide(exact[finite])).mean()),
            "spread": float(np.linalg.norm(b, axis=1).mean() / np.linalg.norm(exact, axis=1).mean())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--libraries", help="LD_LIBRARY_PATH of the program")
    parser.add_argument("--bases", type=int, default=500_000, help="about four frames for a thousand [500000]")
    parser.add_argument("--precisions", nargs="+", default=PRECISIONS[1:], choices=PRECISIONS[1:])
    parser.add_argument("--limit", type=float, default=120, help="seconds after which no model is begun [120]")
    parser.add_argument("--json", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    start, rows, missing = time.monotonic(), [], []
    torch.set_num_threads(min(8, os.cpu_count() or 1))
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(len(PRECISIONS)) as pool:
        folder = pathlib.Path(name)
        fasta = folder / "excerpt.fa"
        excerpt(arguments.input, fasta, arguments.bases)
        for model, options in models(folder).items():
            if time.monotonic() - start > arguments.limit:
                missing.append({"model": model, "reason": "no time was left"})
                continue
            jobs = {precision: pool.submit(embed, arguments, fasta, options, precision, folder / f"{model}_{precision}.h5")
                    for precision in ("fp32", *arguments.precisions)}
            found = {precision: job.result() for precision, job in jobs.items()}
            for precision in arguments.precisions:
                refusals = [found[one] for one in ("fp32", precision) if isinstance(found[one], str)]
                if refusals:
                    missing.append({"model": model, "precision": precision, "reason": refusals[0]})
                    continue
                for encoder in ("dnabert_s", "esm2") if model == "mini" else ("esm2",):
                    rows.append({"model": model, "encoder": encoder, "precision": precision,
                                 **figures(found["fp32"][encoder], found[precision][encoder])})
                    print(rows[-1], flush=True)
            arguments.json.write_text(json.dumps({"rows": rows, "missing": missing}, indent=1) + "\n")
    for one in missing:
        print(one)
    return 0 if rows and not any("precision" in one for one in missing) else 1


if __name__ == "__main__":
    sys.exit(main())
