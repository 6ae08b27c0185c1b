"""Makes the embedded bundle from start to end: tokenizer, pretraining, fine-tuning, figures, bundle folder."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import corpus as genomes
import evaluate
import fragments
from export import export
from finetune import finetune
from models import CONFIGS, Network, fuse_elementwise, load_checkpoint
from pretrain import pretrain
from tokenizer import train_tokenizer

MIN_CODONS = 80
TOKENIZER_FRAMES = 20000


def prepare(args, work):
    """Packs the training genomes and draws the dev fragments, where they are not there yet."""
    if not (work / "train.npz").exists():
        kept = genomes.keep_reading_frames(genomes.read_corpus(args.corpus, "train"), MIN_CODONS, 60, 25.0, args.seed)
        genomes.save(kept, work / "train.npz")
    if not (work / "dev.npz").exists():
        dev = genomes.read_corpus(args.corpus, "dev")
        evaluate.save_fragments(work / "dev.npz", {n: fragments.balanced_windows(dev, n, 8000, args.seed) for n in (300, 500)})


def make_tokenizer(sampler, vocab, seed, path):
    """Trains the DNA tokenizer on frames of 500-base windows."""
    rng = np.random.default_rng([seed, 77])
    codes, lengths, _ = sampler.draw(rng, sampler.draw_groups(rng, TOKENIZER_FRAMES), np.full(TOKENIZER_FRAMES, 500))
    train_tokenizer(fragments.to_text(codes, lengths), vocab).save(str(path))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", help="corpus folder; not needed where --work already holds train.npz and dev.npz")
    parser.add_argument("--work", required=True, help="folder for packed data, tokenizer and checkpoints")
    parser.add_argument("--out", required=True, help="folder for checkpoints, log, figures and the bundle")
    parser.add_argument("--config", default="mini", choices=sorted(CONFIGS))
    parser.add_argument("--prepare-only", action="store_true")
    parser.add_argument("--start", help="checkpoint to fine-tune from, in place of pretraining")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--fuse", action="store_true", help="compile elementwise operations (torch.compile)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches")
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--pretrain-steps", type=int, default=1600)
    parser.add_argument("--pretrain-minutes", type=float, default=1e6)
    parser.add_argument("--pretrain-rate", type=float, default=3e-3)
    parser.add_argument("--finetune-steps", type=int, default=12600)
    parser.add_argument("--finetune-minutes", type=float, default=1e6)
    parser.add_argument("--finetune-rate", type=float, default=1.5e-3)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--dropout", type=float, default=0.15)
    parser.add_argument("--head-dropout", type=float, default=0.4)
    parser.add_argument("--hide", type=float, default=0.1, help="share of tokens hidden while fine-tuning")
    parser.add_argument("--token-weight", type=float, default=0.1, help="weight of the hidden-token loss while fine-tuning")
    parser.add_argument("--mutated-share", type=float, default=0.5, help="share of frames with substitutions")
    parser.add_argument("--max-rate", type=float, default=0.15, help="their largest rate of substitutions")
    parser.add_argument("--merge-dropout", type=float, default=0.1, help="share of tokenizer merges left out at random")
    parser.add_argument("--part-dropout", type=float, default=0.0, help="share of frames that lack one of both embeddings")
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--average", type=float, default=0.999, help="decay of the averaged weights")
    parser.add_argument("--log-every", type=int, default=200)
    parser.add_argument("--judge-every", type=float, default=60.0, help="seconds between checkpoints")
    return parser.parse_args()


def main():
    args = parse_arguments()
    begin = time.time()
    work, out = Path(args.work), Path(args.out)
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    prepare(args, work)
    if args.prepare_only:
        return

    def log(text):
        print(f"[{time.time() - begin:6.0f} s] {text}", flush=True)
        with open(out / "log.txt", "a") as f:
            f.write(f"[{time.time() - begin:6.0f} s] {text}\n")

    config = CONFIGS[args.config]
    if args.fuse:
        fuse_elementwise()
    sampler = fragments.FrameSampler(genomes.load(work / "train.npz"), MIN_CODONS)
    tokenizer_file = out / "tokenizer.json"
    make_tokenizer(sampler, config.vocab, args.seed, tokenizer_file)
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    judge = evaluate.load_fragments(work / "dev.npz", every=4)
    log(f"{args.config}: {config.mflop():.0f} MFLOP a frame, data ready")

    torch.manual_seed(args.seed)
    if args.start:
        network, _ = load_checkpoint(args.start, args.device, dropout=args.dropout, head_dropout=args.head_dropout)
    else:
        network = Network(config, args.dropout, args.head_dropout).to(args.device)
        pretrain(network, sampler, tokenizer, args, args.device, out / "pretrained.pt", log)
    settled = finetune(network, sampler, tokenizer, args, args.device, out / "network.pt", judge, log)

    metrics = {}
    for length, judged in evaluate.load_fragments(work / "dev.npz").items():
        metrics[f"dev_{length}"] = evaluate.summary(
            *evaluate.score_fragments(settled, tokenizer, judged, length, args.device), resamples=200)
        evaluate.print_figures(args.config, length, metrics[f"dev_{length}"])
    metrics = evaluate.rounded(metrics)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    export(settled, tokenizer_file, out / "bundle", metrics=metrics)
    log("done")


if __name__ == "__main__":
    main()
