#!/usr/bin/env python3
"""Writes the expectations of the calibration tests: what scikit-learn fits to some hundred weighted scores.

    python3 tests/parity/make_calibration_goldens.py

Needs `pip install scikit-learn` (made with 1.9.1). Files in tests/data/calibration/:
  items.tsv      score, label, weight: some scores are rounded, so that there are ties
  platt.tsv      slope and intercept of an unpenalised logistic regression over logit(score)
  isotonic.tsv   score and fitted probability on a grid
"""
import pathlib

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "calibration"
LEAST = 1e-6


def main():
    random = np.random.default_rng(20261126)
    count = 600
    label = (random.random(count) < 0.4).astype(int)
    score = 1 / (1 + np.exp(-random.normal(2.2 * label - 0.4, 2.0)))
    score[: count // 2] = np.round(score[: count // 2], 2)
    score[0], score[1] = 0.0, 1.0
    weight = np.round(random.uniform(0.1, 3.0, count), 3)
    text = [("%.9g" % s, int(l), "%.3f" % w) for s, l, w in zip(score, label, weight)]
    score = np.array([float(s) for s, _, _ in text])

    clipped = np.clip(score, LEAST, 1 - LEAST)
    logit = np.log(clipped) - np.log1p(-clipped)
    platt = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    platt.fit(logit[:, None], label, sample_weight=weight)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(score, label, sample_weight=weight)
    grid = np.linspace(0, 1, 401)

    DATA.mkdir(parents=True, exist_ok=True)
    with open(DATA / "items.tsv", "w") as out:
        out.write("score\tlabel\tweight\n")
        for row in text:
            out.write("%s\t%d\t%s\n" % row)
    with open(DATA / "platt.tsv", "w") as out:
        out.write("slope\tintercept\n%.12g\t%.12g\n" % (platt.coef_[0, 0], platt.intercept_[0]))
    with open(DATA / "isotonic.tsv", "w") as out:
        out.write("score\tprobability\n")
        for s, p in zip(grid, isotonic.predict(grid)):
            out.write("%.17g\t%.15g\n" % (s, p))


if __name__ == "__main__":
    main()
