"""Baselines on the very fragments that the network is judged on: logistic regression and boosting on 4-mers."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import corpus as genomes
import evaluate
import fragments

K = 4


def kmer_frequencies(windows):
    """Share of every 4-mer among the 4-mers of both strands of a window without N."""
    features = np.zeros((len(windows), 4 ** K), np.float32)
    rows = np.arange(len(windows))
    for strand in (windows, 3 - windows[:, ::-1]):
        places = strand.shape[1] - K + 1
        code = sum(strand[:, i: i + places].astype(np.int32) * 4 ** (K - 1 - i) for i in range(K))
        for column in code.T:
            features[rows, column] += 1
    return features / features.sum(axis=1, keepdims=True)


def models(seed):
    return {
        "4-mer logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
        "4-mer gradient boosting": HistGradientBoostingClassifier(max_iter=400, learning_rate=0.08, l2_regularization=1.0,
                                                                  random_state=seed),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--fragments", required=True, help="dev.npz, as drawn by evaluate.py draw or make_mini.py")
    parser.add_argument("--per-half", type=int, default=15000, help="training fragments in each half")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", help="JSON to write")
    args = parser.parse_args()
    train = genomes.read_corpus(args.corpus, "train")
    dev = np.load(args.fragments)
    result = {}
    for length in (300, 500):
        windows, group, _ = fragments.balanced_windows(train, length, args.per_half, args.seed)
        features, judged = kmer_frequencies(windows), kmer_frequencies(dev[f"windows_{length}"])
        for name, model in models(args.seed).items():
            begin = time.time()
            model.fit(features, group == 0)
            figures = evaluate.summary(model.predict_proba(judged)[:, 1] - 0.5, dev[f"group_{length}"], dev[f"genome_{length}"])
            print(f"{name} ({time.time() - begin:.0f} s, {len(windows)} training fragments), {evaluate.figures_text(length, figures)}")
            result.setdefault(name, {})[f"dev_{length}"] = figures
    if args.out:
        Path(args.out).write_text(json.dumps(evaluate.rounded(result), indent=2) + "\n")


if __name__ == "__main__":
    main()
