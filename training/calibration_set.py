"""Draws labelled pieces of a corpus' dev genomes, as FASTA and a table of labels, to calibrate a bundle on.

    python calibration_set.py --corpus DIR --out SET
    virnucpro predict SET/pieces.fa --bundle BUNDLE --expected-length 500 -o run
    virnucpro calibrate run --labels SET/labels.tsv --bundle BUNDLE -o CALIBRATED
"""

import argparse
from pathlib import Path

import numpy as np

import corpus as genomes
from corpus import GROUPS, N_CODE
from fragments import genome_weights

SHORT, CHUNK, LONG = 150, 600, 20000  # half of the pieces are chunk-sized, half longer, both log-uniform


def draw_pieces(corpus, per_half, seed):
    """Pieces with at most 5 % N: (genome, contig, start, end), half viral, the others spread evenly over the groups present."""
    rng = np.random.default_rng([seed, 99])
    weight = genome_weights(corpus)
    size = np.diff(corpus.contig_start)
    others = [g for g in np.unique(corpus.genome_group) if g != 0]
    pieces = []
    for group, count in [(0, per_half)] + [(g, per_half // len(others)) for g in others]:
        share = weight * (corpus.genome_group == group)
        share[np.setdiff1d(np.arange(len(share)), corpus.contig_genome[size >= SHORT])] = 0
        taken = 0
        while taken < count:
            genome = rng.choice(len(share), p=share / share.sum())
            contigs = np.flatnonzero((corpus.contig_genome == genome) & (size >= SHORT))
            contig = rng.choice(contigs, p=size[contigs] / size[contigs].sum())
            low, high = (SHORT, CHUNK) if rng.random() < 0.5 else (CHUNK, LONG)
            length = min(int(np.exp(rng.uniform(np.log(low), np.log(high)))), int(size[contig]))
            start = int(corpus.contig_start[contig] + rng.integers(size[contig] - length + 1))
            if (corpus.bases[start: start + length] == N_CODE).mean() <= 0.05:
                pieces.append((genome, group, start, start + length))
                taken += 1
    return pieces


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--per-half", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    corpus = genomes.read_corpus(args.corpus, "dev")
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    families = [r.split("\t") for r in (Path(args.corpus) / "genomes_dev.tsv").read_text().splitlines()]
    family = {r[families[0].index("genome")]: r[families[0].index("family")] for r in families[1:]}
    with open(out / "pieces.fa", "w") as fasta, open(out / "labels.tsv", "w") as labels:
        labels.write("id\tlabel\tgroup\tsource\n")
        for i, (genome, group, start, end) in enumerate(draw_pieces(corpus, args.per_half, args.seed)):
            name = corpus.genome_name[genome]
            fasta.write(f">p{i}_{name}\n{np.frombuffer(b'ACGTN', np.uint8)[corpus.bases[start:end]].tobytes().decode()}\n")
            label, kind = ("virus", family[name] or "viral") if group == 0 else ("other", GROUPS[group])
            labels.write(f"p{i}_{name}\t{label}\t{kind}\t{name}\n")


if __name__ == "__main__":
    main()
