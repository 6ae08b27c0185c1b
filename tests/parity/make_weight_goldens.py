"""Writes tests/data/weights: tiny models in every layout that PyTorch, safetensors, fair-esm and Hugging Face write.

Every element follows from the tensor's canonical name and its index (see `value`), so the C++ tests compute what they
expect and no expectations are stored. Needs torch 2.x, safetensors, fair-esm 2.0.0, numpy. Run it as a program, so that
the classifier is pickled as `__main__.MLPClassifier`, as the published one is.
"""

import argparse
import json
import shutil
import struct
import sys
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path

import esm
import numpy as np
import torch
from safetensors.torch import save_file

OUT = Path(__file__).resolve().parent.parent / "data" / "weights"
ESM = dict(num_layers=2, embed_dim=16, attention_heads=4)
DNA = dict(hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, layer_norm_eps=1e-12,
           vocab_size=24)
HIDDEN = 8


def seed(name):
    """FNV-1a of the name, 32 bits."""
    value = 2166136261
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def value(name, shape, dtype=torch.float32):
    """Element i is ((seed + 37 i) mod 251 - 125) / 64: exact in float32, float16 and bfloat16."""
    count = int(np.prod(shape, dtype=np.int64))
    numbers = ((seed(name) + 37 * np.arange(count, dtype=np.int64)) % 251 - 125) / 64.0
    return torch.from_numpy(numbers).reshape(shape).to(dtype)


# ---- ESM-2

def esm_model():
    model = esm.model.esm2.ESM2(**ESM, alphabet="ESM-1b", token_dropout=True)
    model.eval()
    state = model.state_dict()
    for name, tensor in state.items():
        if not name.endswith("inv_freq"):
            tensor.copy_(value("embed_tokens.weight" if name == "lm_head.weight" else name, tensor.shape))
    return model


def prefixed(state, prefix, dtype):
    """Names as in the published checkpoints: the heads lie beside the encoder, contacts in a file of their own."""
    result = OrderedDict()
    for name, tensor in state.items():
        if name.startswith("contact_head"):
            continue
        full = ("encoder." if name.startswith("lm_head") else prefix) + name
        result[full] = tensor.to(dtype)
    return result


def write_fair_esm(model):
    state = model.state_dict()
    settings = dict(encoder_layers=ESM["num_layers"], encoder_embed_dim=ESM["embed_dim"],
                    encoder_attention_heads=ESM["attention_heads"], token_dropout=True, arch="esm2", extra=[1, 2.5, None])
    half = prefixed(state, "encoder.sentence_encoder.", torch.float16)
    task = {"_name": "masked_lm"}
    torch.save({"cfg": {"model": argparse.Namespace(**settings), "task": task}, "model": half, "args": None},
               OUT / "fair_esm.pt")
    torch.save({"cfg": {"model": settings}, "model": prefixed(state, "encoder.", torch.float32)},
               OUT / "fair_esm_dict.pt")
    old = argparse.Namespace(layers=ESM["num_layers"], embed_dim=ESM["embed_dim"],
                             attention_heads=ESM["attention_heads"], token_dropout=False)
    torch.save({"args": old, "model": prefixed(state, "encoder.", torch.float32)}, OUT / "fair_esm_args.pt")
    torch.save({"model": half}, OUT / "fair_esm_without_cfg.pt")
    torch.save(model, OUT / "fair_esm_module.pt")


def hugging_face_names(state):
    parts = {"self_attn.q_proj": "attention.self.query", "self_attn.k_proj": "attention.self.key",
             "self_attn.v_proj": "attention.self.value", "self_attn.out_proj": "attention.output.dense",
             "self_attn_layer_norm": "attention.LayerNorm", "fc1": "intermediate.dense", "fc2": "output.dense",
             "final_layer_norm": "LayerNorm"}
    result = {}
    for name, tensor in state.items():
        if name == "embed_tokens.weight":
            result["esm.embeddings.word_embeddings.weight"] = tensor
        elif name.startswith("emb_layer_norm_after"):
            result["esm.encoder." + name] = tensor
        elif name.endswith("inv_freq"):
            result["esm.encoder.layer." + name.split(".")[1] + ".attention.self.rotary_embeddings.inv_freq"] = tensor
        elif name.startswith("layers."):
            _, layer, rest = name.split(".", 2)
            part, kind = rest.rsplit(".", 1)
            result[f"esm.encoder.layer.{layer}.{parts[part]}.{kind}"] = tensor
    d = ESM["embed_dim"]
    result["esm.embeddings.position_ids"] = torch.arange(8).expand((1, -1))
    result["esm.embeddings.position_embeddings.weight"] = torch.zeros(8, d)
    result["esm.contact_head.regression.weight"] = torch.zeros(1, 8)
    result["esm.pooler.dense.weight"] = torch.zeros(d, d)
    result["lm_head.dense.weight"] = torch.zeros(d, d)
    return result


