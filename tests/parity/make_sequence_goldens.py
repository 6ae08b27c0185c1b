#!/usr/bin/env python3
"""Writes the golden files of tests/unit/sequence: records, their chunks, their frames and runs.

An independent, plain reading of the specification (chunks, six frames, longest runs), without any
library: strings, slices and a dictionary of codons. Run it from anywhere; the output is the same
each time.
"""

import gzip
import hashlib
import math
import random
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data" / "sequence"
LENGTHS = (300, 500)
STOPS = ("TAA", "TAG", "TGA")


def genetic_code():
    bases = "TCAG"
    amino = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
    triplets = [a + b + c for a in bases for b in bases for c in bases]
    return dict(zip(triplets, amino))


CODE = genetic_code()

# NCBI's other codes (https://www.ncbi.nlm.nih.gov/Taxonomy/Utils/wprintgc.cgi) by what differs from
# the standard one, as its sections "Differences from the Standard Code" list it.
DIFFERENCES = {
    1: "",
    2: "AGA=* AGG=* ATA=M TGA=W",
    3: "ATA=M CTT=T CTC=T CTA=T CTG=T TGA=W",
    4: "TGA=W",
    5: "AGA=S AGG=S ATA=M TGA=W",
    6: "TAA=Q TAG=Q",
    9: "AAA=N AGA=S AGG=S TGA=W",
    10: "TGA=C",
    11: "",
    12: "CTG=S",
    13: "AGA=G AGG=G ATA=M TGA=W",
    14: "AAA=N AGA=S AGG=S TAA=Y TGA=W",
    15: "TAG=Q",
    16: "TAG=L",
    21: "TGA=W ATA=M AGA=S AGG=S AAA=N",
    22: "TCA=* TAG=L",
    23: "TTA=*",
    24: "AGA=S AGG=K TGA=W",
    25: "TGA=G",
    26: "CTG=A",
    27: "TAG=Q TAA=Q TGA=W",
    28: "TAA=Q TAG=Q TGA=W",
    29: "TAA=Y TAG=Y",
    30: "TAA=E TAG=E",
    31: "TGA=W TAA=E TAG=E",
    32: "TAG=W",
    33: "TAA=Y TGA=W AGA=S AGG=K",
}


def code_of(number):
    code = dict(CODE)
    code.update(item.split("=") for item in DIFFERENCES[number].split())
    return code


PAIR = {"A": "T", "T": "A", "C": "G", "G": "C"}


def chunk_ranges(n, expected):
    """Start and end of each chunk; the surplus is divided by the number of chunks."""
    if n == 0:
        return []
    k = math.ceil(n / expected)
    surplus = k * expected - n
    q = surplus // k
    m = surplus - q * (k - 1)
    steps = [q + 1 if i < m else q for i in range(k - 1)] + [0]
    ranges, shift = [], 0
    for i in range(k):
        start = i * expected - shift
        ranges.append((start, min(start + expected, n)))
        shift += steps[i]
    return ranges


def frames(chunk, code=CODE):
    """(frame, nucleotides, protein) of every frame that is not empty and has no stop."""
    forward = chunk.upper()
    backward = "".join(PAIR.get(base, base) for base in reversed(forward))
    found = []
    for strand, letter in ((forward, "F"), (backward, "R")):
        for f in range(3):
            codons = [strand[i : i + 3] for i in range(f, len(strand) - 2, 3)]
            protein = "".join(code.get(codon, "") for codon in codons)
            if protein and "*" not in protein:
                nucleotides = strand[f : f + 1 + 3 * len(protein)]
                found.append((f"{letter}{f + 1}", nucleotides, protein))
    return found


def longest_runs(chunk, code, count, least):
    """[frame, start, end, nucleotides, protein] of the longest stop-free runs, in frame order.

    Each is of another frame: codons without a stop, from one with an amino acid to one with an
    amino acid. The longest has the most amino acids, then the earlier frame, then the smaller
    start in the chunk.
    """
    forward = chunk.upper()
    backward = "".join(PAIR.get(base, base) for base in reversed(forward))
    candidates = []
    for order, name in enumerate(("F1", "F2", "F3", "R1", "R2", "R3")):
        strand = forward if order < 3 else backward
        begins = range(order % 3, len(strand) - 2, 3)
        letters = [code.get(strand[i : i + 3], "-") for i in begins]
        of_frame, at = [], 0
        for piece in "".join(letters).split("*"):
            first = at + len(piece) - len(piece.lstrip("-"))
            last = at + len(piece.rstrip("-"))
            at += len(piece) + 1
            if last <= first:
                continue
            a, b = order % 3 + 3 * first, order % 3 + 3 * last
            start, end = (a, b) if order < 3 else (len(strand) - b, len(strand) - a)
            protein = piece.replace("-", "")
            of_frame.append((-len(protein), order, start, end, name, strand[a:b], protein))
        candidates += sorted(of_frame)[:1]
    best = [c for c in sorted(candidates) if -3 * c[0] >= least][:count]
    return [(c[4], c[2], c[3], c[5], c[6]) for c in sorted(best, key=lambda c: c[1])]


