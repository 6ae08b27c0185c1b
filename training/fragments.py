"""Fragments, reading frames and translation, and the balanced sampler of training frames."""

from dataclasses import dataclass

import numpy as np

from corpus import GROUPS, N_CODE, stop_free_runs

PROTEIN_ALPHABET = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
PROTEIN_ID = {token: i for i, token in enumerate(PROTEIN_ALPHABET)}
_CODON_ORDER = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"  # T C A G order
STOP_ID = 255
CODON_TO_ID = np.empty(64, np.uint8)
for _code in range(64):
    _tcag = [("T", "C", "A", "G").index("ACGT"[(_code >> s) & 3]) for s in (4, 2, 0)]
    _amino = _CODON_ORDER[16 * _tcag[0] + 4 * _tcag[1] + _tcag[2]]
    CODON_TO_ID[_code] = STOP_ID if _amino == "*" else PROTEIN_ID[_amino]

# Share of each non-viral group among the non-viral training frames.
OTHER_SHARE = {"bacteria": 0.18, "archaea": 0.12, "plasmid": 0.14, "organelle": 0.08, "vertebrate": 0.08,
               "plant": 0.11, "fungi": 0.11, "invertebrate": 0.10, "protozoa": 0.08}


def translate(codes):
    """Residue ids of codons; `codes` [..., 3k] holds base codes 0..3; a stop is STOP_ID."""
    c = codes.reshape(*codes.shape[:-1], -1, 3)
    return CODON_TO_ID[c[..., 0] * 16 + c[..., 1] * 4 + c[..., 2]]


def six_frames(window):
    """The stop-free frames of one window of base codes, as (nucleotide codes, residue ids) in published order.

    A codon with N contributes no residue, and the nucleotide string is one base longer than the codons.
    """
    return list(named_frames(window).values())


FRAME_NAMES = ("F1", "F2", "F3", "R1", "R2", "R3")


