"""How well regions.bed finds prophages: phages planted into bacteria at known places.

    python planted_prophages.py plant --corpus DIR --out SET [--split dev] [--host-mbp 12] [--seed 1]
    virnucpro predict SET/planted.fa -o RUN
    python planted_prophages.py judge --set SET --run RUN

`plant` joins the contigs of each bacterium into one record (the corpus holds windows of genomes) and puts whole phage genomes of 10 to
50 kb, or pieces of 50 kb of longer ones, either way round, into it: one for each 150 kb, each at least 10 kb away from the next and from
the ends. SET/planted.bed has their places. `judge` prints how many are found and how exactly, and how many regions there are elsewhere.
Hosts may hold diverged prophages that the corpus has not masked: they count as false here.
"""

import argparse
import csv
import gzip
from pathlib import Path

import numpy as np

from corpus import table_rows
from fragments import PHAGES

LEAST, MOST = 10_000, 50_000   # bases of what is planted: the sizes of most prophages
LEAST_HOST = 100_000           # bases of a host
SPACING = 150_000              # bases of host for each planted one: bacteria have some 2 per Mbp; more would waste computing
APART = 10_000                 # bases between planted ones, and to the ends
_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def read_genomes(corpus, split, group, wanted):
    """Contigs of the wanted genomes: (genome, bases)."""
    with gzip.open(Path(corpus) / split / f"{group}.fa.gz", "rt") as f:
        name, parts = None, []
        for line in f:
            if line.startswith(">"):
                if name in wanted:
                    yield name, "".join(parts)
                name, parts = line[1:].split("_")[0], []
            elif name in wanted:
                parts.append(line.strip())
        if name in wanted:
            yield name, "".join(parts)


def draw_piece(rng, bases):
    """The genome, or 50 kb of it, either way round."""
    if len(bases) > MOST:
        start = int(rng.integers(len(bases) - MOST + 1))
        bases = bases[start:start + MOST]
    return bases if rng.random() < 0.5 else bases.translate(_COMPLEMENT)[::-1]


def draw_places(rng, length, count):
    """Sorted places, APART from each other and from the ends."""
    free = length - (count + 1) * APART
    return np.sort(rng.integers(free + 1, size=count)) + APART * np.arange(1, count + 1)


