"""Labelled genomes: read from gzipped FASTA, packed at two bits a base, loaded again.

A corpus folder holds `train/*.fa.gz`, `dev/*.fa.gz`, `genomes_train.tsv` and `genomes_dev.tsv`, and may hold
`extra/*.fa.gz` with `extra/genomes_extra.tsv`: more genomes, and host transcripts. Transcripts of the genera of
DEV_TRANSCRIPTS belong to dev, everything else there to train. A FASTA header is `>g<genome>_<contig> <source>`.
"""

import csv
import gzip
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

N_CODE = 4
GENOMIC_GROUPS = ["viral", "bacteria", "archaea", "plasmid", "organelle", "vertebrate", "plant",
                  "fungi", "invertebrate", "protozoa"]
TRANSCRIPTS = "_transcripts"  # ends the name of the group of a kingdom's transcripts, coding sequences and exons
GROUPS = GENOMIC_GROUPS + [g + TRANSCRIPTS for g in GENOMIC_GROUPS[5:]]
# Genera whose transcripts judge and never train; the genomes of these genera do not train either.
DEV_TRANSCRIPTS = {
    "vertebrate": {"Bos", "Anguilla", "Python", "Lates", "Syngnathus", "Osteoglossum"},
    "plant": {"Zea", "Gossypium", "Carthamus", "Ipomoea", "Phytolacca", "Nolina"},
    "fungi": {"Schizosaccharomyces"},
    "invertebrate": {"Solenopsis", "Hymenoptera"},  # the second is one row of several genera of the order
    "protozoa": {"Emiliania", "Fragilariopsis", "Karenia", "Goniomonas", "Lingulodinium", "Micromonas"},
}
PIECE = 20000
NO_FAMILY = ("", "unclassified", "Unknown")

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
    family_name: np.ndarray    # str [families]; of the other groups, the group


def table_rows(folder, split):
    """Rows of the genomes of a split ("train" or "dev"), each with its FASTA files' folder; `group` names transcripts apart."""
    rows = []
    for name, files in ((f"genomes_{split}.tsv", split), ("extra/genomes_extra.tsv", "extra")):
        if not (folder / name).exists():
            continue
        with open(folder / name, newline="") as f:
            for row in csv.DictReader(f, delimiter="\t"):
                kept_apart = row["genus"] in DEV_TRANSCRIPTS.get(row["group"], ())
                transcripts = row.get("molecule", "genomic") != "genomic"
                in_dev = files == "dev" or (files == "extra" and transcripts and kept_apart)
                if in_dev != (split == "dev") or (split == "train" and (kept_apart or row["family_unseen_in_train"] == "1")):
                    continue
                rows.append({**row, "files": files, "group": row["group"] + (TRANSCRIPTS if transcripts else "")})
    return rows


def read_corpus(folder, split):
    """Reads one split ("train" or "dev") of a corpus folder. A virus without a family is a family and a genus of its own."""
    folder = Path(folder)
    rows = table_rows(folder, split)
    index = {row["genome"]: i for i, row in enumerate(rows)}

    def lineage(row):
        """Names that tell families and genera apart; those of other groups are not told apart by family."""
        if row["group"] != "viral":
            return (row["group"],), (row["group"], row["genus"] or row["genome"])
        return ("viral", row["family"]), ("viral", row["family"], row["genus"] or row["genome"])

    families, genera = ({name: i for i, name in enumerate(sorted({lineage(r)[k] for r in rows}))} for k in (0, 1))
    parts, genome_of = [], []
    for files in sorted({row["files"] for row in rows}):
        for path in sorted((folder / files).glob("*.fa.gz")):
            for record in gzip.open(path, "rb").read().split(b">")[1:]:
                header, _, sequence = record.partition(b"\n")
                name = header.split()[0].decode().split("_")[0]
                if name in index:
                    parts.append(base_codes(sequence.replace(b"\n", b"")))
                    genome_of.append(index[name])
    return Corpus(
        bases=np.concatenate(parts),
        contig_start=np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64),
        contig_genome=np.array(genome_of, np.int32),
        genome_group=np.array([GROUPS.index(r["group"]) for r in rows], np.uint8),
        genome_family=np.array([families[lineage(r)[0]] for r in rows], np.int32),
        genome_genus=np.array([genera[lineage(r)[1]] for r in rows], np.int32),
        genome_name=np.array([r["genome"] for r in rows]),
        family_name=np.array([name[-1] for name in sorted(families, key=families.get)]),
    )


