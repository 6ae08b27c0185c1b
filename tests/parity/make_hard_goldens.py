"""ESM-2 models that are hard in the way trained ones are, their embeddings in float64, and models for `virnucpro precision`.

    python make_hard_goldens.py ../data/parity                        # hard.json, hard.safetensors
    python make_hard_goldens.py --models DIR [--layers 12 --width 640 --heads 20]

A run of others with the published ESM-2 3B shows embeddings in which one dimension is 12.6 where the others have a standard deviation
of 0.11 and hold a fifth of the energy; without it two frames differ by 0.5 to 0.8 of the norm. Random weights have none of that, so the
planted models get it by edits (synthetic.py): an embedding table without the mean of proteins and two layers that spread what a whole
sequence has (so that frames differ), channels of a feed-forward that are always large and make two dominant dimensions of the
residual stream, attention logits four times as large, and a final norm with the published sizes. `limit` comes near the end of float16:
a residual of 3e4, and an output of fc1 of 7e4 that nothing reads. The forward pass is NumPy in float64, written from docs/explanation/numerics.md.

Needs: numpy, scipy, safetensors.
"""
import argparse
import json
import math
import pathlib
import shutil

import numpy as np
from safetensors.numpy import save_file
from scipy.special import erf

from synthetic import apply_edits, synthetic

LETTERS = "LAGVSERTIDPKQNFYMHWC"  # tokens 4 on
# Frequencies of amino acids in UniProtKB/Swiss-Prot, in that order, percent.
FREQUENCIES = [9.66, 8.25, 7.07, 6.86, 6.56, 6.75, 5.53, 5.34, 5.96, 5.45, 4.70, 5.84, 3.93, 4.06, 3.86, 2.92, 2.42, 2.27, 1.08, 1.37]
# Of the published run's embeddings: the dominant dimension, the next one, and the others' standard deviation.
DOMINANT_SIZE, SECOND_SIZE, REST_DEVIATION = 12.6, 1.0, 0.11
SPREAD_LAYERS, SPREAD_GAIN = 2, 12.0
HOT_CHANNELS, HOT_ACTIVATION = 4, 40.0


def frequencies():
    return [f / sum(FREQUENCIES) for f in FREQUENCIES]


def expected_tensors(layers, d):
    shapes = {"embed_tokens.weight": (33, d)}
    for i in range(layers):
        p = f"layers.{i}."
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            shapes[f"{p}self_attn.{name}.weight"] = (d, d)
            shapes[f"{p}self_attn.{name}.bias"] = (d,)
        for name, shape in (("fc1", (4 * d, d)), ("fc2", (d, 4 * d))):
            shapes[f"{p}{name}.weight"] = shape
            shapes[f"{p}{name}.bias"] = shape[:1]
        for name in ("self_attn_layer_norm", "final_layer_norm"):
            shapes[f"{p}{name}.weight"] = shapes[f"{p}{name}.bias"] = (d,)
    shapes["emb_layer_norm_after.weight"] = shapes["emb_layer_norm_after.bias"] = (d,)
    return shapes


def weights_of(name, layers, d, edits):
    tensors = {key: synthetic(f"{name}/{key}", shape) for key, shape in expected_tensors(layers, d).items()}
    apply_edits(tensors, edits)
    return tensors


def proteins(rng, count, shortest, longest):
    """Of compositions as different as those of real proteins."""
    made = []
    for _ in range(count):
        shares = rng.dirichlet(30.0 * np.array(frequencies()))
        made.append("".join(rng.choice(list(LETTERS), size=int(rng.integers(shortest, longest)), p=shares)))
    return made


def norm(x, weights, prefix):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * weights[prefix + ".weight"] + weights[prefix + ".bias"]


def rotated(x):
    n, width = x.shape[1:]
    angles = np.outer(np.arange(n), 1.0 / 10000 ** (np.arange(0, width, 2) / width))
    cos, sin = (np.concatenate([f(angles)] * 2, 1) for f in (np.cos, np.sin))
    half = width // 2
    return x * cos + np.concatenate([-x[..., half:], x[..., :half]], -1) * sin


