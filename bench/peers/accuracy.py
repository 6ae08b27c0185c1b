"""How far virnucpro's embeddings are from float64, per precision, and how often its calls change.

    python accuracy.py --genomes DIR                                  2,000 frames of each model
    python accuracy.py --genomes DIR --models esm2_650m --sequences 8

The reference is PyTorch in float64 over the stored weights (dnabert_s.py, esm2.py: written from docs/explanation/numerics.md), on a GPU where there
is one. For `mini`, the embedded bundle, calls at 0.5 are compared with those of fp32 over --call-sequences frames. Writes JSON and a
table in Markdown after every model.
"""
import argparse
import json
import os
import pathlib
import tempfile
import time

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

import dnabert_s
import esm2
import machine
import make_weights
import program
import sequences
from compare import REPOSITORY, cosines

MINI = REPOSITORY / "models" / "mini"
MODELS = ("mini", "esm2_650m", "dnabert_s_117m", "esm2_3b_cut")
# Least centred cosine to float64 (docs/explanation/numerics.md, 9), and most calls that may differ from fp32's: what the project asks of each precision.
LEAST_COSINE = {"fp32": 0.9999, "fp16": 0.9999, "bf16": 0.999, "int8": 0.99}
MOST_FLIPS = {"fp32": 0.0, "fp16": 0.001, "bf16": 0.005, "int8": 0.01}
BATCH_TOKENS = {"cuda": 16384, "cpu": 1024}


def in_batches(model, ids, device):
    """model(padded ids, lengths) over all sequences, as one array in their order."""
    rows = [None] * len(ids)
    for batch in sequences.token_batches([len(one) for one in ids], BATCH_TOKENS[device]):
        lengths = torch.tensor([len(ids[i]) for i in batch], device=device)
        padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids[i]) for i in batch], batch_first=True, padding_value=1).to(device)
        with torch.no_grad():
            out = model(padded, lengths).cpu().numpy()
        for row, i in enumerate(batch):
            rows[i] = out[row]
    return np.stack(rows)


class Mini:
    """The embedded bundle, from its folder: both encoders."""

    def __init__(self):
        self.card = json.loads((MINI / "bundle.json").read_text())
        self.tokenizer = Tokenizer.from_file(str(MINI / "tokenizer.json"))
        self.choice = {"bundle": MINI}
        self.encoders = ["dnabert_s", "esm2"]

    def reference(self, encoder, device):
        if encoder == "dnabert_s":
            return dnabert_s.load_dnabert_s(MINI / "dnabert_s.safetensors", self.card["dnabert_s"]["config"], torch.float64, device=device)
        return esm2.Esm2Reference(load_file(str(MINI / "esm2.safetensors")), self.card["esm2"]["config"], device)


class Random:
    """Random weights of one shape, beside a tiny encoder of the other kind."""

    def __init__(self, shape, weights):
        parts = make_weights.ensure_pair(weights, shape)
        self.tokenizer = Tokenizer.from_file(str(parts[0] / "tokenizer.json"))
        self.choice = {"parts": parts}
        self.encoders = ["esm2" if shape in make_weights.ESM2 else "dnabert_s"]
        self.folder = parts[1] if shape in make_weights.ESM2 else parts[0]

    def reference(self, encoder, device):
        if encoder == "dnabert_s":
            return dnabert_s.load_folder(self.folder, torch.float64, device=device)
        return esm2.Esm2Reference(load_file(str(self.folder / "model.safetensors")), esm2.read_config(self.folder), device)


def embedding_figures(rows, exact):
    """Centred cosines to the reference, and errors as shares of a row's largest value.

    What all embeddings share says nothing about a sequence, and would hide what is lost.
    """
    error = np.abs(rows - exact).max(1) / np.abs(exact).max(1)
    centred = cosines(rows - exact.mean(0), exact - exact.mean(0))
    return {"worst_centred_cosine": float(centred.min()), "percent_1_centred_cosine": float(np.percentile(centred, 1)),
            "median_centred_cosine": float(np.median(centred)), "worst_plain_cosine": float(cosines(rows, exact).min()),
            "largest_relative_error": float(error.max())}


def measure_embeddings(name, length, arguments, folder):
    model = Mini() if name == "mini" else Random(name, arguments.weights)
    records = sequences.sample(arguments.genomes, length, arguments.sequences, arguments.seed)
    orfs = sequences.orfs_of(records, length)
    fasta = folder / "sample.fa"
    sequences.write_fasta(records, fasta)
    runs = program.Runs(arguments.program, folder, fasta, length, arguments.threads, **model.choice)
    ids = {"dnabert_s": lambda orf: model.tokenizer.encode(orf.nucleotides).ids, "esm2": lambda orf: esm2.protein_ids(orf.protein)}
    exact = {}
    for encoder in model.encoders:
        exact[encoder] = in_batches(model.reference(encoder, arguments.device), [ids[encoder](orf) for orf in orfs], arguments.device)
        if arguments.device == "cuda":
            torch.cuda.empty_cache()
    for precision in arguments.precisions:
        if time.monotonic() > arguments.deadline:
            yield {"left_out": f"{name}, {length}, {precision}"}
            continue
        start = time.perf_counter()
        names, dnabert_rows, esm2_rows = runs.embed(precision)
        if names != [orf.name for orf in orfs]:
            raise SystemExit("virnucpro found other frames in the sample than sequences.py")
        for encoder in model.encoders:
            figures = embedding_figures({"dnabert_s": dnabert_rows, "esm2": esm2_rows}[encoder], exact[encoder])
            yield {"model": name, "encoder": encoder, "length": length, "sequences": len(orfs), "precision": precision,
                   "asked_cosine": LEAST_COSINE[precision], "reached": figures["worst_centred_cosine"] >= LEAST_COSINE[precision],
                   "program_seconds": time.perf_counter() - start, **figures}


