"""Labelled genomes: read from gzipped FASTA, packed at two bits a base, loaded again.

A corpus folder holds `train/*.fa.gz`, `dev/*.fa.gz`, `genomes_train.tsv` and `genomes_dev.tsv`;
a FASTA header is `>g<genome>_<contig> <source>`.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

N_CODE = 4
GROUPS = ["viral", "bacteria", "archaea", "plasmid", "organelle", "vertebrate", "plant",
          "fungi", "invertebrate", "protozoa"]
STOP_CODONS = ("TAA", "TAG", "TGA")
STOP_CODONS_REVERSED = ("TTA", "CTA", "TCA")

_CODE = np.full(256, N_CODE, np.uint8)
for _i, _base in enumerate(b"ACGT"):
    _CODE[_base] = _i


def base_codes(letters):
    """Codes of upper-case bases (bytes): A C G T = 0..3, anything else 4."""
    return _CODE[np.frombuffer(letters, np.uint8)]


@dataclass
class Corpus:
    """Genomes as one array of base codes (A C G T = 0..3, anything else 4)."""

    bases: np.ndarray          # uint8 [total]
    contig_start: np.ndarray   # int64 [contigs + 1]
    contig_genome: np.ndarray  # int32 [contigs]
    genome_group: np.ndarray   # uint8 [genomes], index into GROUPS
    genome_family: np.ndarray  # int32 [genomes], id of the family
    genome_genus: np.ndarray   # int32 [genomes], id of the genus
    genome_name: np.ndarray    # str [genomes]


def read_corpus(folder, split):
    """Reads one split ("train" or "dev") of a corpus folder."""
    folder = Path(folder)
    with open(folder / f"genomes_{split}.tsv", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    index = {row["genome"]: i for i, row in enumerate(rows)}
    families = {name: i for i, name in enumerate(sorted({(r["group"], r["family"]) for r in rows}))}
    genera = {name: i for i, name in enumerate(sorted({(r["group"], r["family"], r["genus"]) for r in rows}))}
    parts, genome_of = [], []
    for path in sorted((folder / split).glob("*.fa.gz")):
        for record in gzip.open(path, "rb").read().split(b">")[1:]:
            header, _, sequence = record.partition(b"\n")
            name = header.split()[0].decode().split("_")[0]
            parts.append(base_codes(sequence.replace(b"\n", b"")))
            genome_of.append(index[name])
    return Corpus(
        bases=np.concatenate(parts),
        contig_start=np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64),
        contig_genome=np.array(genome_of, np.int32),
        genome_group=np.array([GROUPS.index(r["group"]) for r in rows], np.uint8),
        genome_family=np.array([families[r["group"], r["family"]] for r in rows], np.int32),
        genome_genus=np.array([genera[r["group"], r["family"], r["genus"]] for r in rows], np.int32),
        genome_name=np.array([r["genome"] for r in rows]),
    )


def stop_free_runs(corpus, min_codons):
    """Maximal stop-free, N-free runs of codons on both strands, within contigs.

    Returns start (int64, forward coordinate of the leftmost base), length in codons (int32) and
    strand (bool, True for the reverse strand), ordered by start.
    """
    b = corpus.bases
    codon_broken = (b[:-2] == N_CODE) | (b[1:-1] == N_CODE) | (b[2:] == N_CODE)
    ends = corpus.contig_start[1:-1]
    codon_broken[ends - 1] = True
    codon_broken[ends - 2] = True
    code = b[:-2] * np.uint8(16) + b[1:-1] * np.uint8(4) + b[2:]
    starts, lengths, strands = [], [], []
    for reverse, stops in ((False, STOP_CODONS), (True, STOP_CODONS_REVERSED)):
        is_stop = np.zeros(256, bool)
        for stop in stops:
            is_stop[sum(int(_CODE[ord(c)]) * 4 ** (2 - i) for i, c in enumerate(stop))] = True
        open_codon = ~(codon_broken | is_stop[code])
        for phase in range(3):
            edge = np.diff(np.concatenate([[0], open_codon[phase::3].view(np.int8), [0]]))
            first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
            # No codon spans two contigs that meet in phase, so a run must be cut there.
            cut = (ends[(ends - phase) % 3 == 0] - phase) // 3
            cut = cut[(cut > 0) & (cut < len(edge) - 1)]
            row = open_codon[phase::3]
            cut = cut[row[cut - 1] & row[cut]]
            first, last = np.sort(np.concatenate([first, cut])), np.sort(np.concatenate([last, cut]))
            keep = last - first >= min_codons
            starts.append(first[keep] * 3 + phase)
            lengths.append((last - first)[keep].astype(np.int32))
            strands.append(np.full(keep.sum(), reverse))
    start, length, strand = (np.concatenate(x) for x in (starts, lengths, strands))
    order = np.argsort(start, kind="stable")
    return start[order].astype(np.int64), length[order], strand[order]


def keep_reading_frames(corpus, min_codons, genus_cap, genome_kb, group_mbp, seed):
    """A smaller corpus for training: only the bases inside stop-free runs of `min_codons` or more.

    At most `genus_cap` genomes of a genus stay among the viruses, each with little more than `genome_kb` thousand
    bases (genomes are drawn with weights that do not know their size); a non-viral group keeps at most `group_mbp`
    million bases. Segments are kept whole and chosen at random.
    """
    rng = np.random.default_rng(seed)
    start, length, _ = stop_free_runs(corpus, min_codons)
    cover = np.zeros(len(corpus.bases) + 1, np.int32)
    np.add.at(cover, start, 1)
    np.add.at(cover, start + 3 * length.astype(np.int64), -1)
    inside = np.cumsum(cover[:-1]) > 0
    # A segment may not run from one contig into the next.
    edge = np.diff(np.concatenate([[0], inside.view(np.int8), [0]]))
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    cuts = corpus.contig_start[1:-1]
    cuts = cuts[inside[cuts - 1] & inside[cuts]]
    first, last = np.sort(np.concatenate([first, cuts])), np.sort(np.concatenate([last, cuts]))
    genome = corpus.contig_genome[np.searchsorted(corpus.contig_start, first, "right") - 1]

    keep = np.ones(len(first), bool)
    viral_genomes = np.flatnonzero(corpus.genome_group == 0)
    rank = np.zeros(len(corpus.genome_group), int)
    seen = {}
    for g in rng.permutation(viral_genomes):
        genus = corpus.genome_genus[g]
        rank[g] = seen.get(genus, 0)
        seen[genus] = rank[g] + 1
    keep &= rank[genome] < genus_cap
    shuffled = rng.permutation(len(first))
    shuffled = shuffled[np.argsort(genome[shuffled], kind="stable")]
    before = np.cumsum((last - first)[shuffled]) - (last - first)[shuffled]
    before -= before[np.searchsorted(genome[shuffled], genome[shuffled])]
    too_many = shuffled[before > genome_kb * 1e3]
    keep[too_many] &= corpus.genome_group[genome[too_many]] != 0
    group = corpus.genome_group[genome]
    for g in range(1, len(GROUPS)):
        segments = rng.permutation(np.flatnonzero(group == g))
        total = np.cumsum((last - first)[segments])
        keep[segments[total > group_mbp * 1e6]] = False
    first, last, genome = first[keep], last[keep], genome[keep]
    sizes = last - first
    return Corpus(
        bases=np.concatenate([corpus.bases[a:b] for a, b in zip(first, last)]),
        contig_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        contig_genome=genome.astype(np.int32),
        genome_group=corpus.genome_group, genome_family=corpus.genome_family,
        genome_genus=corpus.genome_genus, genome_name=corpus.genome_name,
    )


def save(corpus, path):
    """Writes a corpus at two bits a base, with the intervals of N beside it."""
    is_n = corpus.bases == N_CODE
    edge = np.diff(np.concatenate([[0], is_n.view(np.int8), [0]]))
    first = np.flatnonzero(edge == 1)
    quads = np.where(is_n, 0, corpus.bases)
    quads = np.concatenate([quads, np.zeros(-len(quads) % 4, np.uint8)]).reshape(-1, 4)
    np.savez(
        path,
        packed=(quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6).astype(np.uint8),
        total=len(corpus.bases),
        n_start=first, n_length=np.flatnonzero(edge == -1) - first,
        contig_size=np.diff(corpus.contig_start).astype(np.int32), contig_genome=corpus.contig_genome.astype(np.int16),
        genome_group=corpus.genome_group, genome_family=corpus.genome_family,
        genome_genus=corpus.genome_genus, genome_name=corpus.genome_name,
    )


def load(path):
    """Reads what `save` wrote."""
    z = np.load(path)
    packed = z["packed"]
    bases = np.stack([packed & 3, packed >> 2 & 3, packed >> 4 & 3, packed >> 6], axis=1).reshape(-1)[: int(z["total"])]
    bases = np.ascontiguousarray(bases)
    for a, n in zip(z["n_start"], z["n_length"]):
        bases[a:a + n] = N_CODE
    return Corpus(
        bases=bases,
        contig_start=np.concatenate([[0], np.cumsum(z["contig_size"], dtype=np.int64)]),
        contig_genome=z["contig_genome"].astype(np.int32),
        genome_group=z["genome_group"], genome_family=z["genome_family"],
        genome_genus=z["genome_genus"], genome_name=z["genome_name"],
    )