def hugging_face_config(**changes):
    config = dict(model_type="esm", architectures=["EsmForMaskedLM"], hidden_size=ESM["embed_dim"],
                  num_hidden_layers=ESM["num_layers"], num_attention_heads=ESM["attention_heads"],
                  intermediate_size=4 * ESM["embed_dim"], hidden_act="gelu", layer_norm_eps=1e-5, vocab_size=33,
                  position_embedding_type="rotary", token_dropout=True, emb_layer_norm_before=False,
                  is_folding_model=False, esmfold_config=None, torch_dtype="float32")
    config.update(changes)
    return {key: item for key, item in config.items() if item != "absent"}


def write_json(path, content):
    path.write_text(json.dumps(content, indent=1) + "\n")


def folder(name):
    path = OUT / name
    path.mkdir()
    return path


def save_safetensors(tensors, path, metadata=None):
    save_file({key: tensor.detach().clone().contiguous() for key, tensor in tensors.items()}, path, metadata)


def write_shards(path, tensors, pattern, index, save):
    names = sorted(tensors)
    weight_map = {}
    for i, part in enumerate([names[0::2], names[1::2]]):
        file = pattern.format(i + 1, 2)
        save({name: tensors[name] for name in part}, path / file)
        weight_map.update({name: file for name in part})
    write_json(path / index, {"metadata": {"total_size": 0}, "weight_map": weight_map})


def write_hugging_face(model):
    tensors = hugging_face_names(model.state_dict())
    single = folder("hf_safetensors")
    save_safetensors(tensors, single / "model.safetensors", {"format": "pt"})
    write_json(single / "config.json", hugging_face_config())
    sharded = folder("hf_sharded")
    write_shards(sharded, tensors, "model-{:05d}-of-{:05d}.safetensors", "model.safetensors.index.json",
                 save_safetensors)
    write_json(sharded / "config.json", hugging_face_config(token_dropout=False))
    binary = folder("hf_bin")
    torch.save(OrderedDict(tensors), binary / "pytorch_model.bin")
    write_json(binary / "config.json", hugging_face_config(layer_norm_eps=1e-12))
    shards = folder("hf_bin_sharded")
    # Without the prefix, as EsmModel itself is saved; in half.
    bare = {name.removeprefix("esm."): tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in tensors.items() if name.startswith("esm.")}
    write_shards(shards, bare, "pytorch_model-{:05d}-of-{:05d}.bin", "pytorch_model.bin.index.json", torch.save)
    write_json(shards / "config.json", hugging_face_config())


# ---- DNABERT-S

def dnabert_tensors():
    d, wide = DNA["hidden_size"], DNA["intermediate_size"]
    shapes = {"embeddings.word_embeddings.weight": (DNA["vocab_size"], d),
              "embeddings.token_type_embeddings.weight": (2, d), "embeddings.LayerNorm.weight": (d,),
              "embeddings.LayerNorm.bias": (d,)}
    for i in range(DNA["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        shapes |= {layer + "attention.self.Wqkv.weight": (3 * d, d), layer + "attention.self.Wqkv.bias": (3 * d,),
                   layer + "attention.output.dense.weight": (d, d), layer + "attention.output.dense.bias": (d,),
                   layer + "attention.output.LayerNorm.weight": (d,), layer + "attention.output.LayerNorm.bias": (d,),
                   layer + "mlp.gated_layers.weight": (2 * wide, d), layer + "mlp.wo.weight": (d, wide),
                   layer + "mlp.wo.bias": (d,), layer + "mlp.layernorm.weight": (d,), layer + "mlp.layernorm.bias": (d,)}
    return {name: value(name, shape) for name, shape in shapes.items()}


def write_dnabert():
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    vocabulary = {token: i for i, token in enumerate([*special, "A", "C", "G", "T", "AC", "GT", "ACGT"])}
    tokenizer = {"version": "1.0", "truncation": None, "padding": None,
                 "added_tokens": [{"id": i, "content": token, "special": True} for i, token in enumerate(special)],
                 "normalizer": None, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
                 "model": {"type": "BPE", "dropout": None, "unk_token": "[UNK]", "fuse_unk": False,
                           "vocab": vocabulary, "merges": ["A C", "G T", "AC GT"]}}
    config = {**DNA, "model_type": "bert", "hidden_act": "gelu", "alibi_starting_size": 512, "type_vocab_size": 2}
    tensors = dnabert_tensors()
    plain = folder("dnabert_s")
    save_safetensors(tensors, plain / "model.safetensors")
    binary = folder("dnabert_s_bin")
    d = DNA["hidden_size"]
    more = {"bert." + name: tensor for name, tensor in tensors.items()}
    more |= {"bert.pooler.dense.weight": torch.zeros(d, d), "bert.pooler.dense.bias": torch.zeros(d),
             "cls.predictions.bias": torch.zeros(DNA["vocab_size"]), "bert.embeddings.position_ids": torch.arange(8)}
    torch.save(OrderedDict(more), binary / "pytorch_model.bin")
    for path in (plain, binary):
        write_json(path / "config.json", config)
        write_json(path / "tokenizer.json", tokenizer)


# ---- classifier

class MLPClassifier(torch.nn.Module):
    """The published classifier's parts and names."""

    def __init__(self, input_dim, hidden_dim, num_class):
        super().__init__()
        self.hidden_layer = torch.nn.Linear(input_dim, hidden_dim)
        self.bn1 = torch.nn.BatchNorm1d(hidden_dim)
        self.relu = torch.nn.ReLU()
        self.dropout = torch.nn.Dropout(0.1)
        self.output_layer = torch.nn.Linear(hidden_dim, num_class)


def write_classifiers():
    module = MLPClassifier(DNA["hidden_size"] + ESM["embed_dim"], HIDDEN, 2)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(value(name, tensor.shape))
    state = module.state_dict()
    torch.save(module, OUT / "classifier_module.pth")
    torch.save(state, OUT / "classifier_state.pth")
    torch.save({"epoch": 3, "model_state_dict": state, "optimizer": {"lr": 0.1}}, OUT / "classifier_wrapped.pth")
    save_safetensors(state, OUT / "classifier.safetensors")
    module.bn1.eps = 0.001
    torch.save(torch.nn.DataParallel(module), OUT / "classifier_parallel.pth")


# ---- archives with unusual tensors

def odd_tensors():
    base = value("base", (4, 6))
    state = OrderedDict()
    state["base"] = base
    state["transposed"] = base.t()
    state["every_other_column"] = base[:, ::2]
    state["middle_rows"] = base[1:3]
    state["one_column"] = base[:, 4:5]
    state["expanded"] = value("row", (1, 3)).expand(5, 3)
    state["permuted"] = value("cube", (2, 3, 4)).permute(2, 0, 1)
    state["half"] = value("half", (3, 5), torch.float16)
    state["brain"] = value("brain", (3, 5), torch.bfloat16)
    state["long"] = torch.arange(-3, 4)
    state["int"] = torch.arange(-3, 4, dtype=torch.int32)
    state["double"] = torch.zeros(2, dtype=torch.float64)
    state["bool"] = torch.tensor([True, False])
    state["eight_bits"] = torch.zeros(3).to(torch.float8_e4m3fn)
    state["sparse"] = torch.eye(3).to_sparse()
    state["scalar"] = torch.tensor(1.5)
    state["empty"] = torch.zeros(0, 3)
    state["parameter"] = torch.nn.Parameter(value("parameter", (2, 2)))
    state["a_number"] = 7
    return state


def rezip(source, target, method):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), method)


