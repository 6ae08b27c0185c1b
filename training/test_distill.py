"""Distillation from a random teacher: the student learns its scores, and the bundle holds what was fitted (python test_distill.py)."""

import json
import tempfile
from pathlib import Path

import numpy as np
import torch

import distill
import fragments
import tokenizer as dna_tokenizer
from make_expected import letters, random_open_frame, read_bundle
from models import CONFIGS, Network


def random_records(rng, count):
    """Records of 90 to 300 bases whose first frame is open; their composition varies, so that there is something to learn."""
    records = []
    for _ in range(count):
        record = random_open_frame(rng, int(rng.integers(90, 301)))
        share = rng.random()
        swap = rng.random(len(record)) < 0.6
        changed = np.where(swap, np.where(rng.random(len(record)) < share, 1, 2), record).astype(np.uint8)
        codons = changed[: len(changed) // 3 * 3].reshape(-1, 3)
        codons[fragments.translate(codons.reshape(-1)) == fragments.STOP_ID, 0] = 1
        records.append(changed)
    return records


def random_teacher(rng, records, path):
    """Scores of a random network, spread over (0, 1), as a predictions.tsv of the program."""
    torch.manual_seed(7)
    texts = [letters(c) for r in records for c, _ in fragments.six_frames(r)]
    tokenizer = dna_tokenizer.train_tokenizer(texts, CONFIGS["tiny"].vocab)
    network = Network(CONFIGS["tiny"]).eval()
    rows = [(i, name, letters(codes), residues) for i, r in enumerate(records)
            for name, (codes, residues) in fragments.named_frames(r).items()]
    scored = distill.Scored([r[2] for r in rows], [r[3] for r in rows], np.zeros(len(rows), np.float32), np.zeros(len(rows)))
    dna, protein, _ = distill.token_rows(scored, tokenizer)
    with torch.no_grad():
        logits = network(dna.long(), protein.long(), 300)
    margin = (logits[:, 1] - logits[:, 0]).double()
    p = torch.sigmoid(2 * (margin - margin.mean()) / margin.std()).numpy()
    lines = ["id\trecord\tchunk\tstart\tend\tstrand\tframe\tp_virus\tcall"]
    for (i, name, _, _), v in zip(rows, p):
        lines.append(f"r{i}\t{i + 1}\t1\t0\t{len(records[i])}\t{'+' if name[0] == 'F' else '-'}\t{name}\t{v:.7g}\t{'virus' if v > 0.5 else 'others'}")
    path.write_text("\n".join(lines) + "\n")
    return p


def run(folder, seed, *more):
    out = folder / f"student_{len(list(folder.iterdir()))}"
    figures = distill.main(["--sequences", str(folder / "records.fa"), "--teacher", f"300={folder / 'predictions.tsv'}",
                            "--teacher", f"500={folder / 'predictions.tsv'}", "--config", "tiny", "--out", str(out),
                            "--batch", "64", "--rate", "3e-3", "--seed", str(seed), *more])
    return out, figures


def test_student_learns_a_random_teacher(folder):
    out, figures = run(folder, 1, "--epochs", "20")
    for part in ("held_out_300", "held_out_500"):
        assert figures[part]["correlation"] > 0.8 and figures[part]["same_label"] > 0.8, figures
    network, tokenizer = read_bundle(out)
    scored = distill.read_teacher(folder / "predictions.tsv", distill.read_sequences(folder / "records.fa"))
    dna, protein, target = distill.token_rows(scored, tokenizer)
    stored = distill.scores(network, dna, protein, 300, "cpu")
    assert np.corrcoef(stored, target.numpy())[0, 1] > 0.8
    assert json.loads((out / "bundle.json").read_text())["metrics"].keys() == figures.keys()


def test_same_seed_same_bundle(folder):
    a, b, c = (run(folder, seed, "--epochs", "1")[0] for seed in (1, 1, 2))
    for name in ("bundle.json", "dnabert_s.safetensors", "esm2.safetensors", "classifier_300.safetensors"):
        assert (a / name).read_bytes() == (b / name).read_bytes()
    assert (a / "esm2.safetensors").read_bytes() != (c / "esm2.safetensors").read_bytes()


def test_goes_on_from_a_bundle(folder):
    first, before = run(folder, 1, "--epochs", "10")
    _, after = run(folder, 1, "--epochs", "4", "--student", str(first))
    assert after["held_out_300"]["mean_difference"] < before["held_out_300"]["mean_difference"] + 0.02


def test_other_sequences_are_refused(folder):
    table = folder / "other.tsv"
    table.write_text((folder / "predictions.tsv").read_text().replace("\tF1\t", "\tF2\t"))
    try:
        distill.read_teacher(table, distill.read_sequences(folder / "records.fa"))
    except SystemExit as error:
        assert "no stop-free frame F2" in str(error)
    else:
        raise AssertionError("a table of other sequences was taken")


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(5)
        records = random_records(rng, 1500)
        (folder / "records.fa").write_text("".join(f">r{i}\n{letters(r)}\n" for i, r in enumerate(records)))
        random_teacher(rng, records, folder / "predictions.tsv")
        for check in (test_student_learns_a_random_teacher, test_same_seed_same_bundle, test_goes_on_from_a_bundle,
                      test_other_sequences_are_refused):
            check(folder)
            print(check.__name__, "ok")
