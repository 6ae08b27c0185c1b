"""Figures of finished runs on records of calibration_set.py, by their lengths, groups and families; records without a call count as lowest.

    python dev_figures.py --run RUN [RUN...] --labels SET/labels.tsv [...] --corpus DIR [--split dev] [--out figures.json]

A record's score is `p_calibrated` of the run's contigs.tsv. Phages are the families of fragments.PHAGES.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from corpus import TRANSCRIPTS, table_rows
from evaluate import recall_at, rounded
from fragments import LARGE_DNA_VIRUSES, PHAGES

NO_CALL = -1.0
FEWEST = 30  # records of a family that has a figure of its own
PROKARYOTES = ("bacteria", "archaea")


def read_table(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


class Records:
    """Labelled records of one set of lengths: score (NO_CALL without), virus, group, family, genome, called viral."""

    def __init__(self, ids, score, called, genome_of, genomes):
        rows = [genomes[genome_of[i]] for i in ids]
        self.score, self.called = np.array(score), np.array(called)
        self.group = np.array([r["group"] for r in rows])
        self.family = np.array([r["family"] for r in rows])
        self.virus = self.group == "viral"
        self.transcript = np.array([g.endswith(TRANSCRIPTS) for g in self.group])

    def auroc(self, viral, other):
        """AUROC of two sets of records; None where one is empty."""
        keep = viral | other
        return float(roc_auc_score(self.virus[keep], self.score[keep])) if viral.any() and other.any() else None

    def calibration_error(self):
        """Expected calibration error over ten bins of equal width, records with a call; viruses and others weigh the same."""
        has = self.score > NO_CALL
        score, virus = self.score[has], self.virus[has]
        weight = np.where(virus, 0.5 / virus.sum(), 0.5 / (~virus).sum())
        bins = np.minimum((score * 10).astype(int), 9)
        inside = [bins == b for b in range(10)]
        return float(sum(abs((weight[m] * (virus[m] - score[m])).sum()) for m in inside))

    def figures(self, calibration=True):
        virus, other, has = self.virus, ~self.virus, self.score > NO_CALL
        phage = virus & np.isin(self.family, list(PHAGES))
        cut = np.quantile(self.score[other], 0.99)
        families = [f for f in np.unique(self.family[virus]) if (virus & (self.family == f)).sum() >= FEWEST]
        groups = [g for g in np.unique(self.group[other])]
        return {
            "records": len(self.score), "answered": {"viral": float(has[virus].mean()), "phage": float(has[phage].mean()),
                                                     "other": float(has[other].mean())},
            "auroc": self.auroc(virus, other), "auroc_scored": self.auroc(virus & has, other & has),
            "recall_at_1_percent": recall_at(self.score, virus, 0.01), "recall_at_5_percent": recall_at(self.score, virus, 0.05),
            "phages_against_prokaryotes": self.auroc(phage, np.isin(self.group, PROKARYOTES)),
            "phages_against_plasmids": self.auroc(phage, self.group == "plasmid"),
            "large_dna_viruses": self.auroc(virus & np.isin(self.family, list(LARGE_DNA_VIRUSES)), other),
            "calibration_error": self.calibration_error() if calibration else None,
            "called_viral": {"viruses": float(self.called[virus].mean()), "others": float(self.called[other].mean()),
                             "transcripts": float(self.called[self.transcript].mean()),
                             **{g: float(self.called[self.group == g].mean()) for g in groups}},
            "auroc_by_group": {g: self.auroc(virus, self.group == g) for g in groups},
            "by_family": {f: {"records": int((virus & (self.family == f)).sum()), "auroc": self.auroc(virus & (self.family == f), other),
                              "recall_at_1_percent": float((self.score[virus & (self.family == f)] > cut).mean())} for f in families},
        }


def read_records(runs, labels, corpus, split):
    """Records by their lengths, as the ids name them."""
    genomes = {r["genome"]: r for r in table_rows(Path(corpus), split)}
    genome_of = {row["id"]: row["source"] for path in labels for row in read_table(path)}
    found = {}
    for run in runs:
        for row in read_table(Path(run) / "contigs.tsv"):
            ids, score, called = found.setdefault(row["id"][1:].split(".")[0], ([], [], []))
            ids.append(row["id"])
            score.append(NO_CALL if row["p_calibrated"] == "NA" else float(row["p_calibrated"]))
            called.append(row["call"] == "virus")
    return {lengths: Records(*lists, genome_of, genomes) for lengths, lists in found.items()}


def figures_text(lengths, f):
    def number(value):
        return "NA" if value is None else f"{value:.3f}"
    return "\n".join([
        f"{lengths} bases, {f['records']} records; with a call: " + ", ".join(f"{k} {v:.3f}" for k, v in f["answered"].items()),
        f"  AUROC {number(f['auroc'])} (scored {number(f['auroc_scored'])}), recall at 1 % / 5 % false positives "
        f"{f['recall_at_1_percent']:.3f} / {f['recall_at_5_percent']:.3f}, calibration error {f['calibration_error']:.3f}",
        f"  phages against prokaryotes {number(f['phages_against_prokaryotes'])}, against plasmids {number(f['phages_against_plasmids'])}, "
        f"large DNA viruses against all others {number(f['large_dna_viruses'])}",
        "  called viral: " + ", ".join(f"{k} {100 * v:.1f} %" for k, v in f["called_viral"].items()),
        "  AUROC by group: " + ", ".join(f"{k} {number(v)}" for k, v in f["auroc_by_group"].items()),
        "  by family (AUROC, recall at 1 %): " + ", ".join(f"{k} {number(v['auroc'])} {v['recall_at_1_percent']:.2f}"
                                                       for k, v in sorted(f["by_family"].items(), key=lambda i: -i[1]["auroc"]))])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, nargs="+")
    parser.add_argument("--labels", required=True, nargs="+")
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--out", help="JSON to write")
    args = parser.parse_args()
    figures = {k: r.figures() for k, r in read_records(args.run, args.labels, args.corpus, args.split).items()}
    for lengths, f in figures.items():
        print(figures_text(lengths, f))
    if args.out:
        Path(args.out).write_text(json.dumps(rounded(figures), indent=2) + "\n")


if __name__ == "__main__":
    main()
