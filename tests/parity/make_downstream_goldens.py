#!/usr/bin/env python3
"""Writes what pipelines expect of a run: the published tool's tables in their v2.0 form, and calls of contigs with tiers.

    python3 tests/parity/make_downstream_goldens.py

Needs `pip install numpy` (made with 2.4.6). Written from the rules alone, not from anybody's code. Files in tests/data/downstream/:
  frames.tsv          record (from 1), name, chunk (from 1), frame, score1, score2: float32 values, with all their digits
  prediction_results.txt, prediction_results_highestscore.csv, contig_tiers.tsv   of these frames
  lenient_tiers.tsv   the tiers by the thresholds in LENIENT
  alignments.sam      reads aligned to these contigs and to one without a call, names in any order
  reads.tsv           their labels, in order of first appearance
"""
import csv
import io
import math
import pathlib
import random

import numpy as np

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "downstream"
FRAMES = ["F1", "F2", "F3", "R1", "R2", "R3"]
USUAL = dict(chunks=5, viral=0.1, nonviral=0.1, confident=0.8, opposing=0.3, ambiguous=0.7, delta=0.3, high=0.6)
LENIENT = dict(chunks=2, viral=0.02, nonviral=0.25, confident=0.6, opposing=0.45, ambiguous=0.55, delta=0.1, high=0.2)


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if '"' in text else text


def natural(name):
    """Digits as numbers, the rest in lower case."""
    parts, digits = [""], False
    for letter in name:
        if letter.isdigit() != digits:
            parts.append("")
            digits = not digits
        parts[-1] += letter
    return [(int(part) if i % 2 else part.lower()) for i, part in enumerate(parts)]


def tier_row(name, chunks, rule):
    deltas = [virus - others for others, virus in chunks]
    weights = [math.sqrt(abs(delta)) for delta in deltas]
    if sum(weights) > 0:
        mean = sum(d * w for d, w in zip(deltas, weights)) / sum(weights)
    else:
        mean = sum(deltas) / len(deltas)
    viral = sum(v > rule["confident"] and o < rule["opposing"] for o, v in chunks)
    other = sum(o > rule["confident"] and v < rule["opposing"] for o, v in chunks)
    both = sum(o > rule["ambiguous"] and v > rule["ambiguous"] for o, v in chunks)
    effective = len(chunks) - both
    viral_share = viral / effective if effective else 0.0
    other_share = other / effective if effective else 0.0
    order = ["review", "low_confidence", "high or moderate"]
    if abs(mean) <= rule["delta"]:
        call, level = "Ambiguous", 0
    else:
        call = "Viral" if mean > 0 else "Non-viral"
        count, share, least = (viral, viral_share, rule["viral"]) if mean > 0 else (other, other_share, rule["nonviral"])
        level = 2 if count >= 1 and share >= least else 1
    if len(chunks) < rule["chunks"] and level > 0:
        level -= 1
    tier = order[level]
    if level == 2:
        tier = "high_confidence" if abs(mean) > rule["high"] else "moderate_confidence"
    numbers = [float(np.round(np.float64(mean), 3)), len(chunks), viral, other, both, round(viral_share, 3), round(other_share, 3)]
    return "\t".join([quoted(name), call, tier] + [repr(number) for number in numbers]) + "\n"


def tiers(records, rule):
    header = "ID call tier weighted_delta n_chunks n_confident_viral n_confident_nonviral n_ambiguous viral_proportion nonviral_proportion"
    rows = [(natural(name), at, tier_row(name, chunks, rule)) for at, (name, chunks) in enumerate(records) if chunks]
    return header.replace(" ", "\t") + "\n" + "".join(row for _, _, row in sorted(rows))


def alignments(rng, contigs):
    """Rows of SAM as lists of fields; a third of the names has more than one primary alignment."""
    rows = []
    for number in range(300):
        name = f"read{number}" if rng.random() < 0.9 else f'"quoted{number}"'
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            kind = rng.random()
            flag = rng.choice([0, 16]) | rng.choice([0, 0x41, 0x81])
            parts = [(rng.randrange(1, 30), "S")] if kind < 0.4 else []
            if kind < 0.1:
                parts.insert(0, (rng.randrange(1, 20), "H"))
            for piece in range(rng.randrange(1, 4)):
                if piece:
                    parts.append((rng.randrange(1, 4), rng.choice("IDN")))
                parts.append((rng.randrange(20, 90), rng.choice("MMM=X")))
            if kind > 0.7:
                parts.append((rng.randrange(1, 12), "S"))
            block = sum(n for n, op in parts if op in "MID=X")
            bases = sum(n for n, op in parts if op in "MIS=X")
            tags = [f"NM:i:{rng.choice([0, 0, 1, rng.randrange(0, block // 4 + 1)])}", "AS:i:7"]
            contig = rng.choice(contigs)
            mapq = rng.choice([0, 3, 5, 30, 60, 60])
            if kind > 0.97:  # unmapped
                flag, contig, mapq, parts, tags = 4, "*", 0, [], []
            elif kind > 0.94:
                flag |= 0x100
            elif kind > 0.91:
                flag |= 0x800
            cigar = "".join(f"{n}{op}" for n, op in parts) or "*"
            position = "0" if contig == "*" else "1"
            rows.append([name, str(flag), contig, position, str(mapq), cigar, "*", "0", "0", "A" * bases if bases else "AC", "*"] + tags)
    rng.shuffle(rows)
    return rows