def named_frames(window):
    """The same by name, in the same order."""
    frames = {}
    complement = np.where(window < 4, 3 - window, window)
    for strand, names in ((window, FRAME_NAMES[:3]), (complement[::-1], FRAME_NAMES[3:])):
        for f, name in enumerate(names):
            codons = strand[f: f + (len(strand) - f) // 3 * 3].reshape(-1, 3)
            residues = translate(codons[(codons < 4).all(axis=1)].reshape(-1))
            if len(residues) and not (residues == STOP_ID).any():
                frames[name] = strand[f: f + 3 * len(residues) + 1], residues
    return frames


def genome_weights(corpus):
    """Sampling weight of each genome inside its group.

    Families share a group, and genera a family, by the square root of their number of genomes; the
    genomes of a genus are equally likely.
    """
    weight = np.zeros(len(corpus.genome_group))
    for group in np.unique(corpus.genome_group):
        members = np.flatnonzero(corpus.genome_group == group)
        families, family_size = np.unique(corpus.genome_family[members], return_counts=True)
        for family, size in zip(families, family_size):
            inside = members[corpus.genome_family[members] == family]
            genera, of, count = np.unique(corpus.genome_genus[inside], return_inverse=True, return_counts=True)
            share = np.sqrt(count) / np.sqrt(count).sum()
            weight[inside] = np.sqrt(size) * share[of] / count[of]
    return weight


class RunTable:
    """The runs of at least some length, laid out for drawing: by genome, genomes by group."""

    def __init__(self, corpus, weight, genome, length, min_codons):
        self.min_codons = min_codons
        self.runs = np.flatnonzero(length >= min_codons)
        self.codons = np.concatenate([[0], np.cumsum(length[self.runs], dtype=np.int64)])
        self.genome_codons = self.codons[np.searchsorted(genome[self.runs], np.arange(len(weight) + 1))]
        self.genomes = np.argsort(corpus.genome_group, kind="stable")
        present = weight * (np.diff(self.genome_codons) > 0)
        self.cumulative = np.concatenate([[0], np.cumsum(present[self.genomes])])
        self.group_edge = np.searchsorted(corpus.genome_group[self.genomes], np.arange(len(GROUPS) + 1))

    def draw(self, rng, groups):
        """A genome of each group by weight, and a codon of its runs: the run and the codon's place in it."""
        low, high = (self.cumulative[self.group_edge[groups + k]] for k in (0, 1))
        pick = np.searchsorted(self.cumulative, low + rng.random(len(groups)) * (high - low), "right") - 1
        first, last = (self.genome_codons[self.genomes[pick] + k] for k in (0, 1))
        at = first + (rng.random(len(groups)) * (last - first)).astype(np.int64)
        r = np.searchsorted(self.codons, at, "right") - 1
        return self.runs[r], at - self.codons[r]


@dataclass
class Frames:
    """Places of stop-free frames in a corpus, each of one piece or of two joined ones."""

    left: np.ndarray     # int64 [n, 2], leftmost base of each piece
    codons: np.ndarray   # int64 [n, 2], size of each piece; no second piece where its size is 0
    reverse: np.ndarray  # bool [n, 2], strand of each piece
    extra: np.ndarray    # bool [n], one base more follows the last codon
    genome: np.ndarray   # int32 [n, 2], genome of each piece (the first one's where there is no second)

    def text(self, bases, row):
        """The frame of one row as a nucleotide string (plain and slow)."""
        pieces = [k for k in (0, 1) if self.codons[row, k]]
        text = ""
        for k in pieces:
            left, size = self.left[row, k], 3 * self.codons[row, k]
            more = int(self.extra[row]) if k == pieces[-1] else 0
            if self.reverse[row, k]:
                codes = 3 - bases[left - more: left + size][::-1]
            else:
                codes = bases[left: left + size + more]
            text += np.frombuffer(b"ACGT", np.uint8)[codes].tobytes().decode()
        return text


class FrameSampler:
    """Draws stop-free frames: uniform over the places of a genome where a frame of that length fits."""

    LONGER = (120, 166)  # tables of long runs only, so that few draws for long frames fail
    TRIES = 1000

    def __init__(self, corpus, min_codons):
        self.corpus = corpus
        start, length, reverse = stop_free_runs(corpus, min_codons)
        contig = np.searchsorted(corpus.contig_start, start, "right") - 1
        order = np.argsort(corpus.contig_genome[contig], kind="stable")
        contig = contig[order]
        self.start, self.length, self.reverse = start[order], length[order], reverse[order]
        self.contig_begin, self.contig_end = corpus.contig_start[contig], corpus.contig_start[contig + 1]
        self.genome = corpus.contig_genome[contig]
        weight = genome_weights(corpus)
        self.tables = [RunTable(corpus, weight, self.genome, self.length, n) for n in (min_codons, *self.LONGER)]

    def draw_groups(self, rng, n):
        """Group indices: one half viral, the others by OTHER_SHARE."""
        share = np.array([0.5] + [0.5 * OTHER_SHARE[g] for g in GROUPS[1:]])
        table = self.tables[0]
        share *= np.diff(table.cumulative[table.group_edge]) > 0
        return rng.choice(len(GROUPS), size=n, p=share / share.sum()).astype(np.uint8)

    def place(self, rng, groups, codons):
        """A run of each group and a place in it where so many codons fit."""
        run, place = np.zeros(len(groups), np.int64), np.zeros(len(groups), np.int64)
        most = [t.min_codons for t in self.tables[1:]] + [np.inf]
        for table, less in zip(self.tables, most):
            least = 0 if table is self.tables[0] else table.min_codons
            todo = np.flatnonzero((codons >= least) & (codons < less))
            for _ in range(self.TRIES):
                if len(todo) == 0:
                    break
                r, inside = table.draw(rng, groups[todo])
                fits = inside + codons[todo] <= self.length[r]
                run[todo[fits]], place[todo[fits]] = r[fits], inside[fits]
                todo = todo[~fits]
            if len(todo):
                raise RuntimeError("no frame of the wanted length found in some group")
        return run, place

    def draw(self, rng, groups, window_lengths, joined_share=0.0):
        """One frame per entry of a window of that length; a share of them joins two pieces of one group."""
        n = len(groups)
        offset = rng.integers(0, 3, n)
        whole = (window_lengths - offset) // 3
        joined = np.flatnonzero(rng.random(n) < joined_share)
        codons = np.stack([whole, np.zeros(n, np.int64)], axis=1)
        codons[joined, 1] = (whole[joined] * rng.uniform(0.25, 0.75, len(joined))).astype(np.int64)
        codons[joined, 0] -= codons[joined, 1]

        run = np.zeros((n, 2), np.int64)
        left = np.zeros((n, 2), np.int64)
        run[:, 0], place = self.place(rng, groups, codons[:, 0])
        left[:, 0] = self.start[run[:, 0]] + 3 * place
        run[joined, 1], place = self.place(rng, groups[joined], codons[joined, 1])
        left[joined, 1] = self.start[run[joined, 1]] + 3 * place
        reverse = self.reverse[run]

        last = np.zeros(n, np.int64)
        last[joined] = 1
        row = np.arange(n)
        r, begin, size = run[row, last], left[row, last], 3 * codons[row, last]
        after = np.where(reverse[row, last], begin - 1, begin + size)
        available = (after >= self.contig_begin[r]) & (after < self.contig_end[r])
        extra = (offset + 3 * whole + 1 <= window_lengths) & available
        extra &= self.corpus.bases[np.where(available, after, 0)] != N_CODE
        genome = self.genome[run]
        genome[:, 1] = np.where(last, genome[:, 1], genome[:, 0])
        return Frames(left, codons, reverse, extra, genome)


def sample_windows(corpus, rng, group, count, length):
    """`count` windows of one group without N and with at least one stop-free frame, weighted by genome.

    Returns the windows [count, length] and the genome of each.
    """
    weight = genome_weights(corpus) * (corpus.genome_group == group)
    size = np.diff(corpus.contig_start)
    room = np.maximum(size - length + 1, 0)
    order = np.argsort(corpus.contig_genome, kind="stable")
    cumulative = np.concatenate([[0], np.cumsum(room[order])])
    edge = np.searchsorted(corpus.contig_genome[order], np.arange(len(weight) + 1))
    weight = weight * (np.diff(cumulative[edge]) > 0)
    windows, genomes = [], []
    found = 0
    for _ in range(400):
        if found >= count:
            break
        g = rng.choice(len(weight), size=4096, p=weight / weight.sum())
        low, high = cumulative[edge[g]], cumulative[edge[g + 1]]
        at = low + (rng.random(len(g)) * (high - low)).astype(np.int64)
        slot = np.searchsorted(cumulative, at, "right") - 1
        begin = corpus.contig_start[order[slot]] + at - cumulative[slot]
        codes = corpus.bases[begin[:, None] + np.arange(length)]
        good = ~(codes == N_CODE).any(axis=1)
        codes, g = codes[good], g[good]
        open_frame = np.zeros(len(codes), bool)
        for strand in (codes, 3 - codes[:, ::-1]):
            for f in range(3):
                residues = translate(strand[:, f: f + (length - f) // 3 * 3])
                open_frame |= ~(residues == STOP_ID).any(axis=1)
        windows.append(codes[open_frame])
        genomes.append(g[open_frame])
        found += int(open_frame.sum())
    if found < count:
        raise RuntimeError(f"too few windows with a stop-free frame in group {GROUPS[group]}")
    return np.concatenate(windows)[:count], np.concatenate(genomes)[:count]


def balanced_windows(corpus, length, per_half, seed):
    """Fragments for judging: one half viral, the other spread evenly over the groups present.

    Returns windows, group of each and genome of each.
    """
    rng = np.random.default_rng([seed, length])
    others = [g for g in np.unique(corpus.genome_group) if g != 0]
    parts = [(0, *sample_windows(corpus, rng, 0, per_half, length))]
    for g in others:
        parts.append((g, *sample_windows(corpus, rng, g, per_half // len(others), length)))
    group = np.concatenate([np.full(len(w), g, np.uint8) for g, w, _ in parts])
    return np.concatenate([w for _, w, _ in parts]), group, np.concatenate([g for _, _, g in parts])
