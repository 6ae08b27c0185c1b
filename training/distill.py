"""Fits a small bundle to the scores of a large one: distillation.

The program computes the teacher's scores: `virnucpro predict fragments.fa --bundle LARGE --expected-length 500 -o scores`
leaves `scores/predictions.tsv`, and `distill.py --sequences fragments.fa --teacher 500=scores/predictions.tsv
--student models/mini --out small` fits the student to it, frame by frame, label unseen. Without --student both encoders
start from random weights, and both lengths need a teacher's table.
"""

import argparse
import copy
import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import fragments
import tokenizer as dna_tokenizer
from corpus import base_codes
from export import export
from make_expected import read_bundle
from models import CONFIGS, PROTEIN_PAD, Network, round_to_half
from training_loop import Average, optimiser, settle_batch_norm, step


@dataclass
class Scored:
    """Frames of one chunk length with the teacher's P(virus) and the number of their record."""

    texts: list
    proteins: list
    p_virus: np.ndarray
    record: np.ndarray


def read_sequences(path):
    """Bases of every record of a FASTA file, plain or gzip, upper case."""
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rb") as f:
        records = f.read().split(b">")[1:]
    return [base_codes(b"".join(r.split(b"\n")[1:]).replace(b"\r", b"").upper()) for r in records]


