"""Golden embeddings for the encoders and the classifier, from independent Python code.

ESM-2 runs in fair-esm 2.0.0 (PyPI); DNABERT-S and the classifier are plain PyTorch written from
docs/explanation/numerics.md. Everything is computed in float64 over synthetic weights that the C++ tests make
again by themselves (tests/support/synthetic_weights.h), so the files stay small:

    python make_encoder_goldens.py ../data/parity            # encoders.json, encoders.safetensors
    python make_encoder_goldens.py ../data/parity --large    # adds the 650M shape (10 GB of memory)

Needs: torch, fair-esm==2.0.0, numpy, safetensors.
"""
import argparse
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from esm.model.esm2 import ESM2
from safetensors.numpy import load_file, save_file

import synthetic as synthetic_weights

ALPHABET = "LAGVSERTIDPKQNFYMHWCXBUZO"
COMMON = "LAGVSERTIDPKQNFYMHWC"


def synthetic(name, shape):
    return torch.from_numpy(synthetic_weights.synthetic(name, shape))


def random_protein(rng, length, dirty=False):
    letters = ALPHABET if dirty else COMMON
    return "".join(rng.choice(list(letters), size=length))


def esm2_case(name, layers, d, heads, sequences):
    model = ESM2(num_layers=layers, embed_dim=d, attention_heads=heads, alphabet="ESM-1b", token_dropout=True)
    state = model.state_dict()
    for key, value in state.items():
        if key.startswith(("lm_head", "contact_head")) or "rot_emb" in key:
            continue
        state[key] = synthetic(f"{name}/{key}", tuple(value.shape)).to(value.dtype)
    model.load_state_dict(state)
    model = model.double().eval()
    # fair-esm computes the rotary angles in the type of inv_freq: recompute it in float64.
    for layer in model.layers:
        rotary = layer.self_attn.rot_emb
        width = d // heads
        rotary.inv_freq = 1.0 / (10000 ** (torch.arange(0, width, 2).double() / width))
        rotary._cos_cached = rotary._sin_cached = rotary._seq_len_cached = None
    converter = model.alphabet.get_batch_converter(truncation_seq_length=None)
    rows = []
    with torch.no_grad():
        for sequence in sequences:
            _, _, tokens = converter([("", sequence)])
            out = model(tokens, repr_layers=[layers])["representations"][layers]
            residues = min(len(sequence), 1024)
            rows.append(out[0, 1 : residues + 1].mean(0).numpy())
    return np.stack(rows).astype(np.float32)


def alibi_slopes(heads):
    power = 2 ** math.floor(math.log2(heads))
    series = lambda n: [2 ** (-8 / n * (i + 1)) for i in range(n)]
    return series(power) + series(2 * power)[0::2][: heads - power]


def layer_norm(x, weights, prefix, eps):
    return F.layer_norm(x, (x.shape[-1],), weights(prefix + ".weight", (x.shape[-1],)),
                        weights(prefix + ".bias", (x.shape[-1],)), eps)


