"""Reading frames and stop-free runs of windows, translation, and the balanced sampler of training frames."""

from dataclasses import dataclass

import numpy as np

from corpus import GROUPS, N_CODE, TRANSCRIPTS

PROTEIN_ALPHABET = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
PROTEIN_ID = {token: i for i, token in enumerate(PROTEIN_ALPHABET)}
CODON_ORDER = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"  # T C A G order
STOP_ID = 255
CODON_TO_ID = np.empty(64, np.uint8)
for _code in range(64):
    _tcag = [("T", "C", "A", "G").index("ACGT"[(_code >> s) & 3]) for s in (4, 2, 0)]
    _amino = CODON_ORDER[16 * _tcag[0] + 4 * _tcag[1] + _tcag[2]]
    CODON_TO_ID[_code] = STOP_ID if _amino == "*" else PROTEIN_ID[_amino]

# Share of each other group among the non-viral training frames. Transcripts have shares of their own beside the genomes':
# simply added to the genomes of their kingdom they push these out.
OTHER_SHARE = {"bacteria": 0.18, "archaea": 0.09, "plasmid": 0.13, "organelle": 0.06, "vertebrate": 0.06, "plant": 0.08,
               "fungi": 0.08, "invertebrate": 0.05, "protozoa": 0.06, "vertebrate_transcripts": 0.06, "plant_transcripts": 0.07,
               "fungi_transcripts": 0.03, "invertebrate_transcripts": 0.03, "protozoa_transcripts": 0.02}

PHAGES = frozenset("""Ackermannviridae Autographiviridae Cystoviridae Drexlerviridae Herelleviridae Inoviridae Lipothrixviridae
    Microviridae Myoviridae Pleolipoviridae Podoviridae Rountreeviridae Rudiviridae Siphoviridae""".split())
LARGE_DNA_VIRUSES = frozenset("""Adenoviridae Alloherpesviridae Ascoviridae Asfarviridae Baculoviridae Herpesviridae Iridoviridae
    Marseilleviridae Mimiviridae Nudiviridae Phycodnaviridae Poxviridae""".split())

LEAST_RUN = 60  # bases; shorter stop-free runs are not read


def translate(codes):
    """Residue ids of codons; `codes` [..., 3k] holds base codes 0..3; a stop is STOP_ID."""
    c = codes.reshape(*codes.shape[:-1], -1, 3)
    return CODON_TO_ID[c[..., 0] * 16 + c[..., 1] * 4 + c[..., 2]]


def six_frames(window):
    """The stop-free frames of one window of base codes, as (nucleotide codes, residue ids) in published order.

    A codon with N contributes no residue, and the nucleotide string is one base longer than the codons.
    """
    return list(named_frames(window).values())


