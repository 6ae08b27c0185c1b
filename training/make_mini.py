"""Makes the embedded bundle from start to end: tokenizer, training, figures, bundle. Stops in time, and can go on later."""

import argparse
import json
import signal
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import corpus as genomes
import evaluate
import fragments
from data import EXACT, BatchMaker
from export import export
from frame_kernel import FrameMaker, WindowReader
from models import CONFIGS, load_checkpoint
from tokenizer import train_tokenizer
from train import Training, train


def prepare(args, work):
    """Packs the training genomes, learns the DNA tokenizer and draws the dev fragments, where they are not there yet.

    `train.npz` holds all viruses and --group-mbp of every other group, `train_more.npz` the rest: two files, because a
    machine with a GPU may take no more at once.
    """
    if not (work / "train.npz").exists():
        kept = genomes.keep_segments(genomes.read_corpus(args.corpus, "train"), args.shortest, args.genus_cap, args.seed)
        within = genomes.contigs_within(kept, args.group_mbp, args.seed)
        genomes.save(genomes.part(kept, np.flatnonzero(within)), work / "train.npz")
        if not within.all():
            genomes.save(genomes.part(kept, np.flatnonzero(~within)), work / "train_more.npz")
    if not (work / "tokenizer.json").exists():
        corpus = genomes.load(work / "train.npz")
        sampler = fragments.FrameSampler(corpus, WindowReader(corpus.bases))
        make_tokenizer(sampler, CONFIGS[args.config].vocab, args.tokenizer_frames, args.seed).save(str(work / "tokenizer.json"))
    if not (work / "dev.npz").exists():
        dev = genomes.read_corpus(args.corpus, "dev")
        evaluate.save_fragments(work / "dev.npz", {n: fragments.balanced_windows(dev, n, args.dev_fragments, args.seed)
                                                   for n in (300, 500)})


def training_corpus(work, more):
    """What `prepare` packed; the second file from the folder `more`, where it is there."""
    parts = [genomes.load(path) for path in (work / "train.npz", Path(more or work) / "train_more.npz") if path.exists()]
    return genomes.joined(parts)


def make_tokenizer(sampler, vocab, count, seed):
    """Trains the DNA tokenizer on so many frames of 500-base windows."""
    rng = np.random.default_rng([seed, 77])
    frames = sampler.draw(rng, sampler.draw_groups(rng, count), np.full(count, 500))
    return train_tokenizer([frames.text(sampler.corpus.bases, i) for i in range(count)], vocab)