def plant(args):
    rng = np.random.default_rng(args.seed)
    rows = [r for r in table_rows(Path(args.corpus), args.split) if r["files"] == args.split]
    phages = {r["genome"]: r for r in rows if r["family"] in PHAGES and int(r["bp"]) >= LEAST and int(r["n_seq"]) == 1}
    hosts = [r["genome"] for r in rows if r["group"] == "bacteria"]
    joined = {}
    for genome, bases in read_genomes(args.corpus, args.split, "bacteria", set(hosts)):
        joined[genome] = joined.get(genome, "") + bases
    chosen = [(g, joined[g]) for g in rng.permutation(sorted(joined)) if len(joined[g]) >= LEAST_HOST]
    pool = [(g, b) for g, b in read_genomes(args.corpus, args.split, "viral", set(phages)) if len(b) >= LEAST]
    pool = [pool[i] for i in rng.permutation(len(pool))]
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    total = used = 0
    with open(out / "planted.fa", "w") as fasta, open(out / "planted.bed", "w") as bed:
        for genome, bases in chosen:
            if total >= args.host_mbp * 1e6:
                break
            total += len(bases)
            count = max(1, len(bases) // SPACING)
            name, parts, at, before = genome, [], 0, 0
            for place in draw_places(rng, len(bases), count):
                phage, piece = pool[used % len(pool)]
                piece = draw_piece(rng, piece)
                used += 1
                parts += [bases[before:place], piece]
                at += place - before
                print(name, at, at + len(piece), f"{phage}:{phages[phage]['family']}", sep="\t", file=bed)
                at += len(piece)
                before = place
            text = "".join([*parts, bases[before:]])
            print(f">{name}", *(text[i:i + 80] for i in range(0, len(text), 80)), sep="\n", file=fasta)
    print(f"{used} planted (of {len(pool)} phages) into {total / 1e6:.1f} Mbp of bacteria")


def read_bed(path):
    """Intervals by record: (start, end), and the rest of the row."""
    found = {}
    with open(path) as f:
        for row in csv.reader((line for line in f if not line.startswith("#")), delimiter="\t"):
            found.setdefault(row[0], []).append((int(row[1]), int(row[2]), row[3:]))
    return found


def overlap(a, b):
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def figures(truth, regions, chunk, host_bases):
    """Of every planted one: the share covered, whether one region has both of its boundaries within a chunk, and how many regions it is cut into."""
    covered, exact, pieces, errors = [], [], [], []
    false = false_bases = 0
    for record, planted in truth.items():
        for t in planted:
            own = [r for r in regions.get(record, []) if overlap(t, r)]
            covered.append(sum(overlap(t, r) for r in own) / (t[1] - t[0]))
            exact.append(any(abs(r[0] - t[0]) <= chunk and abs(r[1] - t[1]) <= chunk for r in own))
            pieces.append(len(own))
            if own:
                errors += [abs(min(r[0] for r in own) - t[0]), abs(max(r[1] for r in own) - t[1])]
    for record, found in regions.items():
        for r in found:
            if not any(overlap(t, r) for t in truth.get(record, [])):
                false += 1
                false_bases += r[1] - r[0]
    covered, errors = np.array(covered), np.array(errors if errors else [0])
    return {"planted": len(covered), "found": float((covered >= 0.5).mean()), "touched": float((covered > 0).mean()),
            "covered": float(covered.mean()), "both_boundaries": float(np.mean(exact)),
            "boundaries": float((errors <= chunk).sum() / (2 * len(covered))), "median_error": float(np.median(errors)),
            "whole": float((np.array(pieces) == 1).mean()), "false_per_mbp": false / host_bases * 1e6,
            "false_bases": false_bases / host_bases}


def figures_text(f, chunk):
    return (f"{f['planted']} planted: {100 * f['found']:.1f} % found (half of the bases or more), {100 * f['touched']:.1f} % touched, "
            f"{100 * f['covered']:.1f} % of the bases; in one region {100 * f['whole']:.1f} %\n"
            f"both boundaries within {chunk} bases: {100 * f['both_boundaries']:.1f} % of all planted; single boundaries {100 * f['boundaries']:.1f} %, "
            f"median error {f['median_error']:.0f} bases\n"
            f"elsewhere: {f['false_per_mbp']:.2f} regions per Mbp of host, {100 * f['false_bases']:.2f} % of its bases")


def judge(args):
    truth, regions = read_bed(Path(args.set) / "planted.bed"), read_bed(Path(args.run) / "regions.bed")
    with open(Path(args.run) / "contigs.tsv", newline="") as f:
        total = sum(int(row["length"]) for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    host = total - sum(end - start for planted in truth.values() for start, end, _ in planted)
    regions = {record: [r for r in found if int(r[2][1]) >= 1000 * args.probability] for record, found in regions.items()}
    print(figures_text(figures(truth, regions, args.chunk, host), args.chunk))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    planting = commands.add_parser("plant")
    planting.add_argument("--corpus", required=True)
    planting.add_argument("--out", required=True)
    planting.add_argument("--split", default="dev")
    planting.add_argument("--host-mbp", type=float, default=12)
    planting.add_argument("--seed", type=int, default=1)
    planting.set_defaults(work=plant)
    judging = commands.add_parser("judge")
    judging.add_argument("--set", required=True)
    judging.add_argument("--run", required=True)
    judging.add_argument("--chunk", type=int, default=500, help="bases that a boundary may be off")
    judging.add_argument("--probability", type=float, default=0.0, help="leave out regions below this probability")
    judging.set_defaults(work=judge)
    args = parser.parse_args()
    args.work(args)


if __name__ == "__main__":
    main()
