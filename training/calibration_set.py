"""Draws labelled records of a corpus' dev genomes, as FASTA and a table of labels, to calibrate and to judge a bundle on.

    python calibration_set.py --corpus DIR --out SET
    virnucpro predict SET/pieces.fa --bundle BUNDLE --expected-length 500 -o run
    virnucpro calibrate run --labels SET/labels.tsv --bundle BUNDLE -o CALIBRATED
    python calibration_set.py --corpus DIR --lengths 300,500,1000,3000,2000-10000 --per-half 2000 --seed 2 --out JUDGED

An id is p<lengths>.<number>_<genome>. The group of a virus is its family, that of host transcripts of all kingdoms is
one, so that together they weigh as much as another group in a calibration.
"""

import argparse
from pathlib import Path

import numpy as np

import corpus as genomes
from corpus import GROUPS, N_CODE, TRANSCRIPTS
from fragments import TRANSCRIPT_SHARE, genome_weights

CHUNKS_AND_LONGER = "150-600,600-20000"  # half of the pieces are chunk-sized, half longer, both log-uniform


def draw_pieces(corpus, per_half, low, high, seed):
    """Pieces with at most 5 % N: (genome, group, start, end), half viral, the others spread over the groups present.

    Their lengths are log-uniform from `low` to `high`, less where a contig is shorter; contigs under `low` give none.
    """
    rng = np.random.default_rng([seed, low, high])
    weight = genome_weights(corpus)
    size = np.diff(corpus.contig_start)
    long_enough = np.isin(np.arange(len(weight)), corpus.contig_genome[size >= low])
    others = [g for g in np.unique(corpus.genome_group[long_enough]) if g != 0]
    share = np.array([TRANSCRIPT_SHARE if GROUPS[g].endswith(TRANSCRIPTS) else 1.0 for g in others])
    pieces = []
    for group, count in [(0, per_half), *zip(others, (per_half * share / share.sum()).astype(int))]:
        wanted = weight * (corpus.genome_group == group) * long_enough
        taken = 0
        while taken < count:
            genome = rng.choice(len(wanted), p=wanted / wanted.sum())
            contigs = np.flatnonzero((corpus.contig_genome == genome) & (size >= low))
            contig = rng.choice(contigs, p=size[contigs] / size[contigs].sum())
            length = min(round(np.exp(rng.uniform(np.log(low), np.log(high)))), int(size[contig]))
            start = int(corpus.contig_start[contig] + rng.integers(size[contig] - length + 1))
            if (corpus.bases[start: start + length] == N_CODE).mean() <= 0.05:
                pieces.append((genome, group, start, start + length))
                taken += 1
    return pieces


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--lengths", default=CHUNKS_AND_LONGER, help="lengths and ranges of lengths in bases, with commas")
    parser.add_argument("--per-half", type=int, default=2000, help="viruses, and others, of each of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    corpus = genomes.read_corpus(args.corpus, "dev")
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "pieces.fa", "w") as fasta, open(out / "labels.tsv", "w") as labels:
        labels.write("id\tlabel\tgroup\tsource\n")
        for lengths in args.lengths.split(","):
            low, high = (int(n) for n in (lengths.split("-") * 2)[:2])
            for i, (genome, group, start, end) in enumerate(draw_pieces(corpus, args.per_half, low, high, args.seed)):
                name = f"p{lengths}.{i}_{corpus.genome_name[genome]}"
                fasta.write(f">{name}\n{np.frombuffer(b'ACGTN', np.uint8)[corpus.bases[start:end]].tobytes().decode()}\n")
                kind = GROUPS[group]
                if group == 0:
                    kind = corpus.family_name[corpus.genome_family[genome]] or "viral"
                elif kind.endswith(TRANSCRIPTS):
                    kind = TRANSCRIPTS[1:]
                labels.write(f"{name}\t{'other' if group else 'virus'}\t{kind}\t{corpus.genome_name[genome]}\n")


if __name__ == "__main__":
    main()
