"""A whole small run by independent Python code: sequences in, the published tool's two files out.

Writes ../data/parity/pipeline: random checkpoints in the published formats (a fair-esm .pt, a DNABERT-S folder, a
whole pickled classifier), dirty.fa, and for 300 and 500 bases the tables and the embeddings that come of them. ESM-2
runs in fair-esm 2.0.0, the tokenizer in Hugging Face tokenizers; the rest is written from docs/explanation/numerics.md. All in
float32, one sequence at a time, as the published pipeline does. Run it as a program, so that the classifier is pickled
as `__main__.MLPClassifier`.

Needs: torch, fair-esm==2.0.0, tokenizers, numpy, safetensors.
"""
import argparse
import json
import math
import pathlib
import shutil

import numpy as np
import torch
import torch.nn.functional as F
from esm.model.esm2 import ESM2
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from torch import nn

from make_encoder_goldens import alibi_slopes

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent / "data" / "parity" / "pipeline"
ESM = dict(num_layers=2, embed_dim=40, attention_heads=5)
DNA = dict(hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, layer_norm_eps=1e-12,
           vocab_size=512)
HIDDEN = 24


class MLPClassifier(nn.Module):
    def __init__(self, inputs, hidden, classes):
        super().__init__()
        self.hidden_layer = nn.Linear(inputs, hidden)
        self.bn1 = nn.BatchNorm1d(hidden)
        self.output_layer = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        return self.output_layer(self.dropout(F.relu(self.bn1(self.hidden_layer(x)))))


# ---- text, from docs/explanation/numerics.md

