"""Times virnucpro's encoders beside PyTorch, in one run, alternating, after proving that all compute the same.

    python compare.py --genomes DIR --cases esm2_650m:500 dnabert_s_117m:500

Writes JSON and a table in Markdown after every case. bench/peers/README.md says what is compared and how to read it.
"""
import argparse
import json
import pathlib
import statistics
import tempfile
import time

import numpy as np
import torch
from tokenizers import Tokenizer

import machine
import make_weights
import peers
import program
import sequences

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# 10 to 30 s for one pass in FP32 on two cores with AVX-512; the tiny shapes only show that everything works.
ORFS = {"esm2_650m": 24, "dnabert_s_117m": 160, "esm2_3b_cut": 48, "esm2_tiny": 64, "dnabert_s_tiny": 64}
# The least cosine to the original peer that counts as the same work (docs/explanation/numerics.md has the promises to float64).
SAME = {"fp32": 0.999, "fp16": 0.999, "bf16": 0.999, "int8": 0.99, "careful-fp32": 0.999, "careful-bf16": 0.99}


def cosines(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def require_same(who, rows, reference):
    if rows.shape != reference.shape or not np.isfinite(rows).all():
        raise SystemExit(f"{who}: rows of shape {rows.shape} for {reference.shape}, or not finite; nothing is timed")
    worst = float(cosines(rows, reference).min())
    if not worst > SAME[who]:
        raise SystemExit(f"{who}: worst cosine to the original is {worst:.6f}, expected above {SAME[who]}; nothing is timed")
    return worst


class OutOfTime(Exception):
    pass


class Case:
    """One encoder at one chunk length."""

    def __init__(self, shape, length, arguments, deadline):
        self.shape, self.length, self.arguments, self.deadline = shape, length, arguments, deadline
        self.encoder = "esm2" if shape in make_weights.ESM2 else "dnabert_s"

    def measure(self, folder):
        arguments = self.arguments
        count = arguments.orfs or ORFS[self.shape]
        records = sequences.sample(arguments.genomes, self.length, count, arguments.seed)
        orfs = sequences.orfs_of(records, self.length)
        fasta = folder / "sample.fa"
        sequences.write_fasta(records, fasta)
        parts = make_weights.ensure_pair(arguments.weights, self.shape)
        runs = program.Runs(arguments.program, folder, fasta, self.length, arguments.threads, parts=parts)
        tokenizer = Tokenizer.from_file(str(parts[0] / "tokenizer.json"))
        weights = parts[1] if self.encoder == "esm2" else parts[0]

        cosine = {}
        rivals = [peers.make_peer(name, self.shape, weights, orfs, tokenizer) for name in arguments.peers]
        reference, _ = rivals[0].run()
        for rival in rivals[1:]:
            cosine[rival.name] = require_same(rival.name, rival.run()[0], reference)
            self.check_time()
        for precision in arguments.precisions:
            names, dnabert_rows, esm2_rows = runs.embed(precision)
            if names != [orf.name for orf in orfs]:
                raise SystemExit("virnucpro found other frames in the sample than sequences.py; nothing is timed")
            cosine[precision] = require_same(precision, esm2_rows if self.encoder == "esm2" else dnabert_rows, reference)
            self.check_time()

        seconds = {name: [] for name in [*arguments.peers, *arguments.precisions]}
        reports = {}
        try:
            for _ in range(arguments.repeats):
                for i in range(max(len(rivals), len(arguments.precisions))):
                    for precision in arguments.precisions[i : i + 1]:
                        reports[precision] = runs.predict(precision)
                        seconds[precision].append(reports[precision]["performance"]["stage_seconds"][self.encoder])
                    for rival in rivals[i : i + 1]:
                        seconds[rival.name].append(rival.run()[1])
                    self.check_time()
        except OutOfTime:
            # Rounds stay whole, so that the same ones stand in every ratio.
            whole = min(len(values) for values in seconds.values())
            if whole == 0:
                raise
            seconds = {name: values[:whole] for name, values in seconds.items()}
        return self.result(seconds, cosine, {rival.name: rival.notes for rival in rivals}, reports, len(orfs))

    def check_time(self):
        if time.monotonic() > self.deadline:
            raise OutOfTime

    def result(self, seconds, cosine, notes, reports, orfs):
        performance = next(iter(reports.values()))["performance"]
        tokens = performance["tokens"][self.encoder]
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        ratios = {rival: {ours: statistics.median(a / b for a, b in zip(seconds[rival], seconds[ours]))
                          for ours in self.arguments.precisions} for rival in self.arguments.peers}
        return {"shape": self.shape, "length": self.length, "orfs": orfs, "tokens": tokens, "rounds": len(seconds["original"]),
                "seconds": seconds, "median_seconds": medians, "ratio_of_medians_per_round": ratios,
                "tokens_per_second": {name: tokens / value for name, value in medians.items()},
                "worst_cosine_to_original": cosine, "notes": notes,
                "packing_efficiency": {name: report["performance"]["packing_efficiency"][self.encoder] for name, report in reports.items()},
                "options": {name: report["options"] for name, report in reports.items()}}


def table(document):
    rivals, ours = document["peers"], document["precisions"]
    lines = [machine.sentence(document["machine"]), "",
             "| encoder, bases | ORFs, tokens | what | seconds (least to most) | tokens/s | " +
             " | ".join(f"faster than {name}" for name in rivals) + " | worst cosine to original |",
             "|---|---|---|---|---|" + "---|" * (len(rivals) + 1)]
    for case in document["cases"]:
        for name in [*rivals, *ours]:
            values = case["seconds"][name]
            ratios = [f"{case['ratio_of_medians_per_round'][rival][name]:.2f}x" if name in ours else "" for rival in rivals]
            label = f"virnucpro {name}" if name in ours else f"{name}, batches of {case['notes'][name]['batch']}"
            cosine = case["worst_cosine_to_original"].get(name)
            lines.append(f"| {case['shape']}, {case['length']} | {case['orfs']}, {case['tokens']} | {label} | "
                         f"{case['median_seconds'][name]:.2f} ({min(values):.2f} to {max(values):.2f}) | "
                         f"{case['tokens_per_second'][name]:.0f} | " + " | ".join(ratios) +
                         (f" | {cosine:.6f} |" if cosine is not None else " | |"))
    if document["left_out"]:
        lines += ["", "Out of time before: " + ", ".join(document["left_out"]) + "."]
    return "\n".join(lines) + "\n"


def case_name(text):
    shape, _, length = text.partition(":")
    if shape not in ORFS or length not in ("300", "500"):
        raise argparse.ArgumentTypeError(f"{text} is not SHAPE:LENGTH with a shape of {', '.join(ORFS)} and a length of 300 or 500")
    return shape, int(length)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / "build/release/src/cli/virnucpro")
    parser.add_argument("--genomes", type=pathlib.Path, required=True, help="a FASTA file or a folder of them (plain, .gz, .xz)")
    parser.add_argument("--weights", type=pathlib.Path, default=REPOSITORY / "build/weights", help="made there when missing")
    parser.add_argument("--cases", nargs="+", type=case_name, metavar="SHAPE:LENGTH",
                        default=[(shape, length) for length in (500, 300) for shape in ORFS if not shape.endswith("tiny")])
    parser.add_argument("--precisions", nargs="+", default=["fp16", "bf16", "int8", "fp32"], choices=["fp16", "bf16", "int8", "fp32"])
    parser.add_argument("--peers", nargs="+", choices=["original", "careful-bf16", "careful-fp32"],
                        help="'original' always runs: it is what the others are checked against. Default: it and the careful one, in BF16 "
                             "where the processor multiplies that, else in FP32 (PyTorch is many times slower in BF16 there)")
    parser.add_argument("--orfs", type=int, help=f"frames of a sample (default by shape: {ORFS})")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of either side; bind this program to as many cores with taskset")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=float("inf"), help="seconds after which no further measurement begins")
    parser.add_argument("--out", type=pathlib.Path, default=REPOSITORY / "bench/results/peers.json", help="the table goes beside it, as .md")
    arguments = parser.parse_args()
    if arguments.peers is None:
        arguments.peers = ["careful-bf16" if machine.multiplies_bf16() else "careful-fp32"]
    arguments.peers = ["original", *(name for name in dict.fromkeys(arguments.peers) if name != "original")]
    deadline = time.monotonic() + arguments.time_limit
    torch.set_num_threads(arguments.threads)

    document = {"machine": machine.describe(arguments.program, arguments.threads), "peers": arguments.peers,
                "precisions": arguments.precisions, "seed": arguments.seed, "cases": [], "left_out": []}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    for shape, length in arguments.cases:
        try:
            case = Case(shape, length, arguments, deadline)
            case.check_time()
            with tempfile.TemporaryDirectory(prefix="virnucpro_peers_") as folder:
                document["cases"].append(case.measure(pathlib.Path(folder)))
        except OutOfTime:
            document["left_out"].append(f"{shape}, {length}")
        arguments.out.write_text(json.dumps(document, indent=1) + "\n")
        arguments.out.with_suffix(".md").write_text(table(document))
        print(f"{shape}, {length}: done", flush=True)
    print(table(document))


if __name__ == "__main__":
    main()
