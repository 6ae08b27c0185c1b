#!/usr/bin/env python3
"""What `virnucpro estimate` says beside the runs that it foresees: reads, contigs, and a mix of both.

    bench/scale/estimate_beside_runs.py PROGRAM [--size S] [--rounds R] [OPTIONS OF PREDICT ...]

For each input and round: the expected seconds with their interval, the seconds of the run, and how far apart these are. S is the number of
reads (40,000 by default: half a minute of a core with the embedded model); contigs and mix have about as many open frames. Estimate and run follow each
other, so that another load of the machine meets both.
"""
import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BASES = "ACGT"


def random_bases(rng, length):
    return "".join(rng.choices(BASES, k=length))


def open_bases(rng, length):
    """Codons without a stop in one frame: their first base is no T."""
    return "".join(rng.choice("ACG") + rng.choice(BASES) + rng.choice(BASES) for _ in range(length // 3))


def write_reads(file, rng, count):
    for i in range(count):
        file.write(f">read{i}\n{random_bases(rng, 150)}\n")


def write_contigs(file, rng, chunks):
    """Lengths as of an assembly, many short and few long; a third has an open frame throughout."""
    i = 0
    while chunks > 0:
        length = min(60000, int(rng.paretovariate(1.2) * 400))
        make = open_bases if rng.random() < 0.34 else random_bases
        file.write(f">contig{i}\n{make(rng, length)}\n")
        chunks -= length // 500 + 1
        i += 1


def seconds_of(command):
    begin = time.monotonic()
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stderr}")
    return time.monotonic() - begin, result.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--size", type=int, default=40000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", default="20")
    arguments, options = parser.parse_known_args()
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        rng = random.Random(21)
        with open(folder / "reads.fa", "w") as file:
            write_reads(file, rng, arguments.size)
        with open(folder / "contigs.fa", "w") as file:
            write_contigs(file, rng, arguments.size // 3)
        with open(folder / "mix.fa", "w") as file:
            write_contigs(file, rng, arguments.size // 6)
            write_reads(file, rng, arguments.size // 2)
        print("input\texpected\tlow\thigh\trun\tdifference\twithin")
        for _ in range(arguments.rounds):
            for name in ("reads", "contigs", "mix"):
                path = folder / f"{name}.fa"
                quiet = ["--quiet", "--no-progress", *options]
                _, table = seconds_of([arguments.program, "estimate", path, "--seconds", arguments.seconds, *quiet])
                row = next(line for line in table.splitlines() if line.startswith("seconds\t"))
                expected, low, high = map(float, row.split("\t")[1:])
                run, _ = seconds_of([arguments.program, "predict", path, "-o", folder / "out", "--force", *quiet])
                difference = expected / run - 1
                worst = max(worst, abs(difference))
                print(f"{name}\t{expected:.1f}\t{low:.1f}\t{high:.1f}\t{run:.1f}\t{difference:+.1%}\t{'yes' if low <= run <= high else 'no'}", flush=True)
    print(f"largest difference: {worst:.1%}")


main()
