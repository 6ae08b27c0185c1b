"""ESM-2 for the comparisons: fair-esm's model, Hugging Face's with fused attention, and a float64 reference from docs/explanation/numerics.md#5-esm-2."""
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

LETTERS = {letter: i for i, letter in enumerate("LAGVSERTIDPKQNFYMHWCXBUZO.-", 4)}
CLS, PAD, EOS, UNKNOWN = 0, 1, 2, 3
DROPOUT_SCALE = 1 - 0.15 * 0.8  # of the embedding of a model trained with token dropout
POOLED = 1024  # residues, at most
PARTS = {"attention.self.query": "self_attn.q_proj", "attention.self.key": "self_attn.k_proj",
         "attention.self.value": "self_attn.v_proj", "attention.output.dense": "self_attn.out_proj",
         "attention.LayerNorm": "self_attn_layer_norm", "intermediate.dense": "fc1", "output.dense": "fc2",
         "LayerNorm": "final_layer_norm"}


def protein_ids(protein):
    return [CLS, *(LETTERS.get(letter, UNKNOWN) for letter in protein), EOS]


def fair_name(name):
    """fair-esm's name of a tensor in Hugging Face's names; others stay."""
    name = name.removeprefix("esm.")
    if name == "embeddings.word_embeddings.weight":
        return "embed_tokens.weight"
    if name.startswith("encoder.layer."):
        _, _, layer, rest = name.split(".", 3)
        part, kind = rest.rsplit(".", 1)
        return f"layers.{layer}.{PARTS[part]}.{kind}"
    return name.removeprefix("encoder.")


def read_config(folder):
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    return dict(num_layers=config["num_hidden_layers"], embed_dim=config["hidden_size"],
                attention_heads=config["num_attention_heads"], token_dropout=config["token_dropout"])


def load_fair_esm(folder):
    """fair-esm's own model in FP32."""
    from esm.model.esm2 import ESM2

    model = ESM2(alphabet="ESM-1b", **read_config(folder))
    state = {fair_name(name): value.float() for name, value in load_file(f"{folder}/model.safetensors").items()}
    missing, unknown = model.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.startswith(("lm_head.", "contact_head.")) and "rot_emb" not in name]
    assert not missing and not unknown, (missing, unknown)
    return model.eval()


def load_hugging_face(folder):
    """Hugging Face's model in FP32 with scaled_dot_product_attention, and how it came to that."""
    import transformers

    config = transformers.EsmConfig.from_pretrained(str(folder))
    try:
        model = transformers.AutoModel.from_config(config, attn_implementation="sdpa")
        attention = "sdpa of transformers"
    except ValueError:  # versions before SDPA came to ESM
        model = transformers.AutoModel.from_config(config)
        type(model.encoder.layer[0].attention.self).forward = fused_self_attention
        attention = "sdpa put into transformers"
    state = {name.removeprefix("esm."): value.float() for name, value in load_file(f"{folder}/model.safetensors").items()}
    missing, unknown = model.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.startswith(("pooler.", "contact_head.")) and
               not name.endswith(("inv_freq", "position_ids", "position_embeddings.weight"))]
    assert not missing and not unknown, (missing, unknown)
    model.pooler = None  # of the first token; not used here
    return model.eval(), attention


def fused_self_attention(self, hidden_states, attention_mask=None, *_, **__):
    """EsmSelfAttention.forward of transformers 4 with its three middle steps as one call."""
    q, k, v = (self.transpose_for_scores(part(hidden_states)) for part in (self.query, self.key, self.value))
    q, k = self.rotary_embeddings(q * self.attention_head_size**-0.5, k)
    mixed = F.scaled_dot_product_attention(q, k, v.to(q.dtype), attn_mask=attention_mask, scale=1.0)
    return (mixed.transpose(1, 2).reshape(hidden_states.shape),)


class Esm2Reference:
    """Embeddings in float64 over the stored weights: one function per sentence of docs/explanation/numerics.md, no library's model."""

    def __init__(self, tensors, config, device="cpu", dtype=torch.float64):
        self.config, self.device, self.dtype = config, device, dtype
        self.weights = {fair_name(name): value.to(device).to(dtype) for name, value in tensors.items()}

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.weights[name + ".weight"], self.weights[name + ".bias"], 1e-5)

    def dense(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def rotated(self, x):
        """Half-split rotation of [batch, heads, n, width] by the position."""
        half = x.shape[-1] // 2
        frequencies = 10000.0 ** (-torch.arange(half, dtype=self.dtype, device=self.device) / half)
        angles = torch.arange(x.shape[-2], dtype=self.dtype, device=self.device)[:, None] * frequencies
        u, w = x[..., :half], x[..., half:]
        return torch.cat([u * angles.cos() - w * angles.sin(), w * angles.cos() + u * angles.sin()], -1)

    def attention(self, x, layer, closed):
        batch, n, d = x.shape
        heads = self.config["attention_heads"]
        split = lambda y: y.view(batch, n, heads, d // heads).transpose(1, 2)
        q = self.rotated(split(self.dense(x, layer + "q_proj")) / math.sqrt(d // heads))
        k = self.rotated(split(self.dense(x, layer + "k_proj")))
        scores = (q @ k.transpose(-1, -2)).masked_fill_(closed, -math.inf)
        mixed = scores.softmax(-1) @ split(self.dense(x, layer + "v_proj"))
        return self.dense(mixed.transpose(1, 2).reshape(batch, n, d), layer + "out_proj")

    @torch.no_grad()
    def __call__(self, ids, lengths):
        """Token ids [batch, n], padded at the end, and how many there are in each row: the mean over the residues [batch, d]."""
        place = torch.arange(ids.shape[1], device=self.device)[None, :]
        closed = (place >= lengths[:, None])[:, None, None, :]
        x = self.weights["embed_tokens.weight"][ids]
        if self.config["token_dropout"]:
            x = x * DROPOUT_SCALE
        for i in range(self.config["num_layers"]):
            layer = f"layers.{i}."
            x = x + self.attention(self.norm(x, layer + "self_attn_layer_norm"), layer + "self_attn.", closed)
            x = x + self.dense(F.gelu(self.dense(self.norm(x, layer + "final_layer_norm"), layer + "fc1")), layer + "fc2")
        residues = (lengths - 2).clamp(max=POOLED)[:, None]
        pooled = (place >= 1) & (place <= residues)
        return (self.norm(x, "emb_layer_norm_after") * pooled[..., None]).sum(1) / residues