def dnabert_s_case(name, layers, d, heads, inner, vocab, sequences):
    weights = lambda key, shape: synthetic(f"{name}/{key}", shape).double()
    slopes = torch.tensor(alibi_slopes(heads), dtype=torch.float64)
    rows = []
    for ids in sequences:
        n = len(ids)
        distance = (torch.arange(n)[:, None] - torch.arange(n)[None, :]).abs().double()
        bias = -slopes[:, None, None] * distance
        x = weights("embeddings.word_embeddings.weight", (vocab, d))[torch.tensor(ids)]
        x = x + weights("embeddings.token_type_embeddings.weight", (2, d))[0]
        x = layer_norm(x, weights, "embeddings.LayerNorm", 1e-12)
        for i in range(layers):
            p = f"encoder.layer.{i}."
            qkv = x @ weights(p + "attention.self.Wqkv.weight", (3 * d, d)).T + weights(
                p + "attention.self.Wqkv.bias", (3 * d,))
            q, k, v = qkv.reshape(n, 3, heads, d // heads).permute(1, 2, 0, 3)
            scores = q @ k.transpose(1, 2) / math.sqrt(d // heads) + bias
            mixed = (scores.softmax(-1) @ v).permute(1, 0, 2).reshape(n, d)
            mixed = mixed @ weights(p + "attention.output.dense.weight", (d, d)).T + weights(
                p + "attention.output.dense.bias", (d,))
            x = layer_norm(mixed + x, weights, p + "attention.output.LayerNorm", 1e-12)
            g = x @ weights(p + "mlp.gated_layers.weight", (2 * inner, d)).T
            y = F.gelu(g[:, :inner]) * g[:, inner:]
            y = y @ weights(p + "mlp.wo.weight", (d, inner)).T + weights(p + "mlp.wo.bias", (d,))
            x = layer_norm(y + x, weights, p + "mlp.layernorm", 1e-12)
        rows.append(x.mean(0).numpy())
    return np.stack(rows).astype(np.float32)


def classifier_case(name, inputs, hidden, rows):
    weights = lambda key, shape: synthetic(f"{name}/{key}", shape).double()
    x = synthetic(f"{name}/features_embed", (rows, inputs)).double()
    h = x @ weights("hidden_layer.weight", (hidden, inputs)).T + weights("hidden_layer.bias", (hidden,))
    h = F.batch_norm(h, weights("bn1.running_mean", (hidden,)), weights("bn1.running_var", (hidden,)),
                     weights("bn1.weight", (hidden,)), weights("bn1.bias", (hidden,)), False, 0.0, 1e-5)
    logits = F.relu(h) @ weights("output_layer.weight", (2, hidden)).T + weights("output_layer.bias", (2,))
    return logits.softmax(1).numpy().astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--large", action="store_true", help="make only large.{json,safetensors}")
    arguments = parser.parse_args()
    rng = np.random.default_rng(20)
    cases, arrays = [], {}

    def add_esm2(name, layers, d, heads, sequences):
        cases.append({"model": "esm2", "name": name, "layers": layers, "width": d, "heads": heads,
                      "sequences": sequences})
        arrays[name] = esm2_case(name, layers, d, heads, sequences)
        print(name, arrays[name].shape, float(np.abs(arrays[name]).max()), flush=True)

    def add_dnabert_s(name, layers, d, heads, inner, vocab, sequences):
        cases.append({"model": "dnabert_s", "name": name, "layers": layers, "width": d, "heads": heads,
                      "intermediate": inner, "vocabulary": vocab, "sequences": sequences})
        arrays[name] = dnabert_s_case(name, layers, d, heads, inner, vocab, sequences)
        print(name, arrays[name].shape, float(np.abs(arrays[name]).max()), flush=True)

    ids = lambda vocab, n: [1] + [int(i) for i in rng.integers(5, vocab, size=n)] + [2]
    if arguments.large:
        lengths = [165, 98, 33]
        add_esm2("esm2_650m", 33, 1280, 20, [random_protein(rng, n) for n in lengths])
        add_dnabert_s("dnabert_s_117m", 12, 768, 12, 3072, 4096, [ids(4096, n) for n in [104, 61]])
    else:
        lengths = [1, 2, 3, 17, 33, 64, 100, 166]
        for name, layers, d, heads in [("esm2_w8", 2, 64, 8), ("esm2_w16", 3, 80, 5), ("esm2_w24", 2, 72, 3),
                                       ("esm2_w32", 2, 96, 3), ("esm2_w64", 2, 128, 2), ("esm2_deep", 12, 48, 6)]:
            add_esm2(name, layers, d, heads, [random_protein(rng, n, n == 33) for n in lengths])
        add_esm2("esm2_long", 2, 32, 2, [random_protein(rng, n) for n in [1023, 1024, 1025, 1300]])
        for name, layers, d, heads, inner in [("dnabert_s_w8", 2, 64, 8, 128), ("dnabert_s_w16", 2, 96, 6, 160),
                                              ("dnabert_s_w32", 2, 160, 5, 320), ("dnabert_s_w64", 2, 192, 3, 384),
                                              ("dnabert_s_deep", 12, 48, 12, 96)]:
            add_dnabert_s(name, layers, d, heads, inner, 300, [ids(300, n) for n in [0, 1, 2, 15, 31, 62, 101, 140]])
        add_dnabert_s("dnabert_s_long", 2, 32, 2, 64, 300, [ids(300, n) for n in [600, 900]])
        for name, inputs, hidden, rows in [("classifier_small", 24, 16, 9), ("classifier_published", 3328, 512, 5)]:
            cases.append({"model": "classifier", "name": name, "inputs": inputs, "hidden": hidden, "rows": rows})
            arrays[name] = classifier_case(name, inputs, hidden, rows)
    stem = "large" if arguments.large else "encoders"
    (arguments.folder / f"{stem}.json").write_text(json.dumps(cases, indent=0) + "\n")
    save_file(arrays, str(arguments.folder / f"{stem}.safetensors"))
    assert all(np.isfinite(a).all() for a in load_file(str(arguments.folder / f"{stem}.safetensors")).values())


if __name__ == "__main__":
    main()