def read_teacher(path, sequences):
    """The frames of a predictions.tsv of the program, cut again from the sequences that it was made from."""
    texts, proteins, p_virus, record = [], [], [], []
    chunk, frames = None, None
    with open(path, newline="") as f:
        for line, row in enumerate(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
            place = int(row["record"]) - 1, int(row["start"]), int(row["end"])
            if place[0] >= len(sequences) or place[2] > len(sequences[place[0]]):
                raise SystemExit(f"{path}, line {line}: record {place[0] + 1} has no base {place[2]}; give the sequences that were scored")
            if place != chunk:
                chunk, frames = place, fragments.named_frames(sequences[place[0]][place[1]: place[2]])
            if row["frame"] not in frames:
                raise SystemExit(f"{path}, line {line}: no stop-free frame {row['frame']} there; give the sequences that were scored")
            codes, residues = frames[row["frame"]]
            texts.append(np.frombuffer(b"ACGTN", np.uint8)[codes].tobytes().decode())
            proteins.append(residues)
            p_virus.append(float(row["p_virus"]))
            record.append(place[0])
    if not texts:
        raise SystemExit(f"{path}: no frame in it")
    return Scored(texts, proteins, np.array(p_virus, np.float32), np.array(record))


def token_rows(scored, tokenizer):
    """DNA ids, protein ids (both padded) and the teacher's scores, as tensors."""
    dna, _ = dna_tokenizer.encode(tokenizer, scored.texts)
    protein = np.full((len(scored.proteins), max(map(len, scored.proteins)) + 2), PROTEIN_PAD, np.uint8)
    for row, residues in zip(protein, scored.proteins):
        row[0] = fragments.PROTEIN_ID["<cls>"]
        row[1: len(residues) + 1] = residues
        row[len(residues) + 1] = fragments.PROTEIN_ID["<eos>"]
    return torch.from_numpy(dna), torch.from_numpy(protein), torch.from_numpy(scored.p_virus)


@torch.no_grad()
def scores(network, dna, protein, length, device, batch=1024):
    network.eval()
    return torch.cat([network(a.to(device).long(), b.to(device).long(), length).softmax(-1)[:, 1].cpu()
                      for a, b in zip(dna.split(batch), protein.split(batch))]).numpy()


def agreement(student, teacher):
    """How near the student's scores are to the teacher's."""
    return {"correlation": float(np.corrcoef(student, teacher)[0, 1]), "mean_difference": float(np.abs(student - teacher).mean()),
            "same_label": float(((student > 0.5) == (teacher > 0.5)).mean())}


def distill(network, tokenizer, teachers, args, log=print):
    """Fits the network to the teachers' scores ({length: Scored}); returns it with the figures on held-out records."""
    rng = np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    parts = {}
    for length, scored in teachers.items():
        held = np.isin(scored.record, np.flatnonzero(rng.random(scored.record.max() + 1) < args.held_share))
        if held.all() or not held.any():
            raise SystemExit(f"{length} bases: too few records to hold some out")
        parts[length] = (*token_rows(scored, tokenizer), np.flatnonzero(~held), np.flatnonzero(held))
    network = network.float().to(args.device)
    network.dnabert_s.dropout = network.esm2.dropout = args.dropout
    for layer in (*network.dnabert_s.encoder.layer, *network.esm2.layers):
        layer.dropout = args.dropout
    optimizer, average = optimiser(network, args.weight_decay), Average(network, args.average)
    total, done = args.epochs * sum(-(-len(p[3]) // args.batch) for p in parts.values()), 0
    for epoch in range(args.epochs):
        network.train()
        losses = []
        drawn = [(length, rng.permutation(p[3])) for length, p in parts.items()]
        turns = [(length, rows) for length, order in drawn for rows in np.array_split(order, -(-len(order) // args.batch))]
        for turn in rng.permutation(len(turns)):
            length, rows = turns[turn]
            if len(rows) < 2:  # batch normalisation needs two
                continue
            dna, protein, target = (t[rows].to(args.device) for t in parts[length][:3])
            logits = network(dna.long(), protein.long(), length).float()
            loss = F.binary_cross_entropy_with_logits(logits[:, 1] - logits[:, 0], target)
            step(network, loss, optimizer, args.rate * min(1.0, (done + 1) / 50) * 0.5 * (1 + np.cos(np.pi * done / total)))
            average.update(network)
            losses.append(loss.item())
            done += 1
        log(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
    settled = round_to_half(copy.deepcopy(average.network))
    for length, p in parts.items():  # only the classifiers that were fitted get new statistics
        rows = p[3][:20000]
        settle_batch_norm(settled, [(length, p[0][part].to(args.device).long(), p[1][part].to(args.device).long())
                                    for part in np.array_split(rows, -(-len(rows) // 2048))], lengths=(length,))
    figures = {f"held_out_{length}": agreement(scores(settled, p[0][p[4]], p[1][p[4]], length, args.device), p[2][p[4]].numpy())
               for length, p in parts.items()}
    return settled, figures


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", required=True, help="FASTA that the teacher scored")
    parser.add_argument("--teacher", required=True, action="append", metavar="LENGTH=TSV", help="its predictions.tsv; for 300 and 500")
    parser.add_argument("--student", help="bundle to start from; without: random weights of --config")
    parser.add_argument("--config", default="mini", choices=sorted(CONFIGS))
    parser.add_argument("--out", required=True, help="folder of the new bundle")
    parser.add_argument("--name", default="distilled")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--average", type=float, default=0.99, help="decay of the averaged weights")
    parser.add_argument("--held-share", type=float, default=0.1, help="share of the records that is only judged")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    args.teacher = dict(t.split("=", 1) for t in args.teacher)
    if not set(args.teacher) <= {str(n) for n in Network.LENGTHS}:
        parser.error("--teacher takes 300=FILE and 500=FILE")
    if not args.student and len(args.teacher) < len(Network.LENGTHS):
        parser.error("without --student give a teacher's table for 300 and for 500 bases")
    return args


def main(arguments=None):
    args = parse_arguments(arguments)
    sequences = read_sequences(args.sequences)
    teachers = {int(n): read_teacher(path, sequences) for n, path in args.teacher.items()}
    if args.student:
        network, tokenizer = read_bundle(Path(args.student))
    else:
        torch.manual_seed(args.seed)
        config = CONFIGS[args.config]
        network = Network(config)
        tokenizer = dna_tokenizer.train_tokenizer([t for s in teachers.values() for t in s.texts[:20000]], config.vocab)
        if tokenizer.get_vocab_size() > config.vocab:
            raise SystemExit("the tokenizer outgrew its vocabulary")
    network, figures = distill(network, tokenizer, teachers, args)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    export(network, out / "tokenizer.json", out, metrics=figures, name=args.name, frames="open",
           description="Small model fitted to the scores of a larger one (distillation).",
           training_data=f"Scores of {sum(len(t.texts) for t in teachers.values())} frames of {len(sequences)} records.")
    for part, values in figures.items():
        print(part, ", ".join(f"{k} {v:.4f}" for k, v in values.items()))
    return figures


if __name__ == "__main__":
    main()
