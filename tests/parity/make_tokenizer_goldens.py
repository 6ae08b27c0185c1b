#!/usr/bin/env python3
"""Writes the expectations of the tokenizer tests: what Hugging Face `tokenizers` makes of many sequences.

    python3 tests/parity/make_tokenizer_goldens.py [--train] [--shared DIR]

Needs `pip install tokenizers` (made with 0.23.3). Files in tests/data/tokenizer/:
  small_tokenizer.json      a vocabulary of 512, trained here on generated sequences (only with --train)
  <name>_generated.tsv      per block of 1000 generated sequences: number of ids and digests
  <name>_corpus.tsv         the same for slices of real genomes (with the shared corpus only)
  <name>_examples.json      single sequences with their ids, also with fuse_unk set
for <name> = small and, where the shared folder has it, published (DNABERT-S). The generator has a twin in
tests/unit/tokenizer/generated_sequences.h; the two must not drift apart, and the digests show when they do.
"""
import argparse
import gzip
import hashlib
import json
import os
import pathlib
import struct

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "tokenizer"
MASK = (1 << 64) - 1
BLOCK = 1000
GENERATED_BLOCKS = 100
CORPUS_BLOCKS = 30
LONGEST = 700
GENOME_BASES = 400_000
MARKOV_SEED = 42
GENOME_SEED = 4242
CORPUS_SEED = 1_000_000
CORPUS_FILES = ("viral.fa.gz", "bacteria.fa.gz", "vertebrate.fa.gz")
DIRTY = "RYSWKMBDHVa-*"  # 13 letters: bytes 243..255
SPECIALS = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
COMPLEMENT = str.maketrans("ACGT", "TGCA")


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def bytes(self, count):
        """The first `count` bytes of as many draws as that takes, each draw lowest byte first."""
        draws = (count + 7) // 8
        return b"".join(struct.pack("<Q", self.next()) for _ in range(draws))[:count]