def write_zip64(source, target):
    """Every size and offset only in the zip64 fields, as for files of more than 4 GB."""
    body, directory, big = b"", b"", 0xFFFFFFFF
    with zipfile.ZipFile(source) as old:
        names = old.namelist()
        for name in names:
            data, raw = old.read(name), name.encode()
            crc, offset = zlib.crc32(data), len(body)
            extra = struct.pack("<HHQQ", 1, 16, len(data), len(data))
            body += struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 0, crc, big, big, len(raw), len(extra))
            body += raw + extra + data
            extra = struct.pack("<HHQQQ", 1, 24, len(data), len(data), offset)
            directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 0, crc, big, big, len(raw),
                                     len(extra), 0, 0, 0, 0, big) + raw + extra
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, len(names), len(names), len(directory), len(body))
    locator = struct.pack("<IIQI", 0x07064B50, 0, len(body) + len(directory), 1)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, big, big, 0)
    target.write_bytes(body + directory + end64 + locator + end)


class RunsACommand:
    """Unpickled by Python, this runs a command; read by VirNucPro, it is a name."""

    def __reduce__(self):
        import os
        return os.system, ("touch hostile_pickle_was_executed",)


def write_archives():
    for protocol in (2, 3, 4, 5):
        torch.save(odd_tensors(), OUT / f"protocol_{protocol}.pt", pickle_protocol=protocol)
    rezip(OUT / "protocol_2.pt", OUT / "deflated.pt", zipfile.ZIP_DEFLATED)
    rezip(OUT / "classifier_state.pth", OUT / "lzma.pt", zipfile.ZIP_LZMA)
    write_zip64(OUT / "protocol_2.pt", OUT / "zip64.pt")
    torch.save({"weight": torch.zeros(2)}, OUT / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"hidden_layer.weight": value("w", (2, 2)), "evil": RunsACommand()}, OUT / "os_system.pt")
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(OUT / "torchscript.pt"))


def write_safetensors_files():
    tensors = {name: tensor for name, tensor in odd_tensors().items()
               if torch.is_tensor(tensor) and not tensor.is_sparse}
    save_safetensors(tensors, OUT / "all_types.safetensors", {"made by": "safetensors", "n": "1"})


def main():
    torch.manual_seed(0)
    if OUT.exists():
        shutil.rmtree(OUT)
    OUT.mkdir(parents=True)
    model = esm_model()
    write_fair_esm(model)
    write_hugging_face(model)
    write_dnabert()
    write_classifiers()
    write_archives()
    write_safetensors_files()
    size = sum(path.stat().st_size for path in OUT.rglob("*") if path.is_file())
    print(f"{OUT}: {size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
