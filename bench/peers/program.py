"""Runs virnucpro and reads what it wrote."""
import csv
import json
import os
import pathlib
import subprocess

import h5py


def run(program, *arguments):
    """Standard output and error of one run; its own error message ends this program."""
    command = [str(program), *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIRNUCPRO_")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\nended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout, done.stderr


class Runs:
    """Runs over one FASTA file with one choice of models; files go to `folder`."""

    def __init__(self, program, folder, fasta, length, threads, bundle=None, parts=None):
        self.program, self.folder, self.fasta = program, pathlib.Path(folder), fasta
        self.folder.mkdir(parents=True, exist_ok=True)
        self.options = ["--expected-length", length, "--threads", threads, "--device", "cpu", "--quiet", "--force"]
        if bundle:
            self.options += ["--bundle", bundle]
            self.classifier = []
        else:
            dnabert, esm2, classifier = parts
            self.options += ["--dnabert", dnabert, "--esm2", esm2]
            self.classifier = ["--classifier", classifier]

    @staticmethod
    def precision(name):
        return ["--precision", name] + (["--no-packing"] if name == "fp32" else [])

    def embed(self, precision):
        """Frame names, DNABERT-S rows, ESM-2 rows."""
        path = self.folder / f"{precision}.h5"
        run(self.program, "embed", self.fasta, "-o", path, *self.options, *self.precision(precision))
        with h5py.File(path) as file:
            return [name.decode() for name in file["ids"][:]], file["dnabert_s"][:], file["esm2"][:]

    def predict(self, precision):
        """run.json as it is."""
        path = self.folder / f"predict_{precision}"
        run(self.program, "predict", self.fasta, "-o", path, *self.options, *self.classifier, *self.precision(precision))
        return json.loads((path / "run.json").read_text())

    def scores(self, precision):
        """P(virus) of every frame, after predict()."""
        with open(self.folder / f"predict_{precision}" / "predictions.tsv") as table:
            return [float(row["p_virus"]) for row in csv.DictReader(table, delimiter="\t")]
