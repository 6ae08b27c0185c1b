"""Checks of the data path: frames against plain strings, and the sampler against the genomes (python test_data.py)."""

import numpy as np

import fragments
from corpus import GROUPS, N_CODE, Corpus, stop_free_runs

CODONS = {a + b + c: "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"[16 * i + 4 * j + k]
          for i, a in enumerate("TCAG") for j, b in enumerate("TCAG") for k, c in enumerate("TCAG")}


def text(codes):
    return np.frombuffer(b"ACGTN", np.uint8)[codes].tobytes().decode()


def reverse_complement(sequence):
    return sequence[::-1].translate(str.maketrans("ACGT", "TGCA"))


def frames_of_text(sequence):
    """The six frames, written as plainly as can be."""
    found = []
    for strand in (sequence, reverse_complement(sequence)):
        for f in range(3):
            protein = "".join(CODONS.get(strand[i:i + 3], "") for i in range(f, len(strand) - 2, 3))
            if protein and "*" not in protein:
                found.append((strand[f:f + 1 + 3 * len(protein)], protein))
    return found


def test_six_frames():
    rng = np.random.default_rng(3)
    for _ in range(2000):
        window = rng.choice(5, size=rng.integers(1, 120), p=[.24, .24, .24, .24, .04]).astype(np.uint8)
        got = [(text(c), "".join(fragments.PROTEIN_ALPHABET[i] for i in r)) for c, r in fragments.six_frames(window)]
        assert got == frames_of_text(text(window))


def random_corpus(rng, contigs):
    """Short contigs of few stops, so that runs reach their ends, in one genome of each group."""
    sizes = rng.integers(150, 400, contigs)
    bases = rng.choice(5, size=sizes.sum(), p=[.1, .495, .295, .1, .01]).astype(np.uint8)
    groups = np.arange(len(GROUPS), dtype=np.uint8)
    return Corpus(bases, np.concatenate([[0], np.cumsum(sizes)]), np.sort(rng.integers(0, len(GROUPS), contigs)).astype(np.int32),
                  groups, groups.astype(np.int32), groups.astype(np.int32), groups.astype(str))


def test_runs_stay_inside_contigs():
    corpus = random_corpus(np.random.default_rng(4), 400)
    start, length, _ = stop_free_runs(corpus, 10)
    first = np.searchsorted(corpus.contig_start, start, "right")
    last = np.searchsorted(corpus.contig_start, start + 3 * length - 1, "right")
    assert len(start) and (first == last).all()


def test_sampled_frames():
    rng = np.random.default_rng(5)
    corpus = random_corpus(rng, 400)
    sampler = fragments.FrameSampler(corpus, 20)
    windows = rng.integers(60, 150, 2000)
    groups = sampler.draw_groups(rng, 2000)
    codes, lengths, codons = sampler.draw(rng, groups, windows)
    contigs = [text(corpus.bases[a:b]) for a, b in zip(corpus.contig_start[:-1], corpus.contig_start[1:])]
    for row, group in zip(fragments.to_text(codes, lengths), groups):
        own = [c for c, g in zip(contigs, corpus.contig_genome) if g == group]
        assert any(row in c or reverse_complement(row) in c for c in own)
    assert ((lengths == 3 * codons) | (lengths == 3 * codons + 1)).all() and (lengths <= windows).all()
    for change in (False, True):
        if change:
            before = codes.copy()
            fragments.mutate(rng, codes, lengths, codons, np.full(2000, 0.2))
            assert 0.1 < (codes != before)[before != N_CODE].mean() < 0.25
        for row, n in zip(codes, codons):
            assert not (fragments.translate(row[:3 * n]) == fragments.STOP_ID).any()


if __name__ == "__main__":
    for check in (test_six_frames, test_runs_stay_inside_contigs, test_sampled_frames):
        check()
        print(check.__name__, "ok")
