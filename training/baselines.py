"""Baselines on the very fragments that the network is judged on.

Logistic regression on k-mers (k = 3..6), gradient boosting on 4-mers, codons and amino acids, and a convolutional
network like DeepVirFinder's (Ren et al. 2020, doi:10.1007/s40484-019-0187-4: one layer of 500 filters of 10 bases,
largest value, 500 units, both strands averaged).
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import corpus as genomes
import evaluate
import fragments


def kmer_frequencies(windows, k):
    """Share of every k-mer among the k-mers of both strands of a window without N."""
    features = np.zeros((len(windows), 4 ** k), np.float32)
    rows = np.arange(len(windows))
    for strand in (windows, 3 - windows[:, ::-1]):
        places = strand.shape[1] - k + 1
        code = sum(strand[:, i: i + places].astype(np.int32) * 4 ** (k - 1 - i) for i in range(k))
        for column in code.T:
            features[rows, column] += 1
    return features / features.sum(axis=1, keepdims=True)


def codon_frequencies(windows):
    """Shares of the 64 codons and of the 20 amino acids in all stop-free frames of a window."""
    features = np.zeros((len(windows), 64 + 33), np.float32)
    for row, window in zip(features, windows):
        for codes, residues in fragments.six_frames(window):
            c = codes[: 3 * len(residues)].reshape(-1, 3).astype(np.int64)
            row[:64] += np.bincount(c[:, 0] * 16 + c[:, 1] * 4 + c[:, 2], minlength=64)
            row[64:] += np.bincount(residues, minlength=33)
    return features / features[:, :64].sum(axis=1, keepdims=True)


class Convolution(nn.Module):
    def __init__(self, filters=500, width=10, units=500, dropout=0.1):
        super().__init__()
        self.filters, self.dropout = nn.Conv1d(4, filters, width), nn.Dropout(dropout)
        self.hidden, self.output = nn.Linear(filters, units), nn.Linear(units, 1)

    def strand(self, x):
        x = self.dropout(F.relu(self.filters(x)).amax(dim=2))
        return torch.sigmoid(self.output(self.dropout(F.relu(self.hidden(x)))))[:, 0]

    def forward(self, windows):
        """Probability of windows [n, length] of base codes."""
        x = F.one_hot(windows.long(), 4).float().transpose(1, 2)
        return (self.strand(x) + self.strand(x.flip(1, 2))) / 2


def convolution_scores(train, virus, genome, judged, device, seed, epochs=40, patience=6, batch=256):
    """Scores of the state that is best on a tenth of the training genomes."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    held = np.isin(genome, rng.permutation(np.unique(genome))[: len(np.unique(genome)) // 10])
    windows, label = torch.from_numpy(train).to(device), torch.from_numpy(virus.astype(np.float32)).to(device)
    network = Convolution().to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def score(rows):
        network.eval()
        with torch.no_grad():
            return np.concatenate([network(part).cpu().numpy() for part in rows.split(1024)])

    best, kept, waited = -1.0, None, 0
    inside = np.flatnonzero(~held)
    for _ in range(epochs):
        network.train()
        for rows in torch.from_numpy(rng.permutation(inside)).to(device).split(batch):
            optimizer.zero_grad()
            F.binary_cross_entropy(network(windows[rows]), label[rows]).backward()
            optimizer.step()
        figure = roc_auc_score(virus[held], score(windows[torch.from_numpy(np.flatnonzero(held)).to(device)]))
        waited += 1
        if figure > best:
            best, waited = figure, 0
            kept = {k: v.clone() for k, v in network.state_dict().items()}
        if waited == patience:
            break
    network.load_state_dict(kept)
    return score(torch.from_numpy(judged).to(device))


def fitted_scores(train, virus, judged, seed):
    """Name and scores on the judged windows of one baseline after the other."""
    kmers = {}
    for k in (3, 4, 5, 6):
        kmers[k] = kmer_frequencies(train, k), kmer_frequencies(judged, k)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        yield f"{k}-mer logistic regression", model.fit(kmers[k][0], virus).predict_proba(kmers[k][1])[:, 1]
    codons = codon_frequencies(train), codon_frequencies(judged)
    for name, (a, b) in {"4-mers": kmers[4], "4-mers, codons and amino acids": tuple(map(np.hstack, zip(kmers[4], codons)))}.items():
        model = HistGradientBoostingClassifier(max_iter=400, learning_rate=0.08, l2_regularization=1.0, random_state=seed)
        yield f"gradient boosting on {name}", model.fit(a, virus).predict_proba(b)[:, 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw", help="draw training fragments of a corpus")
    draw.add_argument("--corpus", required=True)
    draw.add_argument("--per-half", type=int, default=15000, help="training fragments in each half")
    draw.add_argument("--seed", type=int, default=1)
    draw.add_argument("--out", required=True, help="npz to write")
    judge = commands.add_parser("judge", help="fit and judge every baseline")
    judge.add_argument("--train", required=True, help="npz of draw")
    judge.add_argument("--fragments", required=True, help="dev.npz, as drawn by evaluate.py draw or make_mini.py")
    judge.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    judge.add_argument("--seed", type=int, default=1)
    judge.add_argument("--out", help="JSON to write")
    args = parser.parse_args()
    if args.command == "draw":
        train = genomes.read_corpus(args.corpus, "train")
        evaluate.save_fragments(args.out, {n: fragments.balanced_windows(train, n, args.per_half, args.seed) for n in (300, 500)})
        return
    train, dev = np.load(args.train), np.load(args.fragments)
    result = {}
    for length in (300, 500):
        windows, group, genome = (train[f"{k}_{length}"] for k in ("windows", "group", "genome"))
        judged = dev[f"windows_{length}"]

        def scores():
            yield "convolutional network", convolution_scores(windows, group == 0, genome, judged, args.device, args.seed)
            yield from fitted_scores(windows, group == 0, judged, args.seed)

        begin = time.time()
        for name, score in scores():
            figures = evaluate.summary(score - 0.5, dev[f"group_{length}"], dev[f"genome_{length}"])
            print(f"{name} ({time.time() - begin:.0f} s, {len(windows)} training fragments), {evaluate.figures_text(length, figures)}",
                  flush=True)
            result.setdefault(name, {})[f"dev_{length}"] = figures
            begin = time.time()
            if args.out:
                Path(args.out).write_text(json.dumps(evaluate.rounded(result), indent=2) + "\n")


if __name__ == "__main__":
    main()
