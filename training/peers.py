"""The figures of dev_figures.py for other programs with the weights that their packages bring, on the same records.

    python peers.py --sequences JUDGED/pieces.fa --labels JUDGED/labels.tsv --corpus DIR --work WORK \\
        --program genomad=VENV/bin/genomad --program deepmicroclass=VENV/bin/DeepMicroClass \\
        --program jaeger=VENV/bin/jaeger --program seeker=VENV/bin/predict-metagenome [--run RUN] [--most 2000]

Each is installed by `pip install` from PyPI in an environment of its own (packages genomad; DeepMicroClass and requests;
jaeger-bio[cpu]; seeker, tf-keras and setuptools below 81); geNomad runs without its database, as its network alone (`nn-classification`). Nothing of theirs is part of
this project, and their training data may hold genomes of dev, so their figures are, if anything, too good.

A score is: geNomad's virus_score; of DeepMicroClass the two viral classes' share of all five; of Jaeger the phage score
less the largest other one; Seeker's score. A record without a row, or one that a program leaves out as too short, has
no call and counts as lowest, as in dev_figures.py.
"""

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

from corpus import table_rows
from dev_figures import NO_CALL, Records, read_table
from evaluate import rounded


def of_table(path, name, score):
    """Scores by id from a table with a header; `score` makes one of a row, or None where the program made none."""
    if not path.exists():
        return {}
    return {row[name].split()[0]: value for row in read_table(path) if (value := score(row)) is not None}


def genomad(program, fasta, out):
    subprocess.run([program, "nn-classification", "--threads", str(os.cpu_count()), fasta, out], check=True, stdout=subprocess.DEVNULL)
    table = out / f"{fasta.stem}_nn_classification" / f"{fasta.stem}_nn_classification.tsv"
    return of_table(table, "seq_name", lambda row: float(row["virus_score"]))


def deepmicroclass(program, fasta, out):
    subprocess.run([program, "predict", "-i", fasta, "-o", out, "-d", "cpu"], check=True, stdout=subprocess.DEVNULL)
    classes = ("Eukaryote", "EukaryoteVirus", "Plasmid", "Prokaryote", "ProkaryoteVirus")

    def score(row):
        values = [float(row[c]) for c in classes]
        return (values[1] + values[4]) / sum(values) if sum(values) > 0 else None
    return of_table(out / f"{fasta.name}_pred_one-hot_hybrid.tsv", "Sequence Name", score)


def jaeger(program, fasta, out):
    """Windows of 2,000 bases, or as long as the shortest record: the model of the package leaves out what is shorter than a window."""
    shortest = min(len("".join(r.split("\n")[1:])) for r in fasta.read_text().split(">")[1:])
    window = str(min(2000, shortest))
    subprocess.run([program, "predict", "-i", fasta, "-o", out, "--fsize", window, "--stride", window, "--overwrite", "--cpu"],
                   check=True, stdout=subprocess.DEVNULL)
    tables = sorted(p for p in out.rglob("*.tsv") if not p.stem.endswith("phages"))

    def score(row):
        others = [float(v) for k, v in row.items() if k.endswith("_score") and k not in ("phage_score", "reliability_score")]
        return float(row["phage_score"]) - max(others)
    return of_table(tables[0], "contig_id", score) if tables else {}


def seeker(program, fasta, out):
    """Its model is one of Keras 2: the package tf-keras is needed, too. Keras shows its progress among the rows of the table."""
    done = subprocess.run([program, fasta], check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "TF_USE_LEGACY_KERAS": "1"})
    rows = [line for line in done.stdout.split("\n") if line.count("\t") == 2]
    (out / "scores.tsv").write_text("\n".join(rows) + "\n")
    return of_table(out / "scores.tsv", "name", lambda row: float(row["score"]))


def own_scores(run):
    return of_table(Path(run) / "contigs.tsv", "id", lambda row: None if row["p_calibrated"] == "NA" else float(row["p_calibrated"]))


PROGRAMS = {"genomad": genomad, "deepmicroclass": deepmicroclass, "jaeger": jaeger, "seeker": seeker}


def every_nth(sequences, most, out):
    """The first line of every n-th record's header and its bases, so that at most about `most` remain; their ids in order."""
    records = sequences.read_text().split(">")[1:]
    kept = records[:: max(1, -(-len(records) // most))] if most else records
    out.write_text("".join(f">{r}" for r in kept))
    return [r.split(None, 1)[0] for r in kept]


def by_lengths(ids, scores, labels, genomes):
    """Records by their lengths, as read_records of dev_figures.py has them; called from a score of 0.5 on, which no figure here uses."""
    genome_of = {row["id"]: row["source"] for row in read_table(labels)}
    found = {}
    for i in ids:
        lists = found.setdefault(i[1:].split(".")[0], ([], [], []))
        lists[0].append(i)
        lists[1].append(scores.get(i, NO_CALL))
        lists[2].append(scores.get(i, NO_CALL) >= 0.5)
    return {lengths: Records(*lists, genome_of, genomes) for lengths, lists in found.items()}


def row_of(records):
    """What is compared; calibration is not, since these scores are no probabilities of the same prevalence."""
    f = records.figures(calibration=False)
    return {k: f[k] for k in ("records", "answered", "auroc", "auroc_scored", "recall_at_1_percent", "phages_against_prokaryotes",
                              "auroc_by_group")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", required=True, type=Path)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--work", required=True, type=Path, help="folder for the outputs of the programs")
    parser.add_argument("--program", action="append", default=[], metavar="NAME=EXECUTABLE", help=", ".join(PROGRAMS))
    parser.add_argument("--run", nargs="*", default=[], help="finished runs of virnucpro on these records, to stand beside them")
    parser.add_argument("--most", type=int, default=0, help="records to compare on, evenly taken; 0: all")
    parser.add_argument("--out", type=Path, help="JSON to write")
    args = parser.parse_args()
    programs = dict(p.split("=", 1) for p in args.program)
    if not set(programs) <= set(PROGRAMS):
        parser.error(f"--program takes {', '.join(PROGRAMS)}")
    args.work.mkdir(parents=True, exist_ok=True)
    genomes = {r["genome"]: r for r in table_rows(Path(args.corpus), args.split)}
    fasta = args.work.resolve() / "records.fa"
    ids = every_nth(args.sequences, args.most, fasta)
    results = {}
    for name, executable in programs.items():
        out = args.work.resolve() / name
        out.mkdir(exist_ok=True)
        begin = time.time()
        try:
            scores = PROGRAMS[name](executable, fasta, out)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"{name}: left out, it did not run here ({error})")
            continue
        results[name] = {"seconds": time.time() - begin,
                         **{k: row_of(r) for k, r in by_lengths(ids, scores, args.labels, genomes).items()}}
    if args.run:
        own = {k: v for run in args.run for k, v in own_scores(run).items()}
        results["virnucpro"] = {k: row_of(r) for k, r in by_lengths(ids, own, args.labels, genomes).items()}
    print("program\tlengths\trecords\tviral records with a score\tAUROC\tAUROC scored\trecall at 1 %\tphages against prokaryotes")
    for name, result in results.items():
        for lengths, row in result.items():
            if lengths != "seconds":
                values = [row["auroc"], row["auroc_scored"], row["recall_at_1_percent"], row["phages_against_prokaryotes"]]
                print(f"{name}\t{lengths}\t{row['records']}\t{row['answered']['viral']:.3f}\t"
                      + "\t".join("NA" if v is None else f"{v:.3f}" for v in values))
    if args.out:
        args.out.write_text(json.dumps(rounded(results), indent=2) + "\n")


if __name__ == "__main__":
    main()
