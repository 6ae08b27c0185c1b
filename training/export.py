"""Writes a checkpoint as a bundle folder: safetensors, tokenizer.json and bundle.json."""

import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from models import DnabertS, Network, bundle_parts

DESCRIPTION = ("Small embedded model: a DNABERT-S and an ESM-2 of a few layers with classifiers for 300 and 500 bases, "
               "trained from scratch. For first looks, tests and machines without a GPU; not for diagnosis, "
               "biosecurity or any other decision that rests on a single call.")
TRAINING_DATA = ("Training split of a corpus of public sequence records, split by genus: 5212 viral genomes, 741 bacterial, archaeal, "
                 "plasmid, organelle and eukaryote genomes, and host transcripts of 654 genera; see the card (README.md).")


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def export(network, tokenizer_file, out, name="mini", version="0.3.0", description=DESCRIPTION, training_data=TRAINING_DATA, metrics=None,
           frames="longest"):
    """Writes the bundle folder `out`; encoders in FP16, classifiers in FP32.

    `frames` says what the classifiers were trained to read, as --frames of the program does.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if Path(tokenizer_file).resolve() != (out / "tokenizer.json").resolve():
        shutil.copyfile(tokenizer_file, out / "tokenizer.json")
    for part_name, state in bundle_parts(network).items():
        dtype = torch.float32 if part_name.startswith("classifier") else torch.float16
        tensors = {k: v.detach().cpu().to(dtype).contiguous() for k, v in state.items()}
        for key, tensor in tensors.items():
            if not torch.isfinite(tensor).all():
                raise ValueError(f"{part_name}: {key} has values that are not finite in {dtype}")
        save_file(tensors, out / f"{part_name}.safetensors")
    c = network.config

    def part(name, config):
        file = f"{name}.safetensors"
        return {"file": file, "sha256": sha256(out / file), "config": config}

    card = {
        "format": "virnucpro-bundle", "format_version": 1, "name": name, "version": version,
        "description": description, "license": "MIT", "training_data": training_data,
        "frames": frames, "tokenizer": {"file": "tokenizer.json", "sha256": sha256(out / "tokenizer.json")},
        "dnabert_s": part("dnabert_s", {
            "hidden_size": c.dna_width, "num_hidden_layers": c.dna_layers, "num_attention_heads": c.dna_heads,
            "intermediate_size": c.dna_intermediate, "layer_norm_eps": DnabertS.EPS, "vocab_size": c.vocab}),
        "esm2": part("esm2", {"num_layers": c.protein_layers, "embed_dim": c.protein_width,
                              "attention_heads": c.protein_heads, "token_dropout": True}),
        "classifiers": [{"expected_length": n, **part(f"classifier_{n}", {
            "input_dim": c.dna_width + c.protein_width, "hidden_dim": c.hidden})} for n in Network.LENGTHS],
        "metrics": metrics or {},
    }
    (out / "bundle.json").write_text(json.dumps(card, indent=2) + "\n")
