"""Checks of the data path: frames against plain strings, and the sampler against the genomes (python test_data.py)."""

import numpy as np

import fragments
from codon_changes import BLOSUM62, replacements
from corpus import GROUPS, Corpus, contigs_within, joined, keep_segments, part
from frame_kernel import FrameMaker, WindowReader
from tokenizer import PAD, train_tokenizer

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
                  groups, groups.astype(np.int32), groups.astype(np.int32), groups.astype(str), np.array(GROUPS))


def longest_runs_of_text(sequence):
    """The longest run of whole open codons of each frame, as (name, start in the forward text, nucleotides), longest first."""
    found = []
    for strand, names in ((sequence, "F1 F2 F3"), (reverse_complement(sequence), "R1 R2 R3")):
        for f, name in enumerate(names.split()):
            best = (0, 0)
            for a in range(f, len(strand) - 2, 3):
                b = a
                while b + 3 <= len(strand) and CODONS.get(strand[b:b + 3], "*") != "*":
                    b += 3
                if b - a > best[1] - best[0]:
                    best = (a, b)
            if best[1]:
                start = best[0] if name[0] == "F" else len(sequence) - best[1]
                found.append((name, start, strand[best[0]:best[1]]))
    return sorted(found, key=lambda run: -len(run[2]))


def test_longest_runs():
    rng = np.random.default_rng(8)
    for _ in range(500):
        window = rng.choice(5, size=rng.integers(1, 120), p=[.24, .24, .24, .24, .04]).astype(np.uint8)
        got = [(name, start, text(codes)) for name, start, codes, _ in fragments.longest_runs(window)]
        assert got == longest_runs_of_text(text(window))
        for _, _, codes, residues in fragments.longest_runs(window):
            assert [CODONS[text(codes)[k:k + 3]] for k in range(0, len(codes), 3)] == [fragments.PROTEIN_ALPHABET[i] for i in residues]


def test_windows_are_read_as_the_product_reads_them():
    rng = np.random.default_rng(9)
    bases = rng.choice(5, size=4000, p=[.2, .3, .3, .1995, .0005]).astype(np.uint8)
    size = rng.integers(60, 200, 1500)
    begin = rng.integers(0, len(bases) - size)
    left, codons, reverse, extra, whole = WindowReader(bases)(begin, size, 3, 20, 0.5)
    kinds = {"open": 0, "longest": 0, "second": 0, "nothing": 0}
    for i in range(len(size)):
        window = bases[begin[i]: begin[i] + size[i]]
        got = text(bases[left[i]: left[i] + 3 * codons[i]])
        got = reverse_complement(got) if reverse[i] else got
        frames, runs = frames_of_text(text(window)), longest_runs_of_text(text(window))
        if (window == 4).any() or not (frames or len(runs[0][2]) >= 60):
            kinds["nothing"] += 1
            assert codons[i] == 0
        elif frames:
            kinds["open"] += 1
            assert whole[i] and (got, len(got) + extra[i]) in [(f[:3 * len(p)], len(f)) for f, p in frames]
        else:
            lengths = [len(r[2]) for r in runs]
            kinds["longest" if len(got) == lengths[0] else "second"] += 1
            assert not whole[i] and not extra[i] and got in text(window) + "|" + reverse_complement(text(window))
            assert len(got) in lengths[:2] and len(got) >= 60 and all(CODONS[got[k:k + 3]] != "*" for k in range(0, len(got), 3))
    assert min(kinds.values()) > 20, kinds


def test_segments_are_parts_of_contigs_without_n():
    corpus = random_corpus(np.random.default_rng(4), 400)
    kept = keep_segments(corpus, 30, 60, 1)
    contigs = {g: "|".join(text(corpus.bases[a:b]) for a, b, h in zip(corpus.contig_start, corpus.contig_start[1:], corpus.contig_genome)
                           if h == g) for g in range(len(GROUPS))}
    segments = [text(kept.bases[a:b]) for a, b in zip(kept.contig_start, kept.contig_start[1:])]
    assert all("N" not in s and len(s) >= 30 and s in contigs[g] for s, g in zip(segments, kept.contig_genome))
    assert sum(map(len, segments)) == sum(len(s) for c in contigs.values() for p in c.split("|") for s in p.split("N") if len(s) >= 30)
    within = contigs_within(kept, 0.001, 1)
    size = np.bincount(kept.contig_genome[within], np.diff(kept.contig_start)[within], len(GROUPS))
    assert (size[1:] <= 1000).all() and within[kept.contig_genome == 0].all()
    both = joined([part(kept, np.flatnonzero(within)), part(kept, np.flatnonzero(~within))])
    assert sorted(zip(both.contig_genome, np.diff(both.contig_start))) == sorted(zip(kept.contig_genome, np.diff(kept.contig_start)))
    assert sorted(text(both.bases[a:b]) for a, b in zip(both.contig_start, both.contig_start[1:])) == sorted(segments)


def frame_maker(corpus, vocab=300):
    rng = np.random.default_rng(6)
    tokenizer = train_tokenizer([text(rng.choice(4, 200, p=[.3, .3, .2, .2])) for _ in range(500)], vocab)
    return tokenizer, FrameMaker(corpus.bases, tokenizer)


def sampled(joined_share):
    rng = np.random.default_rng(5)
    corpus = random_corpus(rng, 400)
    sampler = fragments.FrameSampler(corpus, WindowReader(corpus.bases))
    windows = rng.integers(90, 150, 2000)
    groups = sampler.draw_groups(rng, 2000)
    return corpus, windows, groups, sampler.draw(rng, groups, windows, joined_share)