def markov_letters():
    """For each context of three bases, the letter that each of the 256 byte values stands for."""
    rng = SplitMix64(MARKOV_SEED)
    table = []
    for _ in range(64):
        weights = [(1 + (rng.next() & 63)) ** 2 for _ in range(4)]
        total, row, seen = sum(weights), [], 0
        for letter, weight in enumerate(weights):
            seen += weight
            row += [letter] * (seen * 256 // total - len(row))
        table.append(row)
    return table


MARKOV = markov_letters()


def uniform_text(rng, length):
    return "".join("ACGT"[byte & 3] for byte in rng.bytes(length))


def dirty_text(rng, length):
    return "".join("ACGT"[b & 3] if b < 230 else "N" if b < 243 else DIRTY[b - 243] for b in rng.bytes(length))


def markov_text(rng, length):
    context, letters = 0, []
    for byte in rng.bytes(length):
        letter = MARKOV[context][byte]
        letters.append("ACGT"[letter])
        context = (context * 4 + letter) & 63
    return "".join(letters)


def make_genome():
    """Markov text with tandem repeats, copies, inverted copies and runs of N."""
    rng = SplitMix64(GENOME_SEED)
    genome = markov_text(rng, 1000)
    while len(genome) < GENOME_BASES:
        kind = rng.next() % 8
        if kind == 0:
            unit = markov_text(rng, 1 + rng.next() % 6)
            piece = unit * (2 + rng.next() % 20)
        elif kind in (1, 2):
            length = 50 + rng.next() % 500
            start = rng.next() % (len(genome) - length)
            piece = genome[start : start + length]
            if kind == 2:
                piece = piece.translate(COMPLEMENT)[::-1]
        elif kind == 3:
            piece = "N" * (1 + rng.next() % 30)
        else:
            piece = markov_text(rng, 100 + rng.next() % 400)
        genome += piece
    return genome


def slice_of(text, rng):
    length = 1 + rng.next() % LONGEST
    start = rng.next() % (len(text) - length)
    return text[start : start + length]


def generated_sequence(index, genome):
    rng = SplitMix64(index)
    if index % 4 == 3:
        return slice_of(genome, rng)
    length = 1 + rng.next() % LONGEST
    return (uniform_text, dirty_text, markov_text)[index % 4](rng, length)


def corpus_texts(folder):
    texts = []
    for name in CORPUS_FILES:
        with gzip.open(folder / name, "rt") as lines:
            texts.append("".join(line.rstrip("\n") for line in lines if not line.startswith(">")))
    return texts


def train_small(genome):
    """A vocabulary of the published file's kind, small enough to be part of the test data."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(vocab_size=512, special_tokens=SPECIALS, initial_alphabet=list("ACGT"),
                                  limit_alphabet=4, show_progress=False)
    clean = [s for s in (generated_sequence(i, genome) for i in range(20_000)) if set(s) <= set("ACGT")]
    tokenizer.train_from_iterator(clean, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    return tokenizer


def load(path, fuse=False):
    data = json.loads(path.read_text())
    data["model"]["fuse_unk"] = fuse
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def write_blocks(path, tokenizer, sequences):
    with open(path, "w") as out:
        out.write("# block, ids, SHA-256 of the ids (int32, little-endian), start of the SHA-256 of the sequences\n")
        for block, start in enumerate(range(0, len(sequences), BLOCK)):
            texts = sequences[start : start + BLOCK]
            ids = [i for encoding in tokenizer.encode_batch(texts) for i in encoding.ids]
            digest = hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()
            text_digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
            out.write(f"{block}\t{len(ids)}\t{digest}\t{text_digest}\n")


def example_texts(generated):
    texts = ["", "A", "N", "NNN", "ACGT", "acgt", "AC GT", " AC\tGT\n", "AC\x0b\x0cGT\r\n", "AC-GT", "AC..--GT", "A_1T",
             "AC\x00GT", "AC\x1cGT\x7f", "*", "ANA", "NACGTN", "AANAA", "ACGT*", "NN--NN  NN", "A" * 17, "A" * 64,
             "AC" * 40, "T" * 33 + "N" + "T" * 33, "ACGTN" * 12, "RYSWKMBDHV", "GATTACA" * 9, "[]", "<mask>"]
    return texts + [text for text in generated if len(text) < 160][:24]


def write_examples(path, plain, fused, texts):
    rows = [{"text": t, "ids": plain.encode(t).ids, "fused": fused.encode(t).ids} for t in texts]
    path.write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true", help="train small_tokenizer.json again first")
    parser.add_argument("--shared", type=pathlib.Path, help="folder with data/dnabert_s and corpus/dev",
                        default=os.environ.get("VIRNUCPRO_SHARED", DATA.parents[3] / "shared"))
    arguments = parser.parse_args()
    shared = pathlib.Path(arguments.shared)

    genome = make_genome()
    small = DATA / "small_tokenizer.json"
    if arguments.train:
        train_small(genome).save(str(small), pretty=False)
    generated = [generated_sequence(i, genome) for i in range(GENERATED_BLOCKS * BLOCK)]
    corpus = []
    if (shared / "corpus" / "dev").is_dir():
        texts = corpus_texts(shared / "corpus" / "dev")
        corpus = [slice_of(texts[i % 3], SplitMix64(CORPUS_SEED + i)) for i in range(CORPUS_BLOCKS * BLOCK)]

    print("tokenizers", tokenizers.__version__)
    for name, path in (("small", small), ("published", shared / "data" / "dnabert_s" / "tokenizer.json")):
        if not path.is_file():
            print(f"{name}: {path} is missing, left out")
            continue
        tokenizer = load(path)
        write_blocks(DATA / f"{name}_generated.tsv", tokenizer, generated)
        if corpus:
            write_blocks(DATA / f"{name}_corpus.tsv", tokenizer, corpus)
        write_examples(DATA / f"{name}_examples.json", tokenizer, load(path, fuse=True), example_texts(generated))
        print(f"{name}: {len(generated)} generated, {len(corpus)} real sequences")


if __name__ == "__main__":
    main()