def measure_calls(length, arguments, folder):
    """Calls and scores of mini beside those of fp32."""
    records = sequences.sample(arguments.genomes, length, arguments.call_sequences, arguments.seed + 1)
    fasta = folder / "calls.fa"
    sequences.write_fasta(records, fasta)
    runs = program.Runs(arguments.program, folder, fasta, length, arguments.threads, bundle=MINI)
    scores = {}
    for precision in dict.fromkeys(["fp32", *arguments.precisions]):
        runs.predict(precision)
        scores[precision] = np.array(runs.scores(precision))
    for precision in arguments.precisions:
        drift = np.abs(scores[precision] - scores["fp32"])
        flips = (scores[precision] > 0.5) != (scores["fp32"] > 0.5)
        yield {"model": "mini", "length": length, "sequences": len(drift), "precision": precision, "flips": int(flips.sum()),
               "flip_share": float(flips.mean()), "asked_flip_share": MOST_FLIPS[precision],
               "reached": bool(flips.mean() <= MOST_FLIPS[precision]), "largest_drift": float(drift.max()),
               "percent_99_drift": float(np.percentile(drift, 99)), "mean_drift": float(drift.mean())}


def table(document):
    lines = [machine.sentence(document["machine"]), "",
             "| model, bases | sequences | precision | worst centred cosine to float64 | asked | 1st percentile | median | worst, plain | "
             "largest error / largest value |", "|---|---|---|---|---|---|---|---|---|"]
    for row in document["embeddings"]:
        name = row["model"] if row["model"] != "mini" else f"mini {row['encoder']}"
        asked = f"{row['asked_cosine']}" + ("" if row["reached"] else " (missed)")
        lines.append(f"| {name}, {row['length']} | {row['sequences']} | {row['precision']} | {row['worst_centred_cosine']:.8f} | {asked} | "
                     f"{row['percent_1_centred_cosine']:.8f} | {row['median_centred_cosine']:.8f} | {row['worst_plain_cosine']:.8f} | "
                     f"{row['largest_relative_error']:.1e} |")
    if document["calls"]:
        lines += ["", "| mini, bases | sequences | precision | calls unlike fp32's | share | asked | largest drift of P(virus) | "
                  "99th percentile | mean |", "|---|---|---|---|---|---|---|---|---|"]
    for row in document["calls"]:
        asked = f"{row['asked_flip_share']:.2%}" + ("" if row["reached"] else " (missed)")
        lines.append(f"| {row['length']} | {row['sequences']} | {row['precision']} | {row['flips']} | {row['flip_share']:.3%} | {asked} | "
                     f"{row['largest_drift']:.1e} | {row['percent_99_drift']:.1e} | {row['mean_drift']:.1e} |")
    if document["left_out"]:
        lines += ["", "Out of time before: " + "; ".join(document["left_out"]) + "."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / "build/release/src/cli/virnucpro")
    parser.add_argument("--genomes", type=pathlib.Path, required=True, help="a FASTA file or a folder of them (plain, .gz, .xz)")
    parser.add_argument("--weights", type=pathlib.Path, default=REPOSITORY / "build/weights", help="made there when missing")
    parser.add_argument("--models", nargs="+", default=["mini", "dnabert_s_117m", "esm2_650m"], choices=MODELS)
    parser.add_argument("--precisions", nargs="+", default=["fp16", "bf16", "int8", "fp32"], choices=list(LEAST_COSINE))
    parser.add_argument("--lengths", nargs="+", type=int, default=[500], choices=[300, 500], help="chunk lengths in bases")
    parser.add_argument("--esm2-lengths", nargs="+", type=int, choices=[300, 500], help="of the ESM-2 shapes alone, which take longest")
    parser.add_argument("--sequences", type=int, default=2000)
    parser.add_argument("--call-sequences", type=int, default=20000, help="for the calls of mini; 0 leaves them out")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", choices=["cuda", "cpu"], help="of the reference")
    parser.add_argument("--threads", type=int, default=0, help="of the program; 0 takes every core")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=float("inf"), help="seconds after which no further run begins")
    parser.add_argument("--out", type=pathlib.Path, default=REPOSITORY / "bench/results/accuracy.json",
                        help="the table goes beside it, as .md")
    arguments = parser.parse_args()
    arguments.deadline = time.monotonic() + arguments.time_limit

    document = {"machine": machine.describe(arguments.program, arguments.threads or len(os.sched_getaffinity(0))), "reference_device": arguments.device,
                "seed": arguments.seed, "embeddings": [], "calls": [], "left_out": []}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)

    def write():
        arguments.out.write_text(json.dumps(document, indent=1) + "\n")
        arguments.out.with_suffix(".md").write_text(table(document))

    def add(part, rows):
        for row in rows:
            if "left_out" in row:
                document["left_out"].append(row["left_out"])
            else:
                document[part].append(row)
            write()

    for name in arguments.models:
        lengths = arguments.esm2_lengths if name in make_weights.ESM2 and arguments.esm2_lengths else arguments.lengths
        for length in lengths:
            with tempfile.TemporaryDirectory(prefix="virnucpro_accuracy_") as folder:
                if time.monotonic() > arguments.deadline:
                    document["left_out"].append(f"{name}, {length}")
                    continue
                add("embeddings", measure_embeddings(name, length, arguments, pathlib.Path(folder)))
                if name == "mini" and arguments.call_sequences:
                    add("calls", measure_calls(length, arguments, pathlib.Path(folder)))
                print(f"{name}, {length}: done", flush=True)
    write()
    print(table(document))


if __name__ == "__main__":
    main()