def test_sampled_frames():
    for joined_share in (0.0, 0.5):
        corpus, windows, groups, frames = sampled(joined_share)
        contigs = [text(corpus.bases[a:b]) for a, b in zip(corpus.contig_start[:-1], corpus.contig_start[1:])]
        joined = frames.codons[:, 1] > 0
        long = frames.codons.sum(axis=1) >= 2 * fragments.LEAST_RUN // 3  # shorter ones are not joined
        assert long.sum() > 400 and abs(joined[long].mean() - joined_share) < 0.07 and not joined[~long].any()
        for i, group in enumerate(groups):
            own = [c for c, g in zip(contigs, corpus.contig_genome) if g == group]
            row = frames.text(corpus.bases, i)
            cut = 3 * frames.codons[i, 0]
            for piece in (row[:cut], row[cut:]) if joined[i] else (row,):
                assert any(piece in c or reverse_complement(piece) in c for c in own)
            codons = frames.codons[i].sum()
            assert len(row) in (3 * codons, 3 * codons + 1) and len(row) <= windows[i]
            assert all(CODONS[row[k:k + 3]] != "*" for k in range(0, 3 * codons, 3))
            assert frames.codons[i, 0] > 0
            assert (frames.genome[i] == group).all()  # each group has one genome here


def unpad(ids, pad):
    return [row[row != pad].tolist() for row in ids]


def test_rows_of_the_kernel():
    corpus, _, _, frames = sampled(0.5)
    tokenizer, maker = frame_maker(corpus)
    n = len(frames.extra)
    texts = [frames.text(corpus.bases, i) for i in range(n)]
    proteins = ["".join(CODONS[t[k:k + 3]] for k in range(0, len(t) - 2, 3)) for t in texts]
    dna, protein = maker(frames, np.zeros(n), np.zeros(n), 0.0, 7, 152, 56)
    assert unpad(dna, PAD) == [tokenizer.encode(t).ids for t in texts]
    assert unpad(protein, 1) == [[0, *(fragments.PROTEIN_ID[a] for a in p), 2] for p in proteins]

    dropped, same = maker(frames, np.zeros(n), np.zeros(n), 0.3, 7, 152, 56)
    assert (same == protein).all() and ((dropped != PAD).sum() > 1.05 * (dna != PAD).sum())
    for row, t in zip(unpad(dropped, PAD), texts):
        assert "".join(tokenizer.id_to_token(i) for i in row[1:-1]) == t

    dna, _ = maker(frames, np.full(n, 0.2), np.zeros(n), 0.0, 7, 152, 56)
    changed = ["".join(tokenizer.id_to_token(i) for i in row[1:-1]) for row in unpad(dna, PAD)]
    assert all(CODONS[t[k:k + 3]] != "*" for t in changed for k in range(0, len(t) - 2, 3))
    differ = np.mean([a != b for t, u in zip(texts, changed) for a, b in zip(t, u)])
    assert 0.15 < differ < 0.21 and all(len(t) == len(u) for t, u in zip(texts, changed))

    # A quarter of the codons is replaced, most of them by synonyms, and no residue by a stop.
    dna, protein = maker(frames, np.zeros(n), np.full(n, 0.25), 0.0, 7, 152, 56)
    changed = ["".join(tokenizer.id_to_token(i) for i in row[1:-1]) for row in unpad(dna, PAD)]
    pairs = [(t[k:k + 3], u[k:k + 3]) for t, u in zip(texts, changed) for k in range(0, len(t) - 2, 3)]
    assert 0.23 < np.mean([a != b for a, b in pairs]) < 0.27
    residues = [(CODONS[a], CODONS[b]) for a, b in pairs if a != b]
    assert all(b != "*" for _, b in residues) and 0.5 < np.mean([a == b for a, b in residues]) < 0.95
    assert unpad(protein, 1) == [[0, *(fragments.PROTEIN_ID[CODONS[u[k:k + 3]]] for k in range(0, len(u) - 2, 3)), 2] for u in changed]

    short, _ = maker(frames, np.zeros(n), np.zeros(n), 0.0, 7, 16, 56)
    assert ((short == 2).sum(axis=1) == 1).all()


def test_codons_are_replaced_by_others_of_like_meaning():
    sums = replacements()
    share = np.diff(sums, axis=1, prepend=0)
    codon = ["".join("ACGT"[n >> s & 3] for s in (4, 2, 0)) for n in range(64)]
    amino = np.array([CODONS[c] for c in codon])
    assert np.allclose(sums[:, -1], 1) and (share >= 0).all()
    assert (share[:, amino == "*"] == 0).all() and (np.diag(share)[amino != "*"] == 0).all()
    of = {c: share[i] for i, c in enumerate(codon)}
    at = {c: i for i, c in enumerate(codon)}
    assert of["CTG"][at["TTG"]] > of["CTG"][at["ATG"]] > of["CTG"][at["GAT"]]
    assert (BLOSUM62 == BLOSUM62.T).all() and BLOSUM62.trace() == 116


if __name__ == "__main__":
    for check in (test_six_frames, test_longest_runs, test_windows_are_read_as_the_product_reads_them,
                  test_segments_are_parts_of_contigs_without_n, test_sampled_frames, test_codons_are_replaced_by_others_of_like_meaning, test_rows_of_the_kernel):
        check()
        print(check.__name__, "ok")