def chunks(bases, length):
    n = len(bases)
    k = -(-n // length)
    surplus = k * length - n
    q = surplus // k if k else 0
    m = surplus - q * (k - 1)
    shift = 0
    for i in range(k):
        yield i, bases[i * length - shift : i * length - shift + length]
        shift += q + 1 if i < m else q


AMINO = dict(zip((a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"),
                 "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"))


def frames(chunk):
    forward = chunk.upper()
    reverse = forward[::-1].translate(str.maketrans("ACGT", "TGCA"))
    for strand, letter in ((forward, "F"), (reverse, "R")):
        for f in range(3):
            protein = "".join(AMINO.get(strand[i : i + 3], "") for i in range(f, len(strand) - 2, 3))
            if protein and "*" not in protein:
                yield f"{letter}{f + 1}", strand[f : f + 1 + 3 * len(protein)], protein


# ---- models

def make_models(seed):
    torch.manual_seed(seed)
    esm2 = ESM2(**ESM, alphabet="ESM-1b", token_dropout=True).eval()
    d, inner = DNA["hidden_size"], DNA["intermediate_size"]
    shapes = {"embeddings.word_embeddings.weight": (DNA["vocab_size"], d),
              "embeddings.token_type_embeddings.weight": (2, d),
              "embeddings.LayerNorm.weight": (d,), "embeddings.LayerNorm.bias": (d,)}
    for i in range(DNA["num_hidden_layers"]):
        p = f"encoder.layer.{i}."
        shapes |= {p + "attention.self.Wqkv.weight": (3 * d, d), p + "attention.self.Wqkv.bias": (3 * d,),
                   p + "attention.output.dense.weight": (d, d), p + "attention.output.dense.bias": (d,),
                   p + "attention.output.LayerNorm.weight": (d,), p + "attention.output.LayerNorm.bias": (d,),
                   p + "mlp.gated_layers.weight": (2 * inner, d), p + "mlp.wo.weight": (d, inner),
                   p + "mlp.wo.bias": (d,), p + "mlp.layernorm.weight": (d,), p + "mlp.layernorm.bias": (d,)}
    dnabert = {}
    for name, shape in shapes.items():
        norm = "orm.weight" in name
        dnabert[name] = torch.randn(shape) * (0.1 if len(shape) == 1 else 1.5 / math.sqrt(shape[-1])) + float(norm)
    classifier = MLPClassifier(d + ESM["embed_dim"], HIDDEN, 2).eval()
    with torch.no_grad():
        classifier.bn1.running_mean.normal_(0, 0.3)
        classifier.bn1.running_var.uniform_(0.2, 2)
        classifier.output_layer.weight.mul_(6)
        classifier.output_layer.bias.copy_(torch.tensor([0.0, 0.5]))  # about half of the frames are called virus
    return esm2, dnabert, classifier


def embed_dna(w, ids):
    d, heads, inner = DNA["hidden_size"], DNA["num_attention_heads"], DNA["intermediate_size"]
    n = len(ids)
    place = torch.arange(n)
    bias = -torch.tensor(alibi_slopes(heads))[:, None, None] * (place[:, None] - place[None, :]).abs()
    norm = lambda x, p: F.layer_norm(x, (d,), w[p + ".weight"], w[p + ".bias"], DNA["layer_norm_eps"])
    x = norm(w["embeddings.word_embeddings.weight"][torch.tensor(ids)]
             + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for i in range(DNA["num_hidden_layers"]):
        p = f"encoder.layer.{i}."
        qkv = F.linear(x, w[p + "attention.self.Wqkv.weight"], w[p + "attention.self.Wqkv.bias"])
        q, k, v = qkv.reshape(n, 3, heads, d // heads).permute(1, 2, 0, 3)
        mixed = ((q @ k.transpose(1, 2) / math.sqrt(d // heads) + bias).softmax(-1) @ v).permute(1, 0, 2)
        mixed = F.linear(mixed.reshape(n, d), w[p + "attention.output.dense.weight"],
                         w[p + "attention.output.dense.bias"])
        x = norm(mixed + x, p + "attention.output.LayerNorm")
        g = F.linear(x, w[p + "mlp.gated_layers.weight"])
        y = F.linear(F.gelu(g[:, :inner]) * g[:, inner:], w[p + "mlp.wo.weight"], w[p + "mlp.wo.bias"])
        x = norm(y + x, p + "mlp.layernorm")
    return x.mean(0)


def embed_protein(model, converter, protein):
    _, _, tokens = converter([("", protein)])
    layers = ESM["num_layers"]
    return model(tokens, repr_layers=[layers])["representations"][layers][0, 1 : len(protein) + 1].mean(0)


# ---- input

def dirty_records(rng):
    """Open reading frames between stretches of random bases, with N, IUPAC letters and lower case."""
    sense = [codon for codon, amino in AMINO.items() if amino != "*"]
    records = []
    for i, n in enumerate([0, 1, 2, 3, 7, 90, 149, 299, 300, 301, 499, 500, 501, 640, 999, 1000, 1001, 1713, 2300]):
        bases = "".join(rng.choice(sense, size=n // 3 + 1))[: n - n // 4] + "".join(rng.choice(list("ACGT"), size=n))
        bases = bases[:n]
        for _ in range(n // 250):
            at = int(rng.integers(0, max(n - 12, 1)))
            junk = ["N" * 9, "R", "acgtgg", "YK", "N", "u"][int(rng.integers(6))]
            bases = bases[:at] + junk + bases[at + len(junk) :]
        records.append((f"contig_{i}|len={n} described here", bases[:n]))
    return records


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=8)
    seed = parser.parse_args().seed
    rng = np.random.default_rng(seed)
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "dnabert_s").mkdir(parents=True)

    esm2, dnabert, classifier = make_models(seed)
    config = argparse.Namespace(encoder_layers=ESM["num_layers"], encoder_embed_dim=ESM["embed_dim"],
                                encoder_attention_heads=ESM["attention_heads"], token_dropout=True)
    prefix = "encoder.sentence_encoder."
    state = {prefix + name: value for name, value in esm2.state_dict().items() if "contact_head" not in name}
    torch.save({"cfg": {"model": config}, "model": state}, OUT / "esm2.pt")
    torch.save({"bert." + name: value for name, value in dnabert.items()}, OUT / "dnabert_s" / "pytorch_model.bin")
    (OUT / "dnabert_s" / "config.json").write_text(json.dumps(DNA, indent=1) + "\n")
    shutil.copy(HERE.parent / "data" / "tokenizer" / "small_tokenizer.json", OUT / "dnabert_s" / "tokenizer.json")
    torch.save(classifier, OUT / "classifier.pth")

    records = dirty_records(rng)
    with open(OUT / "dirty.fa", "w", newline="") as fasta:
        for i, (header, bases) in enumerate(records):
            end = "\r\n" if i % 3 == 1 else "\n"
            lines = [bases[j : j + 61] for j in range(0, len(bases), 61)]
            fasta.write(f">{header}{end}" + "".join(line + end for line in lines) + ("\n" if i % 4 == 2 else ""))

    tokenizer = Tokenizer.from_file(str(OUT / "dnabert_s" / "tokenizer.json"))
    converter = esm2.alphabet.get_batch_converter(1024)
    for length in (300, 500):
        rows, dna_rows, protein_rows = [], [], []
        with torch.no_grad():
            for header, bases in records:
                for i, chunk in chunks(bases, length):
                    for frame, nucleotides, protein in frames(chunk):
                        dna = embed_dna(dnabert, tokenizer.encode(nucleotides).ids)
                        amino = embed_protein(esm2, converter, protein)
                        scores = classifier(torch.cat([dna, amino])[None]).softmax(1)[0].numpy()
                        rows.append((f"{header.split()[0]}_chunk_{i + 1}{frame}", scores))
                        dna_rows.append(dna.numpy())
                        protein_rows.append(amino.numpy())
        with open(OUT / f"prediction_results_{length}.txt", "w") as table:
            table.write("Sequence_ID\tPrediction\tscore1\tscore2\n")
            for name, scores in rows:
                label = "virus" if scores[1] > scores[0] else "others"
                table.write(f"{name}\t{label}\t{scores[0]!s}\t{scores[1]!s}\n")
        best = {}
        for name, scores in rows:
            best[name[:-2]] = np.maximum(best.get(name[:-2], 0), scores)
        with open(OUT / f"prediction_results_highestscore_{length}.csv", "w") as table:
            table.write("Modified_ID\tIs_Virus\n")
            for name in sorted(best, key=str.encode):
                table.write(f"{name}\t{bool(best[name][1] >= best[name][0])}\n")
        save_file({"dnabert_s": np.stack(dna_rows), "esm2": np.stack(protein_rows)},
                  str(OUT / f"embeddings_{length}.safetensors"))
        print(length, len(rows), "frames", sum(s[1] > s[0] for _, s in rows), "virus")


if __name__ == "__main__":
    main()
