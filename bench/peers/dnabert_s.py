"""DNABERT-S in PyTorch, from docs/explanation/numerics.md#4-dnabert-s, with its attention written out or as one fused call."""
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

TABLE = 512  # tokens of the bias table at first, as the published model's alibi_starting_size


def alibi_slopes(heads):
    power = 2 ** math.floor(math.log2(heads))
    series = lambda n: [2 ** (-8 / n * (i + 1)) for i in range(n)]
    return series(power) + series(2 * power)[0::2][: heads - power]


class DnabertSLayer(nn.Module):
    def __init__(self, config, fused):
        super().__init__()
        d, wide, eps = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.heads, self.wide, self.fused = config["num_attention_heads"], wide, fused
        self.qkv = nn.Linear(d, 3 * d)
        self.dense = nn.Linear(d, d)
        self.attention_norm = nn.LayerNorm(d, eps)
        self.gated_layers = nn.Linear(d, 2 * wide, bias=False)
        self.wo = nn.Linear(wide, d)
        self.mlp_norm = nn.LayerNorm(d, eps)

    def forward(self, x, bias):
        batch, n, d = x.shape
        q, k, v = self.qkv(x).view(batch, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        if self.fused:
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        else:
            scores = q @ k.transpose(-1, -2) / math.sqrt(d // self.heads) + bias
            mixed = scores.softmax(-1) @ v
        x = self.attention_norm(self.dense(mixed.transpose(1, 2).reshape(batch, n, d)) + x)
        gated = self.gated_layers(x)
        return self.mlp_norm(self.wo(F.gelu(gated[..., : self.wide]) * gated[..., self.wide :]) + x)


class DnabertS(nn.Module):
    """Ids [batch, n] and the number of tokens of each row give the mean over a row's tokens [batch, d]."""

    def __init__(self, config, fused):
        super().__init__()
        d = config["hidden_size"]
        self.words = nn.Embedding(config["vocab_size"], d)
        self.types = nn.Embedding(2, d)
        self.norm = nn.LayerNorm(d, config["layer_norm_eps"])
        self.layers = nn.ModuleList(DnabertSLayer(config, fused) for _ in range(config["num_hidden_layers"]))
        self.slopes = alibi_slopes(config["num_attention_heads"])
        self.table = None

    def alibi(self, n, like):
        if self.table is None or self.table.shape[-1] < n or self.table.device != like.device:
            place = torch.arange(max(n, TABLE), device=like.device)
            distance = (place[:, None] - place[None, :]).abs()
            slopes = torch.tensor(self.slopes, dtype=self.norm.weight.dtype, device=like.device)
            self.table = -slopes[None, :, None, None] * distance
        return self.table[..., :n, :n]

    def forward(self, ids, lengths):
        batch, n = ids.shape
        inside = torch.arange(n, device=ids.device)[None, :] < lengths[:, None]
        x = self.norm(self.words(ids) + self.types.weight[0])
        closed = torch.zeros(batch, 1, 1, n, dtype=self.norm.weight.dtype, device=ids.device)
        closed.masked_fill_(~inside[:, None, None, :], torch.finfo(closed.dtype).min)
        bias = self.alibi(n, ids) + closed
        if torch.is_autocast_enabled(ids.device.type):
            bias = bias.to(torch.get_autocast_dtype(ids.device.type))  # once, not in every layer
        for layer in self.layers:
            x = layer(x, bias)
        return (x * inside[..., None]).sum(1) / lengths[:, None]


NAMES = {"attention.self.Wqkv": "qkv", "attention.output.dense": "dense", "attention.output.LayerNorm": "attention_norm",
         "mlp.gated_layers": "gated_layers", "mlp.wo": "wo", "mlp.layernorm": "mlp_norm"}
TOP = {"embeddings.word_embeddings": "words", "embeddings.token_type_embeddings": "types", "embeddings.LayerNorm": "norm"}


def our_name(published):
    part, kind = published.rsplit(".", 1)
    if part in TOP:
        return f"{TOP[part]}.{kind}"
    _, _, layer, part = part.split(".", 3)  # encoder.layer.<layer>.<part>
    return f"layers.{layer}.{NAMES[part]}.{kind}"


def load_dnabert_s(weights, config, dtype, fused=False, device="cpu"):
    """The model in `dtype`, from a safetensors file in the published names; stored FP16 values are widened, so they stay exact."""
    model = DnabertS(config, fused)
    state = {our_name(name): value.to(dtype) for name, value in load_file(str(weights)).items()}
    model.load_state_dict(state)
    return model.to(dtype).to(device).eval()


def load_folder(folder, dtype, fused=False, device="cpu"):
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_text())
    return load_dnabert_s(folder / "model.safetensors", config, dtype, fused, device)
