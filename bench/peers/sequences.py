"""Open reading frames for the comparisons: chunks and frames as docs/explanation/numerics.md defines them, drawn from genomes.

    python sequences.py GENOMES OUT.fa.xz --bases 11000000        a part of the genomes that is small enough to carry
"""
import argparse
import bisect
import gzip
import itertools
import lzma
import pathlib
import random
from dataclasses import dataclass

AMINO = dict(zip((a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"),
                 "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"))
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Orf:
    name: str  # <record>_chunk_<n><frame>, as in the program's results
    nucleotides: str
    protein: str


def read_fasta(path):
    """(id, bases) of every record; plain, .gz or .xz."""
    opener = {".gz": gzip.open, ".xz": lzma.open}.get(pathlib.Path(path).suffix, open)
    with opener(path, "rt") as lines:
        name, parts = None, []
        for line in lines:
            if line.startswith(">"):
                if name is not None:
                    yield name, "".join(parts)
                name, parts = line[1:].split(None, 1)[0], []
            else:
                parts.append(line.strip())
        if name is not None:
            yield name, "".join(parts)


def write_fasta(records, path):
    with open(path, "w") as file:
        for name, bases in records:
            file.write(f">{name}\n{bases}\n")


def chunk_bounds(n, length):
    """(start, end) of the chunks of a record of n bases."""
    count = -(-n // length)
    if count == 0:
        return
    surplus = count * length - n
    step = surplus // count
    longer = surplus - step * (count - 1)
    shift = 0
    for i in range(count):
        start = i * length - shift
        yield start, min(start + length, n)
        shift += step + 1 if i < longer else step


def frames(chunk):
    """(frame, nucleotides, protein) of the frames without a stop codon."""
    forward = chunk.upper()
    for strand, letter in ((forward, "F"), (forward[::-1].translate(COMPLEMENT), "R")):
        for f in range(3):
            protein = "".join(AMINO.get(strand[i : i + 3], "") for i in range(f, len(strand) - 2, 3))
            if protein and "*" not in protein:
                yield f"{letter}{f + 1}", strand[f : f + 1 + 3 * len(protein)], protein


def orfs_of(records, length):
    """Every open reading frame of the records, in the order of the program's results."""
    found = []
    for name, bases in records:
        for i, (start, end) in enumerate(chunk_bounds(len(bases), length)):
            found += [Orf(f"{name}_chunk_{i + 1}{frame}", nucleotides, protein)
                      for frame, nucleotides, protein in frames(bases[start:end])]
    return found


def genome_files(place):
    """The FASTA files in a folder, or the file itself."""
    place = pathlib.Path(place)
    if place.is_file():
        return [place]
    files = sorted(p for p in place.glob("*") if ".fa" in p.suffixes or ".fasta" in p.suffixes)
    if not files:
        raise SystemExit(f"{place}: no FASTA file (.fa, .fa.gz, .fa.xz) to draw sequences from. Name one with --genomes")
    return files


def sample(place, length, count, seed):
    """Records of one chunk each that have exactly `count` frames in all, no two of them equal.

    A file is drawn first, then a chunk among all of its chunks, so that small groups of organisms count as much as large ones. Equal
    frames are left out because the program embeds them once and the others would embed them each time.
    """
    draw = random.Random(seed)
    groups = []
    for path in genome_files(place):
        contigs = list(read_fasta(path))
        ends = list(itertools.accumulate(-(-len(bases) // length) for _, bases in contigs))
        groups.append((contigs, ends))
    records, seen, tries = [], set(), 0
    while len(seen) < count:
        tries += 1
        if tries > 100 * count + 10000:
            raise SystemExit(f"{place}: only {len(seen)} different open reading frames found, {count} wanted")
        contigs, ends = draw.choice(groups)
        at = draw.randrange(ends[-1])
        name, bases = contigs[bisect.bisect_right(ends, at)]
        start, end = draw.choice(list(chunk_bounds(len(bases), length)))
        found = {(nucleotides, protein) for _, nucleotides, protein in frames(bases[start:end])}
        if not found or found & seen or len(seen) + len(found) > count:
            continue
        seen |= found
        records.append((f"{len(records)}_{name}_{start}", bases[start:end]))
    return records


def token_batches(lengths, budget):
    """Indices sorted by length, in batches of at most `budget` tokens, padding included; a longer sequence is a batch by itself."""
    batches, batch = [], []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[i] * (len(batch) + 1) > budget:
            batches.append(batch)
            batch = []
        batch.append(i)
    return batches + [batch] if batch else batches


def excerpt(place, bases, seed, window=3000):
    """About `bases` bases in whole windows, from each file as many until it has no more. 3000 is a multiple of both chunk lengths."""
    draw = random.Random(seed)
    groups = []
    for path in genome_files(place):
        windows = [(f"{name}_{start}", contig[start : start + window]) for name, contig in read_fasta(path)
                   for start in range(0, len(contig) - window + 1, window)]
        draw.shuffle(windows)
        groups.append(windows)
    rounds = (one for layer in itertools.zip_longest(*groups) for one in layer if one is not None)
    return list(itertools.islice(rounds, bases // window))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genomes", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--bases", type=int, default=11_000_000, help="11,000,000 become 3 MB")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with lzma.open(arguments.out, "wt", preset=9) as file:
        for name, bases in excerpt(arguments.genomes, arguments.bases, arguments.seed):
            file.write(f">{name}\n{bases}\n")


if __name__ == "__main__":
    main()
