#!/usr/bin/env python3
"""Writes the expectations of the evaluation tests: what scikit-learn makes of some hundred judged items.

    python3 tests/parity/make_evaluation_goldens.py

Needs `pip install scikit-learn` (made with 1.9.1). Files in tests/data/evaluation/:
  items.tsv      score, label, source, copies: rounded scores, so that there are many ties; copies is one draw of whole sources
  expected.tsv   metric, its value at the threshold 0.4, and the same with each item counted `copies` times
"""
import math
import pathlib

import numpy as np
from sklearn import metrics

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "evaluation"
THRESHOLD = 0.4


def recall_at(rate, label, score, weight):
    """The largest recall of a threshold with at most `rate` false positives; whole ties are called together."""
    fpr, recall, _ = metrics.roc_curve(label, score, sample_weight=weight, drop_intermediate=False)
    return recall[fpr <= rate + 1e-12].max()


def calibration_error(label, score, weight, bins=10):
    which = np.minimum((score * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        mine = which == b
        total += abs((weight[mine] * (score[mine] - label[mine])).sum())
    return total / weight.sum()


def figures(label, score, weight):
    call = score >= THRESHOLD
    kw = {"sample_weight": weight}
    return {
        "auroc": metrics.roc_auc_score(label, score, **kw),
        "auprc": metrics.average_precision_score(label, score, **kw),
        "recall_at_1_percent_fpr": recall_at(0.01, label, score, weight),
        "recall_at_5_percent_fpr": recall_at(0.05, label, score, weight),
        "accuracy": metrics.accuracy_score(label, call, **kw),
        "precision": metrics.precision_score(label, call, **kw),
        "recall": metrics.recall_score(label, call, **kw),
        "specificity": metrics.recall_score(label, call, pos_label=0, **kw),
        "f1": metrics.f1_score(label, call, **kw),
        "mcc": metrics.matthews_corrcoef(label, call, **kw),
        "brier_score": metrics.brier_score_loss(label, score, **kw),
        "expected_calibration_error": calibration_error(label, score, weight),
        "log_loss": metrics.log_loss(label, np.clip(score, 1e-6, 1 - 1e-6), **kw),
    }


def main():
    random = np.random.default_rng(20261125)
    count, sources = 400, 25
    label = (random.random(count) < 0.35).astype(int)
    score = np.round(np.clip(random.normal(0.35 + 0.3 * label, 0.22), 0, 1), 2)
    source = random.integers(0, sources, count)
    drawn = np.bincount(random.integers(0, sources, sources), minlength=sources)
    copies = drawn[source]
    DATA.mkdir(parents=True, exist_ok=True)
    with open(DATA / "items.tsv", "w") as out:
        out.write("score\tlabel\tsource\tcopies\n")
        for row in zip(score, label, source, copies):
            out.write("%.2f\t%d\t%d\t%d\n" % row)
    once = figures(label, score, np.ones(count))
    drawn_figures = figures(label, score, copies.astype(float))
    with open(DATA / "expected.tsv", "w") as out:
        out.write("metric\tonce\tdrawn\n")
        for name, value in once.items():
            assert math.isfinite(value)
            out.write(f"{name}\t{value:.15g}\t{drawn_figures[name]:.15g}\n")


if __name__ == "__main__":
    main()
