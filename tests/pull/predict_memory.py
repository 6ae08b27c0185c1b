"""Memory of `predict` with models of the published shapes (DNABERT-S and ESM-2 3B, random values) on the processor.

  python3 predict_memory.py PROGRAM [--bundle DIR] [--keep DIR] [--layers 36] [--width 2560] [--frames 24]
                                    [--predict '--precision fp16 ...'] [--folder DIR]

Runs `predict` once by itself and then twice at the same time, and samples /proc/PID/smaps_rollup and VmHWM. Prints the largest
resident memory (mapped files included), the largest proportional share of two processes together, and ends with 1 when one
process takes more than its weights and 1.5 GB, or when two of them do not share the mapped weights.
--bundle measures a bundle that is there; --keep leaves the one that was made in DIR, for other calls.
Takes 18 GB of disk while the bundle is made, 6 GB afterwards, and a quarter of an hour.
"""
import argparse
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from import_memory import block, write_checkpoint, write_values  # noqa: E402
from small_models import begin_safetensors, write_classifier  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LIMIT = 1.5e9  # beside the weights
DNA_WIDTH, DNA_LAYERS, DNA_INNER = 768, 12, 3072
SECONDS_BETWEEN_SAMPLES = 0.1


def write_dnabert_s(folder):
    os.makedirs(folder)
    shutil.copy(os.path.join(TOP, "models", "mini", "tokenizer.json"), folder)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump({"hidden_size": DNA_WIDTH, "num_hidden_layers": DNA_LAYERS,
                   "num_attention_heads": 12, "intermediate_size": DNA_INNER,
                   "layer_norm_eps": 1e-12, "vocab_size": 4096, "model_type": "bert",
                   "hidden_act": "gelu", "alibi_starting_size": 512, "type_vocab_size": 2}, file)
    d = DNA_WIDTH
    shapes = {"embeddings.word_embeddings.weight": (4096, d),
              "embeddings.token_type_embeddings.weight": (2, d),
              "embeddings.LayerNorm.weight": (d,), "embeddings.LayerNorm.bias": (d,)}
    for layer in range(DNA_LAYERS):
        prefix = f"encoder.layer.{layer}."
        shapes.update({prefix + "attention.self.Wqkv.weight": (3 * d, d),
                       prefix + "attention.self.Wqkv.bias": (3 * d,),
                       prefix + "attention.output.dense.weight": (d, d),
                       prefix + "attention.output.dense.bias": (d,),
                       prefix + "attention.output.LayerNorm.weight": (d,),
                       prefix + "attention.output.LayerNorm.bias": (d,),
                       prefix + "mlp.gated_layers.weight": (2 * DNA_INNER, d),
                       prefix + "mlp.wo.weight": (d, DNA_INNER), prefix + "mlp.wo.bias": (d,),
                       prefix + "mlp.layernorm.weight": (d,), prefix + "mlp.layernorm.bias": (d,)})
    values = block()
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        begin_safetensors(file, shapes)
        for shape in shapes.values():
            write_values(file, math.prod(shape), values)


def make_bundle(program, folder, layers, width):
    parts = os.path.join(folder, "parts")
    write_checkpoint(os.path.join(parts, "esm2"), "safetensors", layers, width)
    write_dnabert_s(os.path.join(parts, "dnabert_s"))
    classifier = os.path.join(parts, "500.safetensors")
    write_classifier(classifier, DNA_WIDTH + width)
    bundle = os.path.join(folder, "bundle")
    subprocess.run([program, "models", "import", "--dnabert", os.path.join(parts, "dnabert_s"),
                    "--esm2", os.path.join(parts, "esm2"), "--classifier", "500=" + classifier,
                    "-o", bundle, "--no-check", "--no-progress"], check=True)
    shutil.rmtree(parts)
    return bundle


