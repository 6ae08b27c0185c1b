"""Which codon takes another's place when a protein diverges: the probabilities that `frame_kernel.c` draws from."""

import numpy as np

from fragments import CODON_ORDER

# BLOSUM62 in half bits (S. Henikoff and J. Henikoff, PNAS 89, 1992); rows and columns in the order of RESIDUES.
RESIDUES = "ARNDCQEGHILKMFPSTWYV"
BLOSUM62 = np.array([[int(n) for n in row.split()] for row in """\
 4 -1 -2 -2  0 -1 -1  0 -2 -1 -1 -1 -1 -2 -1  1  0 -3 -2  0
-1  5  0 -2 -3  1  0 -2  0 -3 -2  2 -1 -3 -2 -1 -1 -3 -2 -3
-2  0  6  1 -3  0  0  0  1 -3 -3  0 -2 -3 -2  1  0 -4 -2 -3
-2 -2  1  6 -3  0  2 -1 -1 -3 -4 -1 -3 -3 -1  0 -1 -4 -3 -3
 0 -3 -3 -3  9 -3 -4 -3 -3 -1 -1 -3 -1 -2 -3 -1 -1 -2 -2 -1
-1  1  0  0 -3  5  2 -2  0 -3 -2  1  0 -3 -1  0 -1 -2 -1 -2
-1  0  0  2 -4  2  5 -2  0 -3 -3  1 -2 -3 -1  0 -1 -3 -2 -2
 0 -2  0 -1 -3 -2 -2  6 -2 -4 -4 -2 -3 -3 -2  0 -2 -2 -3 -3
-2  0  1 -1 -3  0  0 -2  8 -3 -3 -1 -2 -1 -2 -1 -2 -2  2 -3
-1 -3 -3 -3 -1 -3 -3 -4 -3  4  2 -3  1  0 -3 -2 -1 -3 -1  3
-1 -2 -3 -4 -1 -2 -3 -4 -3  2  4 -2  2  0 -3 -2 -1 -2 -1  1
-1  2  0 -1 -3  1  1 -2 -1 -3 -2  5 -1 -3 -1  0 -1 -3 -2 -2
-1 -1 -2 -3 -1  0 -2 -3 -2  1  2 -1  5  0 -2 -1 -1 -1 -1  1
-2 -3 -3 -3 -2 -3 -3 -3 -1  0  0 -3  0  6 -4 -2 -2  1  3 -1
-1 -2 -2 -1 -3 -1 -1 -2 -2 -3 -3 -1 -2 -4  7 -1 -1 -4 -3 -2
 1 -1  1  0 -1  0  0  0 -1 -2 -2  0 -1 -2 -1  4  1 -3 -2 -2
 0 -1  0 -1 -1 -1 -1 -2 -2 -1 -1 -1 -1 -2 -1  1  5 -2 -2  0
-3 -3 -4 -4 -2 -2 -3 -2 -2 -3 -2 -3 -1  1 -4 -3 -2 11  2 -3
-2 -2 -2 -3 -2 -1 -2 -3  2 -1 -1 -2 -1  3 -3 -2 -2  2  7 -1
 0 -3 -3 -3 -1 -2 -2 -3 -3  3  1 -2  1 -1 -2 -2  0 -3 -1  4""".splitlines()])


def replacements():
    """float32 [64, 64]: for each codon (A, C, G, T are 0 to 3, the first base counts most) the rising sums of the
    probabilities of every other one.

    A codon is taken in proportion to the odds of its residue, 2^(score / 2), and to a quarter for each base beyond the first
    that changes. So most changes are synonymous, others keep the residue's kind. No codon becomes a stop or stays as it is.
    """
    codes = np.arange(64)
    bases = np.stack([codes >> 4, codes >> 2 & 3, codes & 3], axis=1)
    tcag = np.array([2, 1, 3, 0])[bases]  # places of A, C, G, T in the order T C A G
    amino = [CODON_ORDER[16 * a + 4 * b + c] for a, b, c in tcag]
    place = np.array([RESIDUES.find(letter) for letter in amino])  # -1: a stop
    changes = (bases[:, None] != bases[None]).sum(axis=2)
    odds = 2.0 ** (BLOSUM62[place[:, None], place[None]] / 2) * 0.25 ** (changes - 1.0)
    odds[:, place < 0] = 0.0
    np.fill_diagonal(odds, 0.0)
    sums = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1).astype(np.float32)
    sums[:, np.flatnonzero(place >= 0)[-1]:] = 1.0  # no rounding leads past the last codon
    return sums