def keep_segments(corpus, shortest, genus_cap, seed):
    """The corpus for training: stretches without N of at least `shortest` bases, each a contig of its own.

    At most `genus_cap` genomes of a genus stay among the viruses; other stretches are cut in pieces of about PIECE bases.
    """
    rng = np.random.default_rng(seed)
    known = np.append(corpus.bases != N_CODE, False)
    edge = np.diff(np.concatenate([[0], known.view(np.int8)]))
    first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    cuts = corpus.contig_start[1:-1]
    cuts = cuts[known[cuts - 1] & known[cuts]]
    first, last = np.sort(np.concatenate([first, cuts])), np.sort(np.concatenate([last, cuts]))
    genome = corpus.contig_genome[np.searchsorted(corpus.contig_start, first, "right") - 1]

    rank, seen = np.zeros(len(corpus.genome_group), int), {}
    for g in rng.permutation(np.flatnonzero(corpus.genome_group == 0)):
        rank[g] = seen.get(corpus.genome_genus[g], 0)
        seen[corpus.genome_genus[g]] = rank[g] + 1
    keep = (last - first >= shortest) & (rank[genome] < genus_cap)
    first, last, genome = first[keep], last[keep], genome[keep]

    pieces = np.where(corpus.genome_group[genome] == 0, 1, np.maximum((last - first) // PIECE, 1))
    of = np.repeat(np.arange(len(first)), pieces)
    number = np.arange(len(of)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    size = last - first
    first, last = first[of] + size[of] * number // pieces[of], first[of] + size[of] * (number + 1) // pieces[of]
    return replace(corpus, bases=np.concatenate([corpus.bases[a:b] for a, b in zip(first, last)]),
                   contig_start=np.concatenate([[0], np.cumsum(last - first)]).astype(np.int64),
                   contig_genome=genome[of].astype(np.int32))


def contigs_within(corpus, group_mbp, seed):
    """Whether each contig is kept where a group other than the viruses may have so many million bases; chosen at random."""
    rng = np.random.default_rng([seed, 1])
    size, group = np.diff(corpus.contig_start), corpus.genome_group[corpus.contig_genome]
    within = np.ones(len(size), bool)
    for g in range(1, len(GROUPS)):
        members = rng.permutation(np.flatnonzero(group == g))
        within[members[np.cumsum(size[members]) > group_mbp * 1e6]] = False
    return within


def part(corpus, contigs):
    """A corpus of some of the contigs and of all genomes."""
    sizes = np.diff(corpus.contig_start)[contigs]
    return replace(corpus, bases=np.concatenate([corpus.bases[corpus.contig_start[c]:corpus.contig_start[c + 1]] for c in contigs]),
                   contig_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), contig_genome=corpus.contig_genome[contigs])


def joined(parts):
    """One corpus of the contigs of several that have the same genomes."""
    sizes = np.concatenate([np.diff(p.contig_start) for p in parts])
    return replace(parts[0], bases=np.concatenate([p.bases for p in parts]),
                   contig_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
                   contig_genome=np.concatenate([p.contig_genome for p in parts]))


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
        genome_genus=corpus.genome_genus, genome_name=corpus.genome_name, family_name=corpus.family_name,
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
        genome_genus=z["genome_genus"], genome_name=z["genome_name"], family_name=z["family_name"],
    )