def write_bundle(network, tokenizer, metrics, out):
    """The bundle folder as `bundle.tar`."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save(str(Path(folder) / "tokenizer.json"))
        export(network, Path(folder) / "tokenizer.json", Path(folder) / "bundle", metrics=metrics)
        with tarfile.open(out / "bundle.tar", "w") as tar:
            tar.add(Path(folder) / "bundle", "bundle")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", help="corpus folder; not needed where --work already holds what --prepare-only makes")
    parser.add_argument("--work", required=True, help="folder for the packed genomes, the tokenizer and the dev fragments")
    parser.add_argument("--out", help="folder for best.pt, log.txt, metrics.json and bundle.tar")
    parser.add_argument("--checkpoint", help="checkpoint.pt to write, which --resume takes; in --out unless given")
    parser.add_argument("--prepare-only", action="store_true")
    parser.add_argument("--more", help="folder of train_more.npz, where it is not in --work")
    parser.add_argument("--shortest", type=int, default=150, help="shortest stretch without N that is packed, in bases")
    parser.add_argument("--genus-cap", type=int, default=60, help="most genomes of a viral genus that are packed")
    parser.add_argument("--group-mbp", type=float, default=6.5, help="most million bases of a non-viral group in train.npz")
    parser.add_argument("--tokenizer-frames", type=int, default=20000, help="frames that the tokenizer is learned from")
    parser.add_argument("--dev-fragments", type=int, default=3000, help="viral dev fragments of each length, and as many others")
    parser.add_argument("--config", default="mini", choices=sorted(CONFIGS))
    parser.add_argument("--resume", help="checkpoint.pt of an earlier run to go on from")
    parser.add_argument("--seconds", type=float, default=1e9, help="whole time of this run, preparation and figures included")
    parser.add_argument("--started", type=float, default=time.time(), help="clock (seconds since 1970) at which that time began")
    parser.add_argument("--reserve", type=float, default=60.0, help="seconds of it that are kept for the figures")
    parser.add_argument("--runs-left", type=int, default=1, help="runs that share the schedule from here on, this one included")
    parser.add_argument("--steps", type=int, default=0, help="length of the schedule in steps, in place of the time")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--compile", default="none", choices=["none", "inductor", "aot_eager"], help="backend of torch.compile")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches")
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    parser.add_argument("--pretrain-share", type=float, default=0.05, help="share of the schedule with hidden tokens only")
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--head-dropout", type=float, default=0.4)
    parser.add_argument("--hide", type=float, default=0.1, help="share of tokens that are hidden")
    parser.add_argument("--token-weight", type=float, default=0.1, help="weight of the hidden-token loss after pretraining")
    parser.add_argument("--family-weight", type=float, default=0.4, help="weight of the loss of the family (non-viral groups count as one each)")
    parser.add_argument("--joined-share", type=float, default=0.2, help="share of frames joined from two pieces of one group")
    parser.add_argument("--mutated-share", type=float, default=0.5, help="share of frames with substitutions")
    parser.add_argument("--max-rate", type=float, default=0.15, help="their largest rate of substitutions")
    parser.add_argument("--evolved-share", type=float, default=0.0, help="share of frames with codons replaced as in related proteins")
    parser.add_argument("--evolved-rate", type=float, default=0.6, help="their largest share of codons replaced")
    parser.add_argument("--merge-dropout", type=float, default=0.01, help="share of tokenizer merges passed over at random")
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--average", type=float, default=0.999, help="decay of the averaged weights")
    parser.add_argument("--settle-batches", type=int, default=16, help="batches of each length for the batch-norm statistics")
    parser.add_argument("--log-every", type=float, default=10.0, help="seconds between lines of the log")
    parser.add_argument("--judge-every", type=float, default=60.0, help="seconds between checkpoints")
    args = parser.parse_args()
    if not (args.out or args.prepare_only):
        parser.error("--out is needed")
    return args


def main():
    args = parse_arguments()
    begin = args.started
    work = Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    prepare(args, work)
    if args.prepare_only:
        return
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    deadline = [begin + args.seconds - args.reserve]
    signal.signal(signal.SIGTERM, lambda *_: deadline.__setitem__(0, 0.0))

    def log(text):
        line = f"[{time.time() - begin:6.1f} s] {text}"
        print(line, flush=True)
        with open(out / "log.txt", "a") as f:
            f.write(line + "\n")

    corpus = training_corpus(work, args.more)
    sampler = fragments.FrameSampler(corpus, WindowReader(corpus.bases))
    log(f"{len(corpus.bases) / 1e6:.1f} million bases")
    if args.resume:
        training, text = Training.resume(args.resume, args, args.device)
        tokenizer = Tokenizer.from_str(text)
    else:
        families = int(sampler.corpus.genome_family.max()) + 1
        training = Training(CONFIGS[args.config], families, args, args.device)
        tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    checkpoint = Path(args.checkpoint or out / "checkpoint.pt")
    maker = BatchMaker(sampler, FrameMaker(sampler.corpus.bases, tokenizer), EXACT, args.merge_dropout)
    judged = evaluate.load_fragments(work / "dev.npz")
    config = training.network.config
    log(f"{config}: {config.mflop():.0f} MFLOP a frame, row widths {maker.widths}, data ready")
    train(training, maker, tokenizer, judged, args, args.device, lambda: deadline[0], checkpoint, out / "best.pt", log)
    log(f"trained {training.seconds:.0f} s, {training.step} steps, {training.frames / 1e6:.1f} million frames")

    settled, _ = load_checkpoint(checkpoint, args.device)
    write_bundle(settled, tokenizer, None, out)
    metrics = {"training": {"seconds": training.seconds, "steps": training.step, "frames": training.frames, "seed": args.seed}}
    for length, whole in evaluate.load_fragments(work / "dev.npz").items():
        metrics[f"dev_{length}"] = evaluate.summary(
            *evaluate.score_fragments(settled, tokenizer, whole, length, args.device), resamples=200)
        log(evaluate.figures_text(length, metrics[f"dev_{length}"]))
    metrics = evaluate.rounded(metrics)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    write_bundle(settled, tokenizer, {k: v for k, v in metrics.items() if k.startswith("dev_")}, out)
    log("done")


if __name__ == "__main__":
    main()