def write_input(path, frames):
    """Chunks of 500 bases, each with one frame that has no stop; every frame is another one."""
    rng = random.Random(2)
    codons = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
    sense = [codon for codon in codons if codon not in ("TAA", "TAG", "TGA")]
    with open(path, "w") as file:
        for i in range(frames):
            file.write(f">r{i}\n{''.join(rng.choice(sense) for _ in range(166))}AC\n")


def fields(path, names):
    """Bytes of the lines 'NAME: N kB'; None once the process has ended."""
    try:
        with open(path) as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        return [1024 * int(lines[name].split()[0]) for name in names]
    except (OSError, KeyError, ValueError, IndexError):
        return None


class Run:
    """One process of `predict`, and the largest figures of it that were seen."""

    def __init__(self, program, bundle, reads, output, more):
        self.resident = self.anonymous = self.share = 0
        self.start = time.monotonic()
        self.seconds = None
        self.process = subprocess.Popen(
            [program, "predict", reads, "--bundle", bundle, "-o", output, "--device", "cpu",
             "--no-progress", "--quiet", *more])

    def sample(self):
        status = fields(f"/proc/{self.process.pid}/status", ["VmHWM"])
        rollup = fields(f"/proc/{self.process.pid}/smaps_rollup", ["Pss", "Anonymous"])
        if status and rollup:
            self.resident = max(self.resident, status[0])
            self.share = rollup[0]
            self.anonymous = max(self.anonymous, rollup[1])
        if self.process.poll() is None:
            return True
        self.share = 0
        if self.seconds is None:
            self.seconds = time.monotonic() - self.start
        return False


def watch(runs):
    """Waits for them; the largest sum of their shares at one time."""
    largest = 0
    while any([run.sample() for run in runs]):
        # The share of one process changes while another one maps or leaves pages: a sum counts only
        # where the first share is the same before and after the others were read.
        before, total = runs[0].share, sum(run.share for run in runs)
        runs[0].sample()
        if abs(runs[0].share - before) <= 0.01 * before:
            largest = max(largest, total)
        time.sleep(SECONDS_BETWEEN_SAMPLES)
    for run in runs:
        if run.process.returncode != 0:
            sys.exit(f"predict ended with {run.process.returncode}")
    return largest


def main():
    parser = argparse.ArgumentParser(description="memory of predict")
    parser.add_argument("program")
    parser.add_argument("--bundle")
    parser.add_argument("--keep")
    parser.add_argument("--layers", type=int, default=36)
    parser.add_argument("--width", type=int, default=2560)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--predict", default="--precision fp16", help="more options of predict")
    parser.add_argument("--folder", help="where 18 GB fit (a temporary folder)")
    known = parser.parse_args()
    program = os.path.abspath(known.program)
    folder = tempfile.mkdtemp(prefix="virnucpro_memory_", dir=known.folder)
    try:
        bundle = known.bundle or make_bundle(program, folder, known.layers, known.width)
        weights = sum(os.path.getsize(os.path.join(bundle, name))
                      for name in ("dnabert_s.safetensors", "esm2.safetensors"))
        reads = os.path.join(folder, "reads.fa")
        write_input(reads, known.frames)
        more = known.predict.split()
        start = lambda name: Run(program, bundle, reads, os.path.join(folder, name), more)
        alone = start("alone")
        watch([alone])
        print(f"predict {known.predict}, {known.frames} frames, weights {weights / 1e9:.2f} GB: "
              f"{alone.seconds:.0f} s, largest resident memory {alone.resident / 1e9:.2f} GB "
              f"(limit {(weights + LIMIT) / 1e9:.2f}), of it {alone.anonymous / 1e9:.2f} GB beside mapped files", flush=True)
        both = [start("first"), start("second")]
        together = watch(both)
        print(f"two at once: {max(run.seconds for run in both):.0f} s, together {together / 1e9:.2f} GB "
              f"(proportional share; limit {(weights + 2 * LIMIT) / 1e9:.2f})")
        if known.keep and not known.bundle:
            shutil.move(bundle, known.keep)
        good = alone.resident <= weights + LIMIT and together <= weights + 2 * LIMIT
        return 0 if good else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