def labels(rows, lengths, tier_table):
    """One row a name: its best primary alignment, and whether all of its contigs have one call."""
    calls = {row[0]: row[1:] for row in csv.reader(io.StringIO(tier_table), delimiter="\t")}
    nothing = ["Unclassified", "", "0.0", "0", "0", "0", "0", "0.0", "0.0"]
    names = {}
    for row in rows:
        flag = int(row[1])
        if flag & 0x904:
            continue
        sizes = {}
        digits = ""
        for letter in row[5]:
            if letter.isdigit():
                digits += letter
            else:
                sizes[letter] = sizes.get(letter, 0) + int(digits)
                digits = ""
        of = lambda letters: sum(sizes.get(letter, 0) for letter in letters)
        block, aligned, length = of("MID=X"), of("MI=X"), of("MI=XSH")
        differences = int(next(tag for tag in row[11:] if tag.startswith("NM:i:"))[5:])
        identity = float("%.6f" % (100.0 * (block - differences) / block))
        coverage = float("%.6f" % (100.0 * aligned / length))
        names.setdefault(row[0], []).append((int(row[4]), identity, coverage, length, row[2], "-" if flag & 16 else "+"))
    text = "read_id read_length contig_id contig_length strand mapping_quality pct_identity pct_query_cov mapped_well".replace(" ", "\t")
    text += "\t" + "\t".join(calls["ID"]) + "\n"
    for name, found in names.items():
        mapq, identity, coverage, length, contig, strand = max(found, key=lambda a: (a[0], a[1]))  # the first of equal ones
        call = calls.get(contig, nothing)
        if len({calls.get(a[4], nothing)[0] for a in found}) > 1:
            call = ["Multi-mapped", "review"] + call[2:]
        well = "true" if mapq >= 5 and identity >= 90 and coverage >= 80 else "false"
        text += "\t".join([quoted(name), str(length), quoted(contig), str(lengths[contig]), strand, str(mapq), repr(identity), repr(coverage), well] + call) + "\n"
    return text


def main():
    rng = random.Random(20261128)
    names = [f"NODE_{n}_length_{rng.randrange(300, 90000)}_cov_{rng.uniform(1, 900):.6f}" for n in range(1, 41)]
    rng.shuffle(names)
    names += ["contig 2", "contig 10", "Contig_02", "contig_2", "k141_7", 'with "quotes"', "7", "07x", "tied", "all_ambiguous", "twice", "twice"]
    seen, rows, frame_rows, chunk_rows, records = {}, [], [], [], []
    for ordinal, name in enumerate(names, 1):
        unique = name if name not in seen else f"{name}_{seen[name]}"
        seen[name] = seen.get(name, 0) + 1
        kind = rng.choice(["viral", "other", "mixed", "weak"])
        chunks = []
        for chunk in range(1, rng.choice([1, 2, 4, 5, 6, 12, 400 if ordinal == 3 else 8]) + 1):
            if rng.random() < 0.15:
                continue  # without a frame
            largest = [0.0, 0.0]
            for frame in sorted(rng.sample(range(6), rng.randrange(1, 4))):
                center = {"viral": 0.9, "other": 0.1, "mixed": rng.choice([0.05, 0.95]), "weak": 0.5}[kind]
                virus = np.float32(min(1.0, max(0.0, rng.gauss(center, 0.08)))) if name != "tied" else np.float32(0.5)
                others = np.float32(1) - virus
                if name == "all_ambiguous":
                    others, virus = np.float32(0.75), np.float32(0.875)
                if rng.random() < 0.03:
                    virus = np.float32(rng.choice([1e-5, 1e-4, 9.999e-5, 1e-12]))
                    others = np.float32(1)
                label = "virus" if virus > others else "others"
                scores = [repr(float(others)), repr(float(virus))]
                rows.append("\t".join([str(ordinal), name, str(chunk), FRAMES[frame]] + scores) + "\n")
                frame_rows.append("\t".join([f"{unique}_chunk_{chunk}{FRAMES[frame]}", label] + scores) + "\n")
                largest = [max(largest[0], float(others)), max(largest[1], float(virus))]
            chunk_rows.append("\t".join([quoted(f"{unique}_chunk_{chunk}"), str(largest[1] >= largest[0]), repr(largest[0]), repr(largest[1])]) + "\n")
            chunks.append(largest)
        records.append((unique, chunks))
    DATA.mkdir(parents=True, exist_ok=True)
    write = lambda name, text: (DATA / name).write_text(text)
    write("frames.tsv", "record\tname\tchunk\tframe\tscore1\tscore2\n" + "".join(rows))
    write("prediction_results.txt", "Sequence_ID\tPrediction\tscore1\tscore2\n" + "".join(frame_rows))
    write("prediction_results_highestscore.csv", "Modified_ID\tIs_Virus\tmax_score_0\tmax_score_1\n" + "".join(chunk_rows))
    usual = tiers(records, USUAL)
    write("contig_tiers.tsv", usual)
    write("lenient_tiers.tsv", tiers(records, LENIENT))
    contigs = [name for name, _ in records if " " not in name][:30] + ["nowhere"]
    lengths = {name: 300 + 10 * at for at, name in enumerate(contigs)}
    rows = alignments(rng, contigs)
    header = "@HD\tVN:1.6\tSO:unsorted\n" + "".join(f"@SQ\tSN:{name}\tLN:{lengths[name]}\n" for name in contigs)
    write("alignments.sam", header + "".join("\t".join(row) + "\n" for row in rows))
    write("reads.tsv", labels(rows, lengths, usual))


main()