def longest_runs(window):
    """Longest stop-free run of each frame, as (name, start in the window's forward bases, nucleotide codes, residue ids).

    Longest first, in published order where equal. A codon with N ends a run. Plain and slow; `frame_kernel.c` does the same.
    """
    found = []
    complement = np.where(window < 4, 3 - window, window)
    for strand, names in ((window, FRAME_NAMES[:3]), (complement[::-1], FRAME_NAMES[3:])):
        for f, name in enumerate(names):
            codons = strand[f: f + (len(strand) - f) // 3 * 3].reshape(-1, 3)
            known = (codons < 4).all(axis=1)
            residues = translate(np.where(known[:, None], codons, 0).reshape(-1)) if len(codons) else np.zeros(0, np.uint8)
            closed = np.flatnonzero(~known | (residues == STOP_ID))
            edges = np.concatenate([[-1], closed, [len(codons)]])
            best = int(np.argmax(np.diff(edges)))
            first, last = edges[best] + 1, edges[best + 1]
            if last > first:
                begin = f + 3 * first
                start = begin if strand is window else len(window) - f - 3 * last
                found.append((name, int(start), strand[begin: f + 3 * last], residues[first:last]))
    return sorted(found, key=lambda run: -len(run[3]))


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


def training_weights(corpus):
    """Sampling weight of each genome inside its group, for training.

    Viral families share by genomes^0.25 Mbp^0.35 (at least 0.02 Mbp), so that neither the many small genomes of a
    family nor its bases alone decide, with half more for large DNA viruses and a third more for phages; genera share a
    family by genomes^0.4 Mbp^0.2, genomes of a genus alike. Other groups: genera by genomes^0.5 Mbp^0.25.
    """
    mbp = np.maximum(np.bincount(corpus.contig_genome, np.diff(corpus.contig_start), len(corpus.genome_group)) / 1e6, 1e-4)
    weight = np.zeros(len(mbp))
    for family in np.unique(corpus.genome_family):
        inside = np.flatnonzero(corpus.genome_family == family)
        viral = corpus.genome_group[inside[0]] == 0
        genera, of, count = np.unique(corpus.genome_genus[inside], return_inverse=True, return_counts=True)
        share = count ** 0.4 * np.bincount(of, mbp[inside]) ** 0.2 if viral else count ** 0.5 * np.bincount(of, mbp[inside]) ** 0.25
        name = corpus.family_name[family]
        more = 1.5 if name in LARGE_DNA_VIRUSES else 1.3 if name in PHAGES else 1.0
        whole = more * len(inside) ** 0.25 * max(mbp[inside].sum(), 0.02) ** 0.35 if viral else 1.0
        weight[inside] = whole * (share / share.sum() / count)[of]
    return weight


def genome_weights(corpus):
    """Sampling weight of each genome inside its group, for judging.

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


class WindowTable:
    """The places of a corpus where a window fits, by genome and by group of genomes."""

    def __init__(self, corpus, weight, shortest):
        self.size = np.diff(corpus.contig_start)
        order = np.argsort(corpus.contig_genome, kind="stable")
        self.order = order[self.size[order] >= shortest]
        genome = corpus.contig_genome[self.order]
        self.places = np.concatenate([[0], np.cumsum(self.size[self.order] - shortest + 1)])
        edge = np.searchsorted(genome, np.arange(len(weight) + 1))
        self.genome_places = self.places[edge]
        self.genomes = np.argsort(corpus.genome_group, kind="stable")
        present = weight * (np.diff(self.genome_places) > 0)
        self.cumulative = np.concatenate([[0], np.cumsum(present[self.genomes])])
        self.group_edge = np.searchsorted(corpus.genome_group[self.genomes], np.arange(len(GROUPS) + 1))
        self.contig_start = corpus.contig_start

    def draw(self, rng, groups, lengths):
        """A genome of each group by weight, and a window of each length in it: genome, leftmost base, length.

        A window is shorter where its contig is.
        """
        low, high = (self.cumulative[self.group_edge[groups + k]] for k in (0, 1))
        pick = np.searchsorted(self.cumulative, low + rng.random(len(groups)) * (high - low), "right") - 1
        genome = self.genomes[pick]
        first, last = self.genome_places[genome], self.genome_places[genome + 1]
        at = first + (rng.random(len(groups)) * (last - first)).astype(np.int64)
        slot = np.searchsorted(self.places, at, "right") - 1
        contig = self.order[slot]
        length = np.minimum(lengths, self.size[contig])
        left = (rng.random(len(groups)) * (self.size[contig] - length + 1)).astype(np.int64)
        return genome, self.contig_start[contig] + left, length


class FrameSampler:
    """Draws what the product reads of windows at random places: one of their stop-free frames, or of their longest runs.

    `reader` (frame_kernel.WindowReader) reads the windows; those that hold N or nothing to read are drawn anew.
    """

    TRIES = 200

    def __init__(self, corpus, reader, shortest=90, second_share=0.25):
        self.corpus, self.reader, self.second_share = corpus, reader, second_share
        self.table = WindowTable(corpus, training_weights(corpus), shortest)

    def draw_groups(self, rng, n):
        """Group indices: one half viral, the others by OTHER_SHARE."""
        share = np.array([0.5] + [0.5 * OTHER_SHARE[g] for g in GROUPS[1:]])
        share *= np.diff(self.table.cumulative[self.table.group_edge]) > 0
        return rng.choice(len(GROUPS), size=n, p=share / share.sum()).astype(np.uint8)

    def read(self, rng, groups, lengths):
        """One frame or run per entry, of a window of that length: leftmost base, codons, strand, extra base, genome, open."""
        n = len(groups)
        left, genome = np.zeros(n, np.int64), np.zeros(n, np.int32)
        codons, reverse, extra, is_open = np.zeros(n, np.int32), np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
        todo = np.arange(n)
        for _ in range(self.TRIES):
            drawn, begin, size = self.table.draw(rng, groups[todo], lengths[todo])
            at, count, strand, more, whole = self.reader(begin, size, int(rng.integers(2 ** 63)), LEAST_RUN // 3, self.second_share)
            found = count > 0
            done = todo[found]
            left[done], codons[done], reverse[done], extra[done] = at[found], count[found], strand[found], more[found]
            genome[done], is_open[done] = drawn[found], whole[found]
            todo = todo[~found]
            if len(todo) == 0:
                return left, codons, reverse, extra, genome, is_open
        raise RuntimeError("no window with something to read found in some group")

    def draw(self, rng, groups, window_lengths, joined_share=0.0):
        """One frame per entry; a share of them joins two pieces of one group, together no longer than the first was."""
        n = len(groups)
        first = self.read(rng, groups, window_lengths)
        joined = np.flatnonzero((rng.random(n) < joined_share) & (first[1] >= 2 * LEAST_RUN // 3))
        second = self.read(rng, groups[joined], window_lengths[joined])
        left, codons, reverse, genome = (np.stack([a, np.zeros_like(a)], axis=1) for a in (*first[:3], first[4]))
        genome[:, 1] = genome[:, 0]
        extra = first[3].copy()
        whole = first[1][joined]
        after = np.minimum((whole * rng.uniform(0.25, 0.75, len(joined))).astype(np.int32), second[1])
        codons[joined, 0], codons[joined, 1] = whole - after, after
        # A piece keeps its first codons: on the reverse strand its leftmost base moves.
        left[joined, 0] += np.where(reverse[joined, 0], 3 * after, 0)
        left[joined, 1] = second[0] + np.where(second[2], 3 * (second[1] - after), 0)
        reverse[joined, 1], genome[joined, 1] = second[2], second[4]
        extra[joined] = False
        return Frames(left, codons, reverse, extra, genome)


def sample_windows(corpus, rng, group, count, length, open_only=True):
    """`count` windows of one group without N, and with at least one stop-free frame unless told otherwise, weighted by genome.

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
        taken = open_frame if open_only else np.ones(len(codes), bool)
        windows.append(codes[taken])
        genomes.append(g[taken])
        found += int(taken.sum())
    if found < count:
        raise RuntimeError(f"too few windows in group {GROUPS[group]}")
    return np.concatenate(windows)[:count], np.concatenate(genomes)[:count]


TRANSCRIPT_SHARE = 0.4  # windows of a group of transcripts for judging, of those of another group


def balanced_windows(corpus, length, per_half, seed, open_only=False):
    """Fragments for judging: one half viral, the other spread over the groups present, evenly but for transcripts.

    Returns windows, group of each and genome of each.
    """
    rng = np.random.default_rng([seed, length])
    others = [g for g in np.unique(corpus.genome_group) if g != 0]
    share = np.array([TRANSCRIPT_SHARE if GROUPS[g].endswith(TRANSCRIPTS) else 1.0 for g in others])
    parts = [(0, *sample_windows(corpus, rng, 0, per_half, length, open_only))]
    for g, count in zip(others, (per_half * share / share.sum()).astype(int)):
        parts.append((g, *sample_windows(corpus, rng, g, count, length, open_only)))
    group = np.concatenate([np.full(len(w), g, np.uint8) for g, w, _ in parts])
    return np.concatenate([w for _, w, _ in parts]), group, np.concatenate([g for _, _, g in parts])