def embed(weights, layers, heads, sequence):
    """The embedding in float64, and the largest magnitude of the residual stream."""
    dense = lambda x, p: x @ weights[p + ".weight"].T + weights[p + ".bias"]
    x = 0.88 * weights["embed_tokens.weight"][[0] + [4 + LETTERS.index(a) for a in sequence] + [2]]
    n, d = x.shape
    largest = 0.0
    for i in range(layers):
        p = f"layers.{i}."
        y = norm(x, weights, p + "self_attn_layer_norm")
        q, k, v = (dense(y, f"{p}self_attn.{name}").reshape(n, heads, -1).transpose(1, 0, 2) for name in ("q_proj", "k_proj", "v_proj"))
        scores = rotated(q) @ rotated(k).transpose(0, 2, 1) / math.sqrt(d // heads)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(n, d)
        x = x + dense(mixed, p + "self_attn.out_proj")
        h = dense(norm(x, weights, p + "final_layer_norm"), p + "fc1")
        x = x + dense(0.5 * h * (1 + erf(h / math.sqrt(2))), p + "fc2")
        largest = max(largest, np.abs(x).max())
    return norm(x, weights, "emb_layer_norm_after")[1:-1].mean(0), largest


def embeddings_of(weights, layers, heads, sequences):
    wide = {key: value.astype(np.float64) for key, value in weights.items()}
    rows, sizes = zip(*(embed(wide, layers, heads, sequence) for sequence in sequences))
    return np.stack(rows), max(sizes)


def planted_edits(name, layers, d, heads, dominant, sequences, fc1_output=0.0):
    """The edits of a planted model whose dominant dimension reaches `dominant` in the residual stream."""
    first, second = d // 3, d // 2 + 5
    edits = [{"tensor": "embed_tokens.weight", "centre": frequencies()}]
    for i in range(layers):
        for part in ("q_proj", "k_proj"):
            edits.append({"tensor": f"layers.{i}.self_attn.{part}.weight", "scale": 0.25 if i < SPREAD_LAYERS else 2.0})
        if i >= SPREAD_LAYERS:
            continue
        edits.append({"tensor": f"layers.{i}.self_attn.out_proj.weight", "scale": SPREAD_GAIN})
        for part in ("v_proj", "out_proj"):
            edits.append({"tensor": f"layers.{i}.self_attn.{part}.bias", "scale": 0.0})
    for channel in (7 + c * (d + 1) for c in range(HOT_CHANNELS)):
        edits.append({"tensor": "layers.1.fc1.bias", "row": channel, "column": 0, "value": HOT_ACTIVATION})
        edits.append({"tensor": "layers.1.fc2.weight", "column": channel, "value": 0.0})
        for dimension, size in ((first, dominant), (second, -dominant / 3)):
            edits.append({"tensor": "layers.1.fc2.weight", "row": dimension, "column": channel,
                          "value": size / HOT_ACTIVATION / HOT_CHANNELS})
    if fc1_output:
        edits.append({"tensor": f"layers.{layers - 1}.fc1.bias", "row": 3, "column": 0, "value": fc1_output})
        edits.append({"tensor": f"layers.{layers - 1}.fc2.weight", "column": 3, "value": 0.0})
    # The final norm, from what comes out without it being changed.
    made, _ = embeddings_of(weights_of(name, layers, d, edits), layers, heads, sequences)
    rest = np.delete(made, [first, second], axis=1)
    scale = float(np.float32(REST_DEVIATION / rest.std()))
    base = weights_of(name, layers, d, edits)
    for part in ("weight", "bias"):
        edits.append({"tensor": f"emb_layer_norm_after.{part}", "scale": scale})
    for dimension, size in ((first, DOMINANT_SIZE), (second, SECOND_SIZE)):
        gain = float(base["emb_layer_norm_after.weight"][dimension])
        shift = float(base["emb_layer_norm_after.bias"][dimension])
        edits.append({"tensor": "emb_layer_norm_after.weight", "row": dimension, "column": 0,
                      "value": float(np.float32(gain * size / (made[:, dimension].mean() - shift)))})
        edits.append({"tensor": "emb_layer_norm_after.bias", "row": dimension, "column": 0, "value": 0.0})
    return edits


def bias_edits(d, dominant):
    """Two large biases and nothing else: frames differ little beside them, which makes the centred measure strict."""
    return [{"tensor": "layers.1.fc2.bias", "row": row, "column": 0, "value": value}
            for row, value in ((d // 3, dominant), (d // 2 + 5, -dominant / 3))]


def describe(name, rows, largest, d):
    first = d // 3
    rest = np.delete(rows, [first, d // 2 + 5], axis=1)
    spread = np.linalg.norm(rest - rest.mean(0), axis=1) / np.linalg.norm(rest, axis=1)
    print(f"{name}: dimension {first} is {rows[:, first].mean():.2f}, holds {np.mean(rows[:, first] ** 2 / (rows**2).sum(1)):.2f} of the "
          f"energy; the rest has deviation {rest.std():.3f} and a spread of {spread.min():.2f} to {spread.max():.2f}; "
          f"largest residual {largest:.0f}", flush=True)


def write_goldens(folder):
    rng = np.random.default_rng(16)
    layers, d, heads = 5, 192, 12
    sequences = proteins(rng, 36, 60, 160)
    sample = proteins(rng, 12, 60, 160)
    cases, arrays = [], {}
    for name, dominant, fc1_output in (("esm2_plain", 0.0, 0.0), ("esm2_bias_60", 60.0, None), ("esm2_bias_600", 600.0, None), ("esm2_planted_60", 60.0, 0.0), ("esm2_planted_600", 600.0, 0.0),
                                       ("esm2_limit", 3e4, 7e4)):
        if fc1_output is None:
            edits = bias_edits(d, dominant)
        else:
            edits = planted_edits(name, layers, d, heads, dominant, sample, fc1_output) if dominant else []
        rows, largest = embeddings_of(weights_of(name, layers, d, edits), layers, heads, sequences)
        describe(name, rows, largest, d)
        cases.append({"model": "esm2", "name": name, "layers": layers, "width": d, "heads": heads, "edits": edits, "sequences": sequences})
        arrays[name] = rows.astype(np.float32)
    (folder / "hard.json").write_text(json.dumps(cases, indent=0) + "\n")
    save_file(arrays, str(folder / "hard.safetensors"))


def hugging_face(tensors):
    """The names of Hugging Face's EsmModel."""
    parts = {"self_attn.q_proj": "attention.self.query", "self_attn.k_proj": "attention.self.key", "self_attn.v_proj": "attention.self.value",
             "self_attn.out_proj": "attention.output.dense", "self_attn_layer_norm": "attention.LayerNorm", "fc1": "intermediate.dense",
             "fc2": "output.dense", "final_layer_norm": "LayerNorm"}
    renamed = {}
    for key, value in tensors.items():
        if key == "embed_tokens.weight":
            renamed["esm.embeddings.word_embeddings.weight"] = value
        elif key.startswith("emb_layer_norm_after"):
            renamed["esm.encoder." + key] = value
        else:
            _, number, rest = key.split(".", 2)
            part, kind = rest.rsplit(".", 1)
            renamed[f"esm.encoder.layer.{number}.{parts[part]}.{kind}"] = value
    return renamed


def dnabert_s_tensors(name, layers, d, inner, vocabulary):
    shapes = {"embeddings.word_embeddings.weight": (vocabulary, d), "embeddings.token_type_embeddings.weight": (2, d),
              "embeddings.LayerNorm.weight": (d,), "embeddings.LayerNorm.bias": (d,)}
    for i in range(layers):
        p = f"encoder.layer.{i}."
        for part, shape in (("attention.self.Wqkv", (3 * d, d)), ("attention.output.dense", (d, d)), ("mlp.wo", (d, inner))):
            shapes[p + part + ".weight"], shapes[p + part + ".bias"] = shape, shape[:1]
        shapes[p + "mlp.gated_layers.weight"] = (2 * inner, d)
        for part in ("attention.output.LayerNorm", "mlp.layernorm"):
            shapes[p + part + ".weight"] = shapes[p + part + ".bias"] = (d,)
    return {key: synthetic(f"{name}/{key}", shape) for key, shape in shapes.items()}


def write_models(folder, layers, d, heads, tokenizer):
    """plain/ and planted/: an ESM-2 and a DNABERT-S folder each, as float16."""
    rng = np.random.default_rng(17)
    for name, dominant in (("plain", 0.0), ("planted", 600.0)):
        edits = planted_edits(name, layers, d, heads, dominant, proteins(rng, 8, 60, 160)) if dominant else []
        esm2 = folder / name / "esm2"
        esm2.mkdir(parents=True)
        half = lambda tensors: {key: value.astype(np.float16) for key, value in tensors.items()}
        save_file(half(hugging_face(weights_of(name, layers, d, edits))), str(esm2 / "model.safetensors"))
        (esm2 / "config.json").write_text(json.dumps(
            {"model_type": "esm", "architectures": ["EsmModel"], "vocab_size": 33, "num_hidden_layers": layers, "hidden_size": d,
             "num_attention_heads": heads, "intermediate_size": 4 * d, "position_embedding_type": "rotary", "hidden_act": "gelu",
             "layer_norm_eps": 1e-5, "token_dropout": True, "emb_layer_norm_before": False, "is_folding_model": False, "pad_token_id": 1,
             "mask_token_id": 32, "max_position_embeddings": 1026, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}))
        dna = folder / name / "dnabert_s"
        dna.mkdir()
        dna_width = 64 * max(1, d // 256)
        tensors = dnabert_s_tensors(f"{name}_dna", max(1, layers // 2), dna_width, 4 * dna_width, 4096)
        if dominant:  # post-norm: the norm before each layer makes the dominant dimension
            for key, value in tensors.items():
                if key.endswith("mlp.wo.bias"):
                    value[dna_width // 3] = 6.0  # 0.87 beside a deviation of 0.12 in the published run
        save_file(half(tensors), str(dna / "model.safetensors"))
        (dna / "config.json").write_text(json.dumps(
            {"model_type": "bert", "vocab_size": 4096, "type_vocab_size": 2, "num_hidden_layers": max(1, layers // 2), "hidden_size": dna_width,
             "num_attention_heads": dna_width // 32, "intermediate_size": 4 * dna_width, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}))
        shutil.copy(tokenizer, dna / "tokenizer.json")
        print(f"{folder / name}: ESM-2 of {layers} layers of {d}, DNABERT-S of {max(1, layers // 2)} of {dna_width}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--models", type=pathlib.Path, help="write models of this shape instead")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--heads", type=int, default=20)
    parser.add_argument("--tokenizer", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2] / "models" / "mini" / "tokenizer.json")
    arguments = parser.parse_args()
    if arguments.models:
        write_models(arguments.models, arguments.layers, arguments.width, arguments.heads, arguments.tokenizer)
    elif arguments.folder:
        write_goldens(arguments.folder)
    else:
        parser.error("name a folder, or --models FOLDER")


if __name__ == "__main__":
    main()
