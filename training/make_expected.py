"""Writes expected.json: token ids, embeddings and classifier outputs of a bundle, for tests of other implementations.

The bundle's own files are read back (FP16 weights) and everything is computed in float64.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

import fragments
from models import BundleConfig, Network

TEXTS, PAIRS = 40, 20
LENGTHS = (60, 61, 75, 90, 123, 150, 201, 250, 298, 299, 300, 333, 400, 450, 498, 499, 500, 555, 640, 700)


def read_bundle(folder):
    """The network and the tokenizer of a bundle folder, in float64."""
    card = json.loads((folder / "bundle.json").read_text())
    dna, protein = card["dnabert_s"]["config"], card["esm2"]["config"]
    config = BundleConfig(dna["hidden_size"], dna["num_hidden_layers"], dna["num_attention_heads"], dna["intermediate_size"],
                          dna["vocab_size"], protein["embed_dim"], protein["num_layers"], protein["attention_heads"],
                          card["classifiers"][0]["config"]["hidden_dim"])
    network = Network(config)
    network.dnabert_s.load_state_dict(load_file(folder / card["dnabert_s"]["file"]))
    network.esm2.load_state_dict(load_file(folder / card["esm2"]["file"]))
    for part in card["classifiers"]:
        network.classifiers[str(part["expected_length"])].load_state_dict(load_file(folder / part["file"]), strict=False)
    return network.double().eval(), Tokenizer.from_file(str(folder / card["tokenizer"]["file"]))


def random_open_frame(rng, bases):
    """A random nucleotide string whose first frame has no stop codon."""
    codes = rng.integers(0, 4, bases)
    codons = codes[: bases // 3 * 3].reshape(-1, 3)
    stop = fragments.translate(codons.reshape(-1)) == fragments.STOP_ID
    codons[stop, 0] = 1  # CAA, CAG and CGA are open
    return codes.astype(np.uint8)


def letters(codes):
    return np.frombuffer(b"ACGTN", np.uint8)[codes].tobytes().decode()


def protein_text(ids):
    return "".join(fragments.PROTEIN_ALPHABET[i] for i in ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    network, tokenizer = read_bundle(Path(args.bundle))
    rng = np.random.default_rng(args.seed)

    frames = [random_open_frame(rng, n) for n in LENGTHS]
    texts = [letters(codes) for codes in frames]
    for n in LENGTHS:
        codes = rng.choice(4, size=n, p=rng.dirichlet([2, 2, 2, 2])).astype(np.uint8)
        if n % 2 == 0:
            codes[rng.integers(0, n, 1 + n // 100)] = 4
        texts.append(letters(codes))
    tokens = [{"nucleotides": t, "ids": tokenizer.encode(t).ids} for t in texts[:TEXTS]]

    pairs = []
    with torch.no_grad():
        for codes, entry in zip(frames[:PAIRS], tokens):
            residues = fragments.translate(codes[: len(codes) // 3 * 3])
            dna = network.dnabert_s.embed(torch.tensor([entry["ids"]]))
            protein = network.esm2.embed(torch.tensor([[0, *residues.tolist(), 2]]))
            features = torch.cat([dna, protein], dim=1)
            pairs.append({
                "nucleotides": entry["nucleotides"], "protein": protein_text(residues),
                "dnabert_s": [float(f"{v:.8g}") for v in dna[0].tolist()],
                "esm2": [float(f"{v:.8g}") for v in protein[0].tolist()],
                "scores": {str(n): [float(f"{v:.8g}") for v in network.classifiers[str(n)](features).softmax(-1)[0].tolist()]
                           for n in Network.LENGTHS},
            })
    Path(args.out).write_text(json.dumps({
        "comment": "made by training/make_expected.py from the files of this bundle; float64 arithmetic on the stored FP16 weights; "
                   "scores are [P(others), P(virus)] by expected length",
        "tokens": tokens, "pairs": pairs}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
