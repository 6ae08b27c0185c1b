"""Judges a network on fragments: AUROC, AUPRC, recall at fixed false-positive rates, overall and per group.

What is read of a fragment: its stop-free frames, or where there is none its longest stop-free run over six frames
(`--runs 0` for the published rule: nothing). The score is the largest P(virus) of what is read less the largest
P(others); a fragment of which nothing is read has the lowest score, UNREAD.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score
from tokenizers import Tokenizer

import corpus as genomes
import fragments
import tokenizer as dna_tokenizer
from corpus import GROUPS
from models import load_checkpoint


UNREAD = -1.5  # below every difference of two probabilities


@dataclass
class FragmentSet:
    """Windows of one length with their group and genome, and what is read of them."""

    windows: np.ndarray
    group: np.ndarray
    genome: np.ndarray
    frame_of: np.ndarray
    texts: list
    proteins: np.ndarray


def read_window(window, most_runs):
    """What is read of a window: (nucleotide codes, residue ids) of its stop-free frames, or of up to `most_runs` runs."""
    frames = fragments.six_frames(window)
    if frames or not most_runs:
        return frames
    return [run[2:] for run in fragments.longest_runs(window)[:most_runs] if 3 * len(run[3]) >= fragments.LEAST_RUN]


def fragment_set(windows, group, genome, most_runs=1):
    """Finds what is read of the windows."""
    frame_of, texts, residues = [], [], []
    for i, window in enumerate(windows):
        for codes, protein in read_window(window, most_runs):
            frame_of.append(i)
            texts.append(np.frombuffer(b"ACGTN", np.uint8)[codes].tobytes().decode())
            residues.append(protein)
    most = max(len(p) for p in residues) + 2
    ids = np.full((len(residues), most), fragments.PROTEIN_ID["<pad>"], np.uint8)
    for row, protein in zip(ids, residues):
        row[0] = fragments.PROTEIN_ID["<cls>"]
        row[1: len(protein) + 1] = protein
        row[len(protein) + 1] = fragments.PROTEIN_ID["<eos>"]
    return FragmentSet(windows, group, genome, np.array(frame_of), texts, ids)


def save_fragments(path, sets):
    np.savez_compressed(path, **{f"{k}_{n}": v for n, s in sets.items()
                                 for k, v in (("windows", s[0]), ("group", s[1]), ("genome", s[2]))})


def load_fragments(path, every=1, most_runs=1):
    """Fragment sets by length; `every` keeps one fragment in so many."""
    z = np.load(path)
    return {n: fragment_set(*(z[f"{k}_{n}"][::every] for k in ("windows", "group", "genome")), most_runs) for n in (300, 500)}


@torch.no_grad()
def score_fragments(network, tokenizer, judged, length, device, batch=1024):
    """Scores of the fragments, with their groups and genomes."""
    network.eval()
    probability = np.empty((len(judged.texts), 2), np.float32)
    for i in range(0, len(judged.texts), batch):
        dna, _ = dna_tokenizer.encode(tokenizer, judged.texts[i: i + batch])
        logits = network(torch.from_numpy(dna).to(device).long(),
                         torch.from_numpy(judged.proteins[i: i + batch]).to(device).long(), length)
        probability[i: i + batch] = logits.softmax(-1).cpu().numpy()
    best = np.zeros((len(judged.windows), 2), np.float32)
    np.maximum.at(best, judged.frame_of, probability)
    return np.where(best[:, 1] > 0, best[:, 1] - best[:, 0], UNREAD), judged.group, judged.genome


def recall_at(score, virus, rate):
    """Recall where at most the share `rate` of the others scores above the threshold."""
    return float((score[virus] > np.quantile(score[~virus], 1 - rate)).mean())


def summary(score, group, genome, resamples=0, seed=0):
    """Figures of one set of scores; with `resamples`, bootstrap intervals that resample whole genomes."""
    virus = group == 0
    figures = {
        "fragments": len(score), "read": float((score > UNREAD)[virus].mean()), "auroc": roc_auc_score(virus, score), "auprc": average_precision_score(virus, score),
        "recall_at_1_percent_fpr": recall_at(score, virus, 0.01), "recall_at_5_percent_fpr": recall_at(score, virus, 0.05),
        "accuracy_of_the_published_rule": float(((score >= 0) == virus).mean()),
    }
    figures["auroc_by_group"] = {
        GROUPS[g]: roc_auc_score(virus[virus | (group == g)], score[virus | (group == g)]) for g in np.unique(group[~virus])}
    figures["auroc_group_mean"] = float(np.mean(list(figures["auroc_by_group"].values())))
    if resamples:
        rng = np.random.default_rng(seed)
        members = [np.flatnonzero(genome == g) for g in np.unique(genome)]
        by_group = {g: [m for m in members if group[m[0]] == g] for g in np.unique(group)}
        values = []
        for _ in range(resamples):
            take = np.concatenate([np.concatenate([m[k] for k in rng.integers(0, len(m), len(m))]) for m in by_group.values()])
            values.append(roc_auc_score(virus[take], score[take]))
        figures["auroc_interval_95"] = [float(v) for v in np.quantile(values, [0.025, 0.975])]
    return figures


def rounded(value):
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return value if value is None or isinstance(value, int) else round(float(value), 4)


def figures_text(length, figures):
    return (f"{length} bases, {figures['fragments']} fragments: AUROC {figures['auroc']:.4f}, "
            f"mean over groups {figures['auroc_group_mean']:.4f}, AUPRC {figures['auprc']:.4f}, recall at 1 % / 5 % false "
            f"positives {figures['recall_at_1_percent_fpr']:.4f} / {figures['recall_at_5_percent_fpr']:.4f}\n   "
            + ", ".join(f"{g} {v:.3f}" for g, v in figures["auroc_by_group"].items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw", help="draw the dev fragments of a corpus")
    draw.add_argument("--corpus", required=True)
    draw.add_argument("--per-half", type=int, default=8000)
    draw.add_argument("--seed", type=int, default=1)
    draw.add_argument("--out", required=True)
    judge = commands.add_parser("judge", help="figures of the best state of a checkpoint")
    judge.add_argument("--checkpoint", required=True)
    judge.add_argument("--fragments", required=True)
    judge.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    judge.add_argument("--resamples", type=int, default=200)
    judge.add_argument("--runs", type=int, default=1, help="runs read of a fragment without a stop-free frame")
    judge.add_argument("--out", help="JSON to write")
    args = parser.parse_args()

    if args.command == "draw":
        dev = genomes.read_corpus(args.corpus, "dev")
        save_fragments(args.out, {n: fragments.balanced_windows(dev, n, args.per_half, args.seed) for n in (300, 500)})
        return
    network, text = load_checkpoint(args.checkpoint, args.device)
    tokenizer = Tokenizer.from_str(text)
    result = {}
    for length, judged in load_fragments(args.fragments, most_runs=args.runs).items():
        scores = score_fragments(network, tokenizer, judged, length, args.device)
        result[f"dev_{length}"] = summary(*scores, resamples=args.resamples)
        print(figures_text(length, result[f"dev_{length}"]))
    if args.out:
        Path(args.out).write_text(json.dumps(rounded(result), indent=2) + "\n")


if __name__ == "__main__":
    main()
