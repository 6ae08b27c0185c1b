"""The stored runs that `virnucpro models verify --published` compares a bundle with.

    python make_published_run.py published RUN ../../models/published_run   # RUN: frames.tsv and embeddings.npz of the published run
    python make_published_run.py stand-in ../../models/published_run ../data/parity/stand_in
    python make_published_run.py mini ../../models/mini ../../models/mini_run

`published` puts a run of others with the published models into the form that the program reads: run.json and embeddings.safetensors.
`stand-in` computes the same frames by models of the published widths with few layers: ESM-2 in fair-esm, DNABERT-S and the classifier in
plain PyTorch (make_encoder_goldens.py), all in float64 over synthetic weights that the tests make again by themselves. Token ids come from
Hugging Face's tokenizers and the tokenizer of the embedded bundle. `mini` is the run that `virnucpro doctor` compares the embedded bundle with:
frames, embeddings and scores of its expected.json (training/make_expected.py, float64 on the stored weights).

Needs: numpy, safetensors; for `stand-in` also torch, fair-esm==2.0.0, tokenizers.
"""
import argparse
import csv
import json
import pathlib

import numpy as np
from safetensors.numpy import load_file, save_file

PUBLISHED = {
    "description": "the published DNABERT-S, ESM-2 3B (esm2_t36_3B_UR50D) and classifier for 500 bases",
    "source": "https://github.com/broadinstitute/virnucpro-broad, commit a8d3e4b, tests/data",
    "license": "MIT",
    "expected_length": 500,
    "dnabert_s": {"model": "DNABERT-S", "layers": 12, "width": 768, "heads": 12},
    "esm2": {"model": "esm2_t36_3B_UR50D", "layers": 36, "width": 2560, "heads": 40},
}


def write(folder, facts, frames, arrays):
    run = dict(facts, frames=[{"id": f["id"], "nucleotides": f["nucleotides"], "protein": f["protein"]} for f in frames])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(run, indent=1) + "\n")
    save_file({key: np.ascontiguousarray(value, dtype=np.float32) for key, value in arrays.items()},
              str(folder / "embeddings.safetensors"))


def published(source, folder):
    frames = list(csv.DictReader((source / "frames.tsv").open(), delimiter="\t"))
    stored = np.load(source / "embeddings.npz")
    assert [f["id"] for f in frames] == list(stored["ids"])
    scores = [[float(f["score_others"]), float(f["score_virus"])] for f in frames]
    write(folder, PUBLISHED, frames, {"dnabert_s": stored["dnabert_s"], "esm2": stored["esm2"], "scores": scores})


def stand_in(source, folder):
    import torch
    from tokenizers import Tokenizer

    import make_encoder_goldens as originals

    layers, name = 2, "stand_in"
    facts = dict(PUBLISHED, description="stand-ins of the published widths with synthetic weights",
                 source="tests/parity/make_published_run.py", license="MIT",
                 dnabert_s={"model": "a stand-in for DNABERT-S", "layers": layers, "width": 768, "heads": 12},
                 esm2={"model": "a stand-in for ESM-2", "layers": layers, "width": 2560, "heads": 40})
    frames = json.loads((source / "run.json").read_text())["frames"]
    root = pathlib.Path(__file__).resolve().parents[2]
    tokenizer = Tokenizer.from_file(str(root / "models" / "mini" / "tokenizer.json"))
    ids = [tokenizer.encode(f["nucleotides"]).ids for f in frames]
    dna = originals.dnabert_s_case(f"{name}_dnabert_s", layers, 768, 12, 3072, 4096, ids)
    esm = originals.esm2_case(f"{name}_esm2", layers, 2560, 40, [f["protein"] for f in frames])
    weights = lambda key, shape: originals.synthetic(f"{name}_classifier/{key}", shape).double()
    x = torch.from_numpy(np.concatenate([dna, esm], axis=1)).double()
    hidden = x @ weights("hidden_layer.weight", (512, 3328)).T + weights("hidden_layer.bias", (512,))
    hidden = (hidden - weights("bn1.running_mean", (512,))) / torch.sqrt(weights("bn1.running_var", (512,)) + 1e-5)
    hidden = torch.relu(hidden * weights("bn1.weight", (512,)) + weights("bn1.bias", (512,)))
    logits = hidden @ weights("output_layer.weight", (2, 512)).T + weights("output_layer.bias", (2,))
    scores = logits.softmax(1).numpy()
    for key, rows in (("dnabert_s", dna), ("esm2", esm)):
        centred = np.linalg.norm(rows - rows.mean(0), axis=1) / np.linalg.norm(rows, axis=1)
        print(f"{key}: {len(rows)} frames, which differ by {centred.min():.2f} to {centred.max():.2f} of their norm")
    print("scores of viruses:", np.round(scores[:, 1], 4))
    write(folder, facts, frames, {"dnabert_s": dna, "esm2": esm, "scores": scores})


def mini(source, folder):
    card = json.loads((source / "bundle.json").read_text())
    pairs = json.loads((source / "expected.json").read_text())["pairs"]
    frames = [{"id": f"frame_{i + 1}", "nucleotides": p["nucleotides"], "protein": p["protein"]} for i, p in enumerate(pairs)]
    dna, esm = card["dnabert_s"]["config"], card["esm2"]["config"]
    facts = {"description": f"the embedded bundle {card['name']} {card['version']}", "source": "models/mini/expected.json", "license": card["license"],
             "expected_length": 500,
             "dnabert_s": {"model": "the embedded DNABERT-S", "layers": dna["num_hidden_layers"], "width": dna["hidden_size"], "heads": dna["num_attention_heads"]},
             "esm2": {"model": "the embedded ESM-2", "layers": esm["num_layers"], "width": esm["embed_dim"], "heads": esm["attention_heads"]}}
    write(folder, facts, frames, {"dnabert_s": [p["dnabert_s"] for p in pairs], "esm2": [p["esm2"] for p in pairs],
                                  "scores": [p["scores"]["500"] for p in pairs]})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=["published", "stand-in", "mini"])
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    {"published": published, "stand-in": stand_in, "mini": mini}[arguments.which](arguments.source, arguments.folder)
    stored = load_file(str(arguments.folder / "embeddings.safetensors"))
    print({key: value.shape for key, value in stored.items()})


if __name__ == "__main__":
    main()
