"""The three networks of a bundle, in PyTorch, with the tensor names that a bundle stores.

`Esm2`: pre-LN encoder with rotary positions and token dropout. `DnabertS`: MosaicBERT (ALiBi, gated
feed-forward, post-LN). `Classifier`: one hidden layer over the two mean-pooled embeddings.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

PROTEIN_PAD, PROTEIN_MASK, PROTEIN_VOCAB = 1, 32, 33
TRAINED_MASK_RATIO = 0.15 * 0.8  # published constant behind the factor 0.88 of token dropout


@dataclass(frozen=True)
class BundleConfig:
    """Sizes of all parts of a bundle."""

    dna_width: int
    dna_layers: int
    dna_heads: int
    dna_intermediate: int
    vocab: int
    protein_width: int
    protein_layers: int
    protein_heads: int
    hidden: int

    def mflop(self, dna_tokens=101, protein_tokens=168):
        """Million floating-point operations for one frame: matrix products and attention, 2 per multiply-add."""
        d, t = self.dna_width, dna_tokens
        dna = self.dna_layers * (t * (4 * d * d + 3 * d * self.dna_intermediate) + 2 * t * t * d)
        d, t = self.protein_width, protein_tokens
        protein = self.protein_layers * (t * 12 * d * d + 2 * t * t * d)
        return 2 * (dna + protein + self.hidden * (self.dna_width + self.protein_width + 2)) / 1e6


CONFIGS = {
    "tiny": BundleConfig(32, 1, 2, 64, 512, 32, 1, 2, 16),
    "mini": BundleConfig(128, 1, 4, 256, 4096, 128, 2, 4, 256),
    "mini-81": BundleConfig(64, 1, 2, 128, 4096, 80, 2, 5, 128),
    "mini-118": BundleConfig(64, 2, 2, 128, 4096, 96, 2, 3, 128),
    "midi": BundleConfig(96, 2, 3, 192, 4096, 128, 4, 4, 128),
}


def alibi_slopes(heads):
    """Published slopes of ALiBi, also for head counts that are not powers of two."""
    def power_of_two(n):
        return [2.0 ** (-8.0 * (i + 1) / n) for i in range(n)]
    base = 2 ** int(math.log2(heads))
    return power_of_two(base) + power_of_two(2 * base)[0::2][: heads - base]


class DnabertSelfAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.Wqkv = nn.Linear(d, 3 * d)


class ResidualOutput(nn.Module):
    def __init__(self, d, eps):
        super().__init__()
        self.dense = nn.Linear(d, d)
        self.LayerNorm = nn.LayerNorm(d, eps=eps)


class DnabertAttention(nn.Module):
    def __init__(self, d, eps):
        super().__init__()
        self.self = DnabertSelfAttention(d)
        self.output = ResidualOutput(d, eps)


class GatedMlp(nn.Module):
    def __init__(self, d, intermediate, eps):
        super().__init__()
        self.gated_layers = nn.Linear(d, 2 * intermediate, bias=False)
        self.wo = nn.Linear(intermediate, d)
        self.layernorm = nn.LayerNorm(d, eps=eps)


class DnabertLayer(nn.Module):
    def __init__(self, d, heads, intermediate, eps, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.attention = DnabertAttention(d, eps)
        self.mlp = GatedMlp(d, intermediate, eps)

    def forward(self, x, bias):
        b, t, d = x.shape
        q, k, v = self.attention.self.Wqkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        y = self.attention.output.dense(y.transpose(1, 2).reshape(b, t, d))
        p = self.dropout if self.training else 0.0
        x = self.attention.output.LayerNorm(x + F.dropout(y, p))
        gate, value = self.mlp.gated_layers(x).chunk(2, dim=-1)
        y = self.mlp.wo(F.gelu(gate) * value)
        return self.mlp.layernorm(x + F.dropout(y, p))


class DnabertS(nn.Module):
    """Token ids [n, t] padded with `pad` -> last layer [n, t, d] and the mask of real tokens."""

    EPS = 1e-12

    def __init__(self, c: BundleConfig, dropout=0.0, pad=3):
        super().__init__()
        d = c.dna_width
        self.heads, self.pad, self.dropout = c.dna_heads, pad, dropout
        self.embeddings = nn.Module()
        self.embeddings.word_embeddings = nn.Embedding(c.vocab, d)
        self.embeddings.token_type_embeddings = nn.Embedding(2, d)
        self.embeddings.LayerNorm = nn.LayerNorm(d, eps=self.EPS)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(
            DnabertLayer(d, c.dna_heads, c.dna_intermediate, self.EPS, dropout) for _ in range(c.dna_layers))
        self.register_buffer("slopes", torch.tensor(alibi_slopes(c.dna_heads)), persistent=False)

    def forward(self, ids):
        real = ids != self.pad
        x = self.embeddings.word_embeddings(ids) + self.embeddings.token_type_embeddings.weight[0]
        x = F.dropout(self.embeddings.LayerNorm(x), self.dropout, self.training)
        position = torch.arange(ids.shape[1], device=ids.device)
        distance = (position[:, None] - position[None, :]).abs()
        bias = -self.slopes[:, None, None] * distance
        bias = bias[None].masked_fill(~real[:, None, None, :], -1e9)
        for layer in self.encoder.layer:
            x = layer(x, bias)
        return x, real

    def embed(self, ids):
        """Mean of the last layer over all real tokens, [CLS] and [SEP] included."""
        x, real = self(ids)
        return mean_over(x, real)


class EsmAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(d, d) for _ in range(4))


def rotate(x, cos, sin):
    """Rotary positions, half-split form, in the type of the angles."""
    u, w = x.to(cos.dtype).chunk(2, dim=-1)
    return torch.cat([u * cos - w * sin, w * cos + u * sin], dim=-1).to(x.dtype)


class EsmLayer(nn.Module):
    def __init__(self, d, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.self_attn = EsmAttention(d)
        self.self_attn_layer_norm = nn.LayerNorm(d)
        self.fc1, self.fc2 = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)
        self.final_layer_norm = nn.LayerNorm(d)

    def forward(self, x, cos, sin, mask):
        b, t, d = x.shape
        y = self.self_attn_layer_norm(x)
        q, k, v = (p(y).view(b, t, self.heads, d // self.heads).transpose(1, 2)
                   for p in (self.self_attn.q_proj, self.self_attn.k_proj, self.self_attn.v_proj))
        y = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v, attn_mask=mask)
        y = self.self_attn.out_proj(y.transpose(1, 2).reshape(b, t, d))
        p = self.dropout if self.training else 0.0
        x = x + F.dropout(y, p)
        return x + F.dropout(self.fc2(F.gelu(self.fc1(self.final_layer_norm(x)))), p)


class Esm2(nn.Module):
    """Residue ids [n, t] (`<cls>` ... `<eos>`, padded with 1) -> last layer [n, t, d] and the mask of real tokens."""

    def __init__(self, c: BundleConfig, dropout=0.0):
        super().__init__()
        d = c.protein_width
        self.heads = c.protein_heads
        self.embed_tokens = nn.Embedding(PROTEIN_VOCAB, d, padding_idx=PROTEIN_PAD)
        self.layers = nn.ModuleList(EsmLayer(d, c.protein_heads, dropout) for _ in range(c.protein_layers))
        self.emb_layer_norm_after = nn.LayerNorm(d)

    def forward(self, ids):
        real = ids != PROTEIN_PAD
        x = self.embed_tokens(ids)
        masked = ids == PROTEIN_MASK
        x = x.masked_fill(masked[..., None], 0.0)
        ratio = masked.sum(1) / real.sum(1)
        x = x * ((1 - TRAINED_MASK_RATIO) / (1 - ratio))[:, None, None]
        m = x.shape[-1] // self.heads // 2
        wide = torch.float64 if x.dtype == torch.float64 else torch.float32
        frequency = 10000.0 ** (-torch.arange(m, device=ids.device, dtype=wide) / m)
        angle = torch.arange(ids.shape[1], device=ids.device, dtype=wide)[:, None] * frequency
        cos, sin = angle.cos(), angle.sin()
        for layer in self.layers:
            x = layer(x, cos, sin, real[:, None, None, :])
        return self.emb_layer_norm_after(x), real

    def embed(self, ids):
        """Mean of the last layer over the residues, `<cls>` and `<eos>` excluded."""
        x, real = self(ids)
        inner = real.clone()
        inner[:, 0] = False
        inner.scatter_(1, real.sum(1, keepdim=True) - 1, False)
        return mean_over(x, inner)


def mean_over(x, mask):
    """Mean of x [n, t, d] over the places where mask [n, t] is true, in float32 or wider."""
    x = x if x.dtype == torch.float64 else x.float()
    weight = mask.to(x.dtype)[..., None]
    return (x * weight).sum(1) / weight.sum(1)


class Classifier(nn.Module):
    """Two logits (others, virus) of a DNABERT-S embedding followed by an ESM-2 embedding."""

    def __init__(self, c: BundleConfig, dropout=0.0):
        super().__init__()
        self.dropout = dropout
        self.hidden_layer = nn.Linear(c.dna_width + c.protein_width, c.hidden)
        self.bn1 = nn.BatchNorm1d(c.hidden)
        self.output_layer = nn.Linear(c.hidden, 2)

    def forward(self, features):
        x = F.relu(self.bn1(self.hidden_layer(features)))
        return self.output_layer(F.dropout(x, self.dropout, self.training))


class TokenHead(nn.Module):
    """Predicts hidden tokens from an encoder's last layer; the output matrix is the encoder's embedding table."""

    def __init__(self, d, vocab):
        super().__init__()
        self.dense, self.norm = nn.Linear(d, d), nn.LayerNorm(d)
        self.bias = nn.Parameter(torch.zeros(vocab))

    def forward(self, x, table):
        return F.linear(self.norm(F.gelu(self.dense(x))), table, self.bias)


class Network(nn.Module):
    """Both encoders, the classifiers of 300 and 500 bases that share them, and heads for training only: tokens, families."""

    LENGTHS = (300, 500)

    def __init__(self, config: BundleConfig, families=1, dropout=0.0, head_dropout=0.0):
        super().__init__()
        self.config, self.families = config, families
        self.dnabert_s = DnabertS(config, dropout)
        self.esm2 = Esm2(config, dropout)
        self.classifiers = nn.ModuleDict({str(n): Classifier(config, head_dropout) for n in self.LENGTHS})
        self.dna_head = TokenHead(config.dna_width, config.vocab)
        self.protein_head = TokenHead(config.protein_width, PROTEIN_VOCAB)
        self.family_head = nn.Linear(config.dna_width + config.protein_width, families)
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.05)
        with torch.no_grad():
            self.esm2.embed_tokens.weight.mul_(10.0)

    def features(self, dna_ids, protein_ids):
        return torch.cat([self.dnabert_s.embed(dna_ids), self.esm2.embed(protein_ids)], dim=1)

    def forward(self, dna_ids, protein_ids, length):
        return self.classifiers[str(length)](self.features(dna_ids, protein_ids))


def bundle_parts(network):
    """State of the parts that a bundle stores: name -> {tensor name: tensor}."""
    return {"dnabert_s": network.dnabert_s.state_dict(), "esm2": network.esm2.state_dict(),
            **{f"classifier_{n}": {k: v for k, v in network.classifiers[str(n)].state_dict().items()
                                   if not k.endswith("num_batches_tracked")} for n in Network.LENGTHS}}


def load_checkpoint(path, device="cpu"):
    """The best network of a checkpoint of make_mini.py and its tokenizer (Hugging Face JSON text)."""
    data = torch.load(path, map_location=device, weights_only=True)
    network = Network(BundleConfig(**data["config"]), data["families"]).to(device)
    network.load_state_dict(data["best"])
    return network, data["tokenizer"]


def round_to_half(network):
    """Rounds the encoders' weights to what a bundle stores (IEEE half), in place."""
    with torch.no_grad():
        for part in (network.dnabert_s, network.esm2):
            for tensor in part.parameters():
                tensor.copy_(tensor.half().float())
    return network