def coding(rng, n):
    """n bases without a stop in the first frame."""
    codons = [codon for codon in CODE if codon not in STOPS]
    return "".join(rng.choice(codons) for _ in range(n // 3 + 1))[:n]


def dirty(rng, bases):
    letters = list(bases)
    for _ in range(max(1, len(letters) // 100)):
        letters[rng.randrange(len(letters))] = rng.choice("NRYSWKMBDHVXUnryswkm")
    if len(letters) > 40 and rng.random() < 0.5:
        at = rng.randrange(len(letters) - 30)
        letters[at : at + 30] = "N" * 30
    return "".join(letters)


def mixed_case(rng, bases):
    return "".join(b.lower() if rng.random() < 0.3 else b for b in bases)


def make_records():
    rng = random.Random(20240607)
    sizes = list(range(1, 13)) + [59, 60, 61, 62, 63, 64, 65, 90, 150, 151]
    for expected in LENGTHS:
        for multiple in (1, 2, 3, 5):
            sizes += [expected * multiple + d for d in (-1, 0, 1, 2)]
    sizes += [1713, 6000, 5999, 4567]
    sizes += [rng.randrange(1, 2500) for _ in range(60)]
    records = []
    for number, size in enumerate(sizes + sizes[:74]):
        bases = coding(rng, size) if number % 3 else "".join(rng.choices("ACGT", k=size))
        if number % 4 == 1:
            bases = dirty(rng, bases)
        if number % 5 == 2:
            bases = mixed_case(rng, bases)
        if number % 7 == 3:  # open frames on the other strand
            bases = "".join(PAIR.get(base, base) for base in reversed(bases))
        records.append((f"r{number}", bases))
    for name, bases in (
        ("poly_a", "A" * 777),
        ("all_n", "N" * 640),
        ("iupac_palindrome", "ATGRYN" * 120),
        ("stops", "TAATAGTGA" * 70),
        ("alternating_n", "ACGNCC" * 101),
        ("gaps", ("ATG-CC*GC." * 40)),
    ):
        records.append((name, bases))
    return records


def digest(text):
    """Short strings are readable in the golden file, long ones are 16 digits of their SHA-256."""
    if len(text) <= 16:
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main():
    DATA.mkdir(parents=True, exist_ok=True)
    records = make_records()
    fasta = "".join(
        f">{name} length={len(bases)}\n"
        + "".join(bases[i : i + 70] + "\n" for i in range(0, len(bases), 70))
        for name, bases in records
    )
    with open(DATA / "golden_records.fa.gz", "wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
            packed.write(fasta.encode())
    lines = []
    for expected in LENGTHS:
        lines.append(f"L\t{expected}")
        for name, bases in records:
            for i, (start, end) in enumerate(chunk_ranges(len(bases), expected)):
                chunk_id = f"{name}_chunk_{i + 1}"
                lines.append(f"{chunk_id}\t{start}\t{end}")
                for frame, nucleotides, protein in frames(bases[start:end]):
                    lines.append(
                        f"{chunk_id}{frame}\t{len(nucleotides)}\t{digest(nucleotides)}"
                        f"\t{len(protein)}\t{digest(protein)}"
                    )
    (DATA / "golden_frames.tsv").write_text("".join(line + "\n" for line in lines))
    write_runs(records)


def write_runs(records):
    """The two longest runs of at least 60 bases of every chunk of 300 without an open frame.

    Of every fifth record, in every code, so that the file stays small.
    """
    lines = []
    for number in DIFFERENCES:
        code = code_of(number)
        lines.append(f"code\t{number}")
        for name, bases in records[::5]:
            for i, (start, end) in enumerate(chunk_ranges(len(bases), 300)):
                chunk = bases[start:end]
                if frames(chunk, code):
                    continue
                for frame, a, b, nucleotides, protein in longest_runs(chunk, code, 2, 60):
                    lines.append(
                        f"{name}_chunk_{i + 1}{frame}\t{start + a}\t{start + b}"
                        f"\t{digest(nucleotides)}\t{digest(protein)}"
                    )
    (DATA / "golden_runs.tsv").write_text("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
