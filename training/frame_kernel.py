"""Compiles frame_kernel.c with the C compiler of the machine and calls it: frames as rows of token ids."""

import ctypes
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from codon_changes import replacements
from fragments import CODON_TO_ID

EMPTY = 0xFFFFFFFF
LARGEST_FRAME = 1023  # bases; MAX_BASES of frame_kernel.c


def compile_kernel():
    """The kernel as a loaded library; built anew, which takes a second."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "frame_kernel.so"
        source = Path(__file__).with_name("frame_kernel.c")
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-O3", "-march=native", "-shared", "-fPIC", source, "-o", library],
                       check=True)
        kernel = ctypes.CDLL(str(library))
    kernel.make_frames.restype = None
    kernel.read_windows.restype = None
    return kernel


def merge_table(tokenizer):
    """Hash table of a tokenizer's merges (keys, ranks, ids of the merged tokens) and the ids of A, C, G and T."""
    model = json.loads(tokenizer.to_str())["model"]
    vocab = model["vocab"]
    pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]
    slots = 1 << (4 * len(pairs)).bit_length()
    key, rank, merged = np.full(slots, EMPTY, np.uint32), np.zeros(slots, np.uint16), np.zeros(slots, np.uint16)
    for i, (a, b) in enumerate(pairs):
        code = vocab[a] << 16 | vocab[b]
        slot = (code * 2654435761 & EMPTY) >> 12 & (slots - 1)
        while key[slot] != EMPTY:
            slot = (slot + 1) & (slots - 1)
        key[slot], rank[slot], merged[slot] = code, i, vocab[a + b]
    return key, rank, merged, np.array([vocab[base] for base in "ACGT"], np.uint16)


class WindowReader:
    """Finds what is read of windows of a corpus. Safe to use in processes forked after its making."""

    def __init__(self, bases):
        self.bases, self.kernel = bases, compile_kernel()

    def __call__(self, begin, size, seed, least, second):
        """Leftmost base, codons (0: nothing to read), reverse strand, extra base, and whether it is a stop-free frame, per window."""
        n = len(begin)
        begin, size = np.ascontiguousarray(begin, np.int64), np.ascontiguousarray(size, np.int32)
        left, codons = np.zeros(n, np.int64), np.zeros(n, np.int32)
        reverse, extra, whole = (np.zeros(n, np.uint8) for _ in range(3))
        pointer = [ctypes.c_void_p(a.ctypes.data) for a in (begin, size, CODON_TO_ID, left, codons, reverse, extra, whole)]
        self.kernel.read_windows(ctypes.c_void_p(self.bases.ctypes.data), ctypes.c_int64(n), *pointer[:2], ctypes.c_uint64(seed),
                                 ctypes.c_int(least), ctypes.c_double(second), *pointer[2:])
        return left, codons, reverse.astype(bool), extra.astype(bool), whole.astype(bool)


class FrameMaker:
    """Turns places in a corpus into token ids. Safe to use in processes forked after its making."""

    def __init__(self, bases, tokenizer):
        self.bases = bases
        self.key, self.rank, self.merged, self.letters = merge_table(tokenizer)
        self.kernel = compile_kernel()
        self.replacements = replacements()

    def __call__(self, frames, rate, evolution, dropout, seed, dna_width, protein_width):
        """DNA ids int16 [n, dna_width] and protein ids uint8 [n, protein_width] of `frames` (fragments.Frames)."""
        n = len(frames.extra)
        if 3 * frames.codons.sum(axis=1).max() + 1 > min(LARGEST_FRAME, 3 * (protein_width - 2) + 1):
            raise ValueError("a frame is longer than its row")
        dna, protein = np.empty((n, dna_width), np.int16), np.empty((n, protein_width), np.uint8)
        arrays = [np.ascontiguousarray(a, t) for a, t in ((frames.left, np.int64), (frames.codons, np.int32),
                                                         (frames.reverse, np.uint8), (frames.extra, np.uint8), (rate, np.float32),
                                                         (evolution, np.float32))]
        pointer = [ctypes.c_void_p(a.ctypes.data) for a in (*arrays, self.replacements, CODON_TO_ID, self.letters, self.key, self.rank, self.merged,
                                                            dna, protein)]
        self.kernel.make_frames(ctypes.c_void_p(self.bases.ctypes.data), ctypes.c_int64(n), *pointer[:7], ctypes.c_uint64(seed),
                                ctypes.c_double(dropout), *pointer[7:12], ctypes.c_uint32(len(self.key)),
                                pointer[12], ctypes.c_int(dna_width), pointer[13], ctypes.c_int(protein_width))
        return dna, protein
