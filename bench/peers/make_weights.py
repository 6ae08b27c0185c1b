"""Random weights of the published shapes, in the Hugging Face layouts that the program reads (docs/reference/models.md).

    python make_weights.py build/weights                     every shape
    python make_weights.py build/weights esm2_650m           some

Makes FOLDER/<shape>/: for ESM-2 config.json and model.safetensors, for DNABERT-S also tokenizer.json, and
FOLDER/classifier/<width>.safetensors for the pairs that compare.py runs. All encoder weights are FP16. Matrices are normal with
1 / sqrt(inputs), so that activations stay finite and of usual size through all layers; gains lie about 1, biases about 0.
"""
import argparse
import json
import pathlib
import shutil
import time
import zlib

import torch
from safetensors.torch import save_file

MINI_TOKENIZER = pathlib.Path(__file__).resolve().parents[2] / "models" / "mini" / "tokenizer.json"
HIDDEN = 512  # of the published classifiers
ESM2 = {
    "esm2_650m": dict(num_hidden_layers=33, hidden_size=1280, num_attention_heads=20),
    # ESM-2 3B has 36 of these layers; its speed per layer shows in four.
    "esm2_3b_cut": dict(num_hidden_layers=4, hidden_size=2560, num_attention_heads=40),
    # Partners of no weight: a run embeds with both encoders, a comparison times one.
    "esm2_tiny": dict(num_hidden_layers=1, hidden_size=32, num_attention_heads=2),
}
DNABERT_S = {
    "dnabert_s_117m": dict(num_hidden_layers=12, hidden_size=768, num_attention_heads=12, intermediate_size=3072),
    "dnabert_s_tiny": dict(num_hidden_layers=1, hidden_size=32, num_attention_heads=2, intermediate_size=64),
}
SHAPES = ESM2 | DNABERT_S


def partner_of(shape):
    """The tiny encoder of the other kind."""
    return "dnabert_s_tiny" if shape in ESM2 else "esm2_tiny"


def esm2_config(shape):
    return ESM2[shape] | dict(
        model_type="esm", architectures=["EsmModel"], vocab_size=33, intermediate_size=4 * ESM2[shape]["hidden_size"],
        position_embedding_type="rotary", hidden_act="gelu", layer_norm_eps=1e-5, token_dropout=True, emb_layer_norm_before=False,
        is_folding_model=False, pad_token_id=1, mask_token_id=32, max_position_embeddings=1026, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0)


def dnabert_s_config(shape):
    return DNABERT_S[shape] | dict(model_type="bert", vocab_size=4096, type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu")


class Maker:
    """Tensors of one model from one seed."""

    def __init__(self, name):
        self.generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        self.tensors = {}

    def normal(self, name, shape, scale, centre=0.0):
        values = torch.randn(shape, generator=self.generator).mul_(scale).add_(centre)
        self.tensors[name] = values.half()

    def dense(self, name, outputs, inputs, bias=True):
        self.normal(name + ".weight", (outputs, inputs), inputs**-0.5)
        if bias:
            self.normal(name + ".bias", (outputs,), 0.02)

    def norm(self, name, width):
        self.normal(name + ".weight", (width,), 0.1, 1.0)
        self.normal(name + ".bias", (width,), 0.02)


def make_esm2(shape, folder):
    config = esm2_config(shape)
    make, d = Maker(shape), config["hidden_size"]
    make.normal("esm.embeddings.word_embeddings.weight", (33, d), 0.5)
    for i in range(config["num_hidden_layers"]):
        layer = f"esm.encoder.layer.{i}."
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            make.dense(f"{layer}attention.{part}", d, d)
        make.norm(layer + "attention.LayerNorm", d)
        make.norm(layer + "LayerNorm", d)
        make.dense(layer + "intermediate.dense", 4 * d, d)
        make.dense(layer + "output.dense", d, 4 * d)
    make.norm("esm.encoder.emb_layer_norm_after", d)
    write(folder, config, make.tensors)


def make_dnabert_s(shape, folder, tokenizer):
    config = dnabert_s_config(shape)
    make, d, wide = Maker(shape), config["hidden_size"], config["intermediate_size"]
    make.normal("embeddings.word_embeddings.weight", (config["vocab_size"], d), 0.5)
    make.normal("embeddings.token_type_embeddings.weight", (2, d), 0.02)
    make.norm("embeddings.LayerNorm", d)
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        make.dense(layer + "attention.self.Wqkv", 3 * d, d)
        make.dense(layer + "attention.output.dense", d, d)
        make.norm(layer + "attention.output.LayerNorm", d)
        make.dense(layer + "mlp.gated_layers", 2 * wide, d, bias=False)
        make.dense(layer + "mlp.wo", d, wide)
        make.norm(layer + "mlp.layernorm", d)
    write(folder, config, make.tensors)
    shutil.copy(tokenizer, folder / "tokenizer.json")


def write(folder, config, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    # Weights first: a folder with config.json is whole.
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def make_classifier(width, path):
    make = Maker(f"classifier {width}")
    make.dense("hidden_layer", HIDDEN, width)
    make.norm("bn1", HIDDEN)
    make.normal("bn1.running_mean", (HIDDEN,), 0.1)
    make.tensors["bn1.running_var"] = torch.rand(HIDDEN, generator=make.generator) + 0.5
    make.dense("output_layer", 2, HIDDEN)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.float() for name, value in make.tensors.items()}, str(path))


def ensure(root, shape, tokenizer=MINI_TOKENIZER):
    """The folder of a shape, made when it is not there."""
    folder = pathlib.Path(root) / shape
    if not (folder / "config.json").exists():
        start = time.perf_counter()
        if shape in ESM2:
            make_esm2(shape, folder)
        else:
            make_dnabert_s(shape, folder, tokenizer)
        print(f"{folder}: made in {time.perf_counter() - start:.1f} s", flush=True)
    return folder


def ensure_pair(root, shape, tokenizer=MINI_TOKENIZER):
    """Folders for a run that spends its time in `shape`: (DNABERT-S, ESM-2, classifier file)."""
    names = (shape, partner_of(shape))
    dnabert, esm2 = names[::-1] if shape in ESM2 else names
    width = DNABERT_S[dnabert]["hidden_size"] + ESM2[esm2]["hidden_size"]
    classifier = pathlib.Path(root) / "classifier" / f"{width}.safetensors"
    if not classifier.exists():
        make_classifier(width, classifier)
    return ensure(root, dnabert, tokenizer), ensure(root, esm2, tokenizer), classifier


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=", ".join(SHAPES))
    parser.add_argument("--tokenizer", type=pathlib.Path, default=MINI_TOKENIZER, help="for DNABERT-S: a tokenizer.json of 4096 tokens")
    arguments = parser.parse_args()
    unknown = set(arguments.shapes) - set(SHAPES)
    if unknown:
        parser.error(f"no such shape: {', '.join(unknown)}; there are {', '.join(SHAPES)}")
    for shape in arguments.shapes or SHAPES:
        ensure_pair(arguments.folder, shape, arguments.tokenizer)


if __name__ == "__main__":
    main()
