"""Memory of `models import`: makes a checkpoint of the published shapes (ESM-2 3B in float32 shards, random values) and imports it.

  python3 import_memory.py PROGRAM [--layout bin|safetensors] [--layers 36] [--width 2560] [--folder DIR]

Prints the largest resident memory of the process, mapped files included, and ends with 1 when it is
above 2 GB. Takes 12 GB of disk for the checkpoint and 6 GB for the bundle, and some minutes.
"""
import argparse
import array
import io
import json
import math
import os
import pickle
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import types
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from small_models import DNA_WIDTH, begin_safetensors, write_classifier  # noqa: E402

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
LIMIT = 2e9


def block():
    """4 MB of small values; repeated, since it is their number that counts."""
    rng = random.Random(1)
    return array.array("f", (rng.uniform(-0.05, 0.05) for _ in range(1 << 20))).tobytes()


def shapes_of(layers, width):
    shapes = {"esm.embeddings.word_embeddings.weight": (33, width),
              "esm.encoder.emb_layer_norm_after.weight": (width,),
              "esm.encoder.emb_layer_norm_after.bias": (width,)}
    for layer in range(layers):
        prefix = f"esm.encoder.layer.{layer}."
        for norm in ("attention.LayerNorm", "LayerNorm"):
            shapes[prefix + norm + ".weight"] = shapes[prefix + norm + ".bias"] = (width,)
        for name in ("query", "key", "value"):
            shapes[f"{prefix}attention.self.{name}.weight"] = (width, width)
            shapes[f"{prefix}attention.self.{name}.bias"] = (width,)
        for name, out, into in (("attention.output.dense", width, width),
                                ("intermediate.dense", 4 * width, width),
                                ("output.dense", width, 4 * width)):
            shapes[f"{prefix}{name}.weight"] = (out, into)
            shapes[f"{prefix}{name}.bias"] = (out,)
    return shapes


def write_values(file, elements, values):
    left = 4 * elements
    while left > 0:
        file.write(values[:left])
        left -= min(left, len(values))


def write_safetensors(path, shapes, values):
    with open(path, "wb") as file:
        begin_safetensors(file, shapes)
        for shape in shapes.values():
            write_values(file, math.prod(shape), values)


def write_bin(path, shapes, values):
    """An archive as torch.save writes it, without PyTorch: names stand for its functions."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    class FloatStorage:
        pass

    def _rebuild_tensor_v2(*_):
        pass

    for module, thing in ((torch, FloatStorage), (utils, _rebuild_tensor_v2)):
        thing.__module__, thing.__qualname__ = module.__name__, thing.__name__
        setattr(module, thing.__name__, thing)
    sys.modules.update({"torch": torch, "torch._utils": utils})

    class Storage:
        def __init__(self, key, elements):
            self.key, self.elements = key, elements

    class Tensor:
        def __init__(self, key, shape):
            self.storage, self.shape = Storage(key, math.prod(shape)), shape

        def __reduce__(self):
            strides = tuple(math.prod(self.shape[i + 1:]) for i in range(len(self.shape)))
            return _rebuild_tensor_v2, (self.storage, 0, tuple(self.shape), strides, False, {})

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            if isinstance(thing, Storage):
                return "storage", FloatStorage, thing.key, "cpu", thing.elements
            return None

    content = io.BytesIO()
    Pickler(content, 2).dump({name: Tensor(str(i), shape)
                              for i, (name, shape) in enumerate(shapes.items())})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr("archive/data.pkl", content.getvalue())
        for i, shape in enumerate(shapes.values()):
            # PyTorch aligns values to 64 bytes, so that they can be mapped.
            info = zipfile.ZipInfo(f"archive/data/{i}")
            begin = archive.fp.tell() + 30 + len(info.filename)
            padding = -(begin + 4) % 64
            info.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
            with archive.open(info, "w") as file:
                write_values(file, math.prod(shape), values)
        archive.writestr("archive/version", "3\n")


def write_checkpoint(folder, layout, layers, width):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump({"model_type": "esm", "hidden_size": width, "num_hidden_layers": layers,
                   "num_attention_heads": 40, "intermediate_size": 4 * width,
                   "hidden_act": "gelu", "layer_norm_eps": 1e-05, "vocab_size": 33,
                   "position_embedding_type": "rotary", "token_dropout": True,
                   "emb_layer_norm_before": False}, file)
    shapes, values = shapes_of(layers, width), block()
    names = list(shapes)
    # As published: most of it in the first shard.
    split = len(names) * 7 // 8
    stem, ending = ("model", "safetensors") if layout == "safetensors" else ("pytorch_model", "bin")
    write = write_safetensors if layout == "safetensors" else write_bin
    weight_map = {}
    for shard, own in enumerate((names[:split], names[split:])):
        file = f"{stem}-{shard + 1:05}-of-00002.{ending}"
        write(os.path.join(folder, file), {name: shapes[name] for name in own}, values)
        weight_map.update({name: file for name in own})
    with open(os.path.join(folder, f"{stem}.{ending}.index.json"), "w") as file:
        json.dump({"metadata": {}, "weight_map": weight_map}, file)


def main():
    parser = argparse.ArgumentParser(description="memory of models import")
    parser.add_argument("program")
    parser.add_argument("--layout", choices=("bin", "safetensors"), default="bin")
    parser.add_argument("--layers", type=int, default=36)
    parser.add_argument("--width", type=int, default=2560)
    parser.add_argument("--folder", help="where 18 GB fit (a temporary folder)")
    known = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="virnucpro_import_", dir=known.folder)
    try:
        esm = os.path.join(folder, "esm2")
        write_checkpoint(esm, known.layout, known.layers, known.width)
        classifier = os.path.join(folder, "500.safetensors")
        write_classifier(classifier, DNA_WIDTH + known.width)
        size = sum(os.path.getsize(os.path.join(esm, name)) for name in os.listdir(esm))
        start = time.monotonic()
        subprocess.run([os.path.abspath(known.program), "models", "import", "--dnabert",
                        os.path.join(DATA, "weights/dnabert_s_bin"), "--esm2", esm,
                        "--classifier", "500=" + classifier, "-o",
                        os.path.join(folder, "bundle")], check=True)
        seconds = time.monotonic() - start
        memory = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"checkpoint {size / 1e9:.2f} GB ({known.layout}), import {seconds:.0f} s, "
              f"largest memory {memory / 1e9:.2f} GB (limit {LIMIT / 1e9:.0f})")
        return 0 if memory <= LIMIT else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
