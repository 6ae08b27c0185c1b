"""Tests of planted_prophages.py: python test_planted_prophages.py"""

import argparse
import gzip
import tempfile
from pathlib import Path

import numpy as np

import planted_prophages as pp

HEADER = "genome\tlabel\tgroup\tfamily\tgenus\tfamily_unseen_in_train\tn_seq\tbp\n"


def make_corpus(folder):
    """Two bacteria of two contigs each, all A, and three phages of C and G; one of them is too short."""
    (folder / "dev").mkdir()
    (folder / "genomes_dev.tsv").write_text(
        HEADER + "".join(f"b{i}\tother\tbacteria\tbacteria\tB{i}\t0\t2\t400000\n" for i in range(2))
        + "".join(f"p{i}\tvirus\tviral\tSiphoviridae\tP{i}\t0\t1\t{n}\n" for i, n in enumerate((12_000, 90_000, 5_000))))
    with gzip.open(folder / "dev/bacteria.fa.gz", "wt") as f:
        for i in range(2):
            f.write(f">b{i}_1 x\n{'A' * 250_000}\n>b{i}_2 x\n{'A' * 150_000}\n")
    with gzip.open(folder / "dev/viral.fa.gz", "wt") as f:
        for i, n in enumerate((12_000, 90_000, 5_000)):
            f.write(f">p{i}_1 x\n{'CCG' * (n // 3)}\n")


def test_places_are_those_of_the_phages():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_corpus(folder)
        pp.plant(argparse.Namespace(corpus=folder, out=folder / "set", split="dev", host_mbp=12, seed=3))
        truth = pp.read_bed(folder / "set/planted.bed")
        records = {}
        for line in open(folder / "set/planted.fa"):
            if line.startswith(">"):
                record = line[1:].strip()
            records[record] = records.get(record, "") + ("" if line.startswith(">") else line.strip())
        assert set(truth) == set(records) == {"b0", "b1"}
        for record, bases in records.items():
            is_phage = np.frombuffer(bases.encode(), "S1") != b"A"
            expected = np.zeros(len(bases), bool)
            last = 0
            for start, end, _ in truth[record]:
                assert end - start in (12_000, pp.MOST) and start - last >= pp.APART
                expected[start:end] = True
                last = end
            assert (is_phage == expected).all() and len(bases) - last >= pp.APART


def test_figures():
    truth = {"a": [(1000, 11_000, []), (30_000, 40_000, [])], "b": [(0, 10_000, [])]}
    regions = {"a": [(600, 11_500, []), (31_000, 34_000, []), (35_000, 39_800, []), (60_000, 61_000, [])]}
    f = pp.figures(truth, regions, 500, 1_000_000)
    assert f["planted"] == 3 and abs(f["found"] - 2 / 3) < 1e-9 and abs(f["both_boundaries"] - 1 / 3) < 1e-9
    assert abs(f["boundaries"] - 3 / 6) < 1e-9 and abs(f["whole"] - 1 / 3) < 1e-9  # one end of the second is 1,000 off
    assert f["false_per_mbp"] == 1.0 and f["false_bases"] == 0.001


if __name__ == "__main__":
    test_places_are_those_of_the_phages()
    test_figures()
    print("ok")
