"""Small random models in the layouts of the published ones, and registries that name them."""
import array
import hashlib
import json
import math
import os
import random
import shutil
import struct

DNA_WIDTH = 12  # of tests/data/weights/dnabert_s_bin


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()


def git_id(path):
    with open(path, "rb") as file:
        content = file.read()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def begin_safetensors(file, shapes):
    """Writes what stands before the values of float32 tensors, which follow in this order."""
    header, offset = {}, 0
    for name, shape in shapes.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)


def write_safetensors(path, shapes, seed):
    rng = random.Random(seed)
    with open(path, "wb") as file:
        begin_safetensors(file, shapes)
        for name, shape in shapes.items():
            # Variances must not be negative; all else may be anything small.
            low = 0.5 if "running_var" in name else -0.05
            array.array("f", (rng.uniform(low, low + 0.1) for _ in range(math.prod(shape)))).tofile(file)


def write_esm2(folder, layers, width=128, shards=1):
    """A Hugging Face folder of ESM-2; in shards with an index where there are several."""
    os.makedirs(folder, exist_ok=True)
    config = {"model_type": "esm", "hidden_size": width, "num_hidden_layers": layers,
              "num_attention_heads": 4, "intermediate_size": 4 * width, "hidden_act": "gelu",
              "layer_norm_eps": 1e-05, "vocab_size": 33, "position_embedding_type": "rotary",
              "token_dropout": True, "emb_layer_norm_before": False}
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)
    shapes = {"esm.embeddings.word_embeddings.weight": [33, width],
              "esm.encoder.emb_layer_norm_after.weight": [width],
              "esm.encoder.emb_layer_norm_after.bias": [width]}
    for layer in range(layers):
        prefix = f"esm.encoder.layer.{layer}."
        for norm in ("attention.LayerNorm", "LayerNorm"):
            shapes[prefix + norm + ".weight"] = shapes[prefix + norm + ".bias"] = [width]
        sizes = {"attention.self.query": (width, width), "attention.self.key": (width, width),
                 "attention.self.value": (width, width), "attention.output.dense": (width, width),
                 "intermediate.dense": (4 * width, width), "output.dense": (width, 4 * width)}
        for name, (out, into) in sizes.items():
            shapes[prefix + name + ".weight"] = [out, into]
            shapes[prefix + name + ".bias"] = [out]
    if shards == 1:
        write_safetensors(os.path.join(folder, "model.safetensors"), shapes, 1)
        return ["config.json", "model.safetensors"]
    names, weight_map, files = list(shapes), {}, ["config.json", "model.safetensors.index.json"]
    for shard in range(shards):
        own = names[len(names) * shard // shards:len(names) * (shard + 1) // shards]
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        write_safetensors(os.path.join(folder, file), {name: shapes[name] for name in own}, shard)
        weight_map.update({name: file for name in own})
        files.append(file)
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
        json.dump({"metadata": {}, "weight_map": weight_map}, file)
    return files


def write_classifier(path, width):
    write_safetensors(path, {"hidden_layer.weight": [8, width], "hidden_layer.bias": [8],
                             "bn1.weight": [8], "bn1.bias": [8], "bn1.running_mean": [8],
                             "bn1.running_var": [8], "output_layer.weight": [2, 8],
                             "output_layer.bias": [2]}, 7)


class Models:
    """Files below `root` as a server has them, and the registry of them."""

    DNA = "owner/DNABERT-S"
    ESM = "owner/esm2"
    REVISION = "0123456789abcdef0123456789abcdef01234567"

    def __init__(self, root, data, layers=12, shards=2):
        self.root = root
        self.dna = os.path.join(root, self.DNA, "resolve", self.REVISION)
        self.esm = os.path.join(root, self.ESM, "resolve", self.REVISION)
        self.other = os.path.join(root, "files")
        for folder in (self.dna, self.esm, self.other):
            os.makedirs(folder, exist_ok=True)
        self.dna_files = ["config.json", "tokenizer.json", "pytorch_model.bin"]
        for name in self.dna_files:
            shutil.copy(os.path.join(data, "weights/dnabert_s_bin", name), self.dna)
        self.esm_files = write_esm2(self.esm, layers, shards=shards)
        write_classifier(os.path.join(self.other, "500_model.pth"), DNA_WIDTH + 128)
        write_classifier(os.path.join(self.other, "300_model.pth"), DNA_WIDTH + 128)

    def file(self, folder, name, hashes=True):
        path = os.path.join(folder, name)
        entry = {"file": name, "size": os.path.getsize(path), "sha256": sha256(path)}
        return entry if hashes else {"file": name, "size": None, "sha256": None}

    def registry(self, url, esm_sources=None):
        """`url` is that of the server; classifiers lie below it in files/."""
        hub = lambda repository, folder, names: {
            "home": "huggingface", "repository": repository, "revision": self.REVISION,
            "files": [self.file(folder, name) for name in names]}
        classifier = lambda length: {
            "kind": "classifier", "expected_length": length, "license": "MIT",
            "sources": [{"home": "url", "url": url + "/files/",
                         "files": [{"file": f"{length}_model.pth", "size": None, "sha256": None,
                                    "git_id": git_id(os.path.join(self.other,
                                                                  f"{length}_model.pth"))}]}]}
        parts = {"dnabert_s": {"kind": "dnabert_s", "license": "Apache-2.0",
                               "sources": [hub(self.DNA, self.dna, self.dna_files)]},
                 "esm2": {"kind": "esm2", "license": "MIT",
                          "sources": esm_sources or [hub(self.ESM, self.esm, self.esm_files)]},
                 "classifier_500": classifier(500), "classifier_300": classifier(300)}
        models = [{"name": "small-500", "description": "500 bases",
                   "parts": ["dnabert_s", "esm2", "classifier_500"]},
                  {"name": "small", "description": "both",
                   "parts": ["dnabert_s", "esm2", "classifier_300", "classifier_500"]}]
        return {"format": "virnucpro-registry", "format_version": 1, "models": models,
                "parts": parts}
