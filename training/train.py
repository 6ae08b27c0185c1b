"""Trains a network end to end on labelled frames, against the clock, and goes on from a checkpoint."""

import copy
import os
import time
from dataclasses import asdict

import torch

import data
import training_loop as loop
from evaluate import score_fragments, summary
from models import BundleConfig, Network, round_to_half


RECALL_COUNTS = 0.2  # of recall at 1 % false positives beside AUROC, in choosing the best state: it moves more and is noisier


class Training:
    """Everything that a later run needs to go on: network, averaged weights, optimiser, steps, best state."""

    def __init__(self, config, families, options, device):
        torch.manual_seed(options.seed)
        self.network = Network(config, families, options.dropout, options.head_dropout).to(device)
        self.average = loop.Average(self.network, options.average)
        self.optimizer = loop.optimiser(self.network, options.weight_decay)
        self.step, self.frames, self.seconds = 0, 0, 0.0
        self.best, self.best_figure = None, -1.0

    def save(self, path, tokenizer):
        """Writes the checkpoint so that it is whole at any time."""
        partial = path.with_suffix(".partial")
        torch.save({"config": asdict(self.network.config), "families": self.network.families, "tokenizer": tokenizer.to_str(),
                    "network": self.network.state_dict(), "average": self.average.network.state_dict(),
                    "updates": self.average.updates, "optimizer": self.optimizer.state_dict(), "step": self.step,
                    "frames": self.frames, "seconds": self.seconds, "best": self.best, "best_figure": self.best_figure}, partial)
        os.replace(partial, path)

    def save_best(self, path, tokenizer):
        """Writes what `load_checkpoint` reads and no more: a fifth of a checkpoint."""
        partial = path.with_suffix(".partial")
        torch.save({"config": asdict(self.network.config), "families": self.network.families, "tokenizer": tokenizer.to_str(),
                    "best": self.best}, partial)
        os.replace(partial, path)

    @classmethod
    def resume(cls, path, options, device):
        """The training of a checkpoint, and its tokenizer (Hugging Face JSON text)."""
        saved = torch.load(path, map_location=device, weights_only=True)
        training = cls(BundleConfig(**saved["config"]), saved["families"], options, device)
        training.network.load_state_dict(saved["network"])
        training.average.network.load_state_dict(saved["average"])
        training.average.updates = saved["updates"]
        training.optimizer.load_state_dict(saved["optimizer"])
        for name in ("step", "frames", "seconds", "best", "best_figure"):
            setattr(training, name, saved[name])
        return training, saved["tokenizer"]

    def judge(self, tokenizer, exact, fragments, device, log):
        """Figures of the averaged weights as a bundle stores them; keeps them where they are the best so far."""
        settled = round_to_half(copy.deepcopy(self.average.network))
        loop.settle_batch_norm(settled, exact)
        figures = {n: summary(*score_fragments(settled, tokenizer, f, n, device)) for n, f in fragments.items()}
        mean = sum(f["auroc"] + RECALL_COUNTS * f["recall_at_1_percent_fpr"] for f in figures.values()) / len(figures)
        if mean > self.best_figure:
            self.best_figure, self.best = mean, copy.deepcopy(settled.state_dict())
        log("  judged: " + "; ".join(f"{n} bases AUROC {f['auroc']:.4f}, recall at 1 % {f['recall_at_1_percent_fpr']:.3f}"
                                     for n, f in figures.items()) + (", the best so far" if mean == self.best_figure else ""))


def train(training, maker, tokenizer, fragments, options, device, end, checkpoint, best, log):
    """Trains until the clock (`time.time()`) reaches `end` or the steps are done; `fragments` are judged on the way.

    `checkpoint` (to go on from) and `best` (the best state alone) are rewritten after every judging.
    """
    exact = [data.to_device(maker(options.seed + 2, i, options.batch, recipe), device)
             for recipe in data.EXACT for i in range(options.settle_batches)]
    recipes = data.training_recipes(options.joined_share, options.mutated_share, options.max_rate,
                                     options.evolved_share, options.evolved_rate, options.merge_dropout)
    probes = [data.to_device(maker(options.seed + 3, i, options.batch, recipe), device) for i, recipe in enumerate(recipes)]
    training.network.train()
    losses = loop.faster_losses(training.network, probes, options, log)
    source = data.batches(maker, options.batch, recipes, options.seed + 1, options.workers, first=training.step)
    torch.manual_seed(options.seed + 1000 + training.step)
    batch = next(source)

    schedule = loop.Schedule(options.rate, options.steps, training.step, training.seconds, end() - time.time(), options.runs_left)
    log(f"training from step {training.step}, {schedule.done:.0f} s done, {schedule.available:.0f} s now, {schedule.total:.0f} s in all")
    before, judged, logged, waited, since = training.seconds, 0.0, 0.0, 0.0, 0
    sums = torch.zeros(3, device=device)
    while not schedule.ended() and time.time() < end():
        length, *arrays = data.to_device(batch, device)
        found = torch.stack(losses(training.network, *arrays, length, options.hide, options.smoothing))
        pretraining = schedule.progress() < options.pretrain_share
        weights = (0.0, 0.0, 1.0) if pretraining else (1.0, options.family_weight, options.token_weight)
        loop.step(training.network, sum(w * loss for w, loss in zip(weights, found) if w), training.optimizer, schedule.rate())
        training.average.update(training.network)
        sums += found.detach()
        schedule.step = training.step = training.step + 1
        training.frames += len(arrays[0])
        since += 1
        wait = time.time()
        batch = next(source)
        waited += time.time() - wait
        if schedule.elapsed - logged > options.log_every:
            label, family, hidden = (sums / since).tolist()
            now = schedule.elapsed
            log(f"{'pretrain' if pretraining else 'train'} step {training.step} {100 * schedule.progress():.0f} % "
                f"{since * options.batch / (now - logged):.0f} frames/s (waited {100 * waited / (now - logged):.0f} % for data) "
                f"loss {label:.4f} families {family:.4f} tokens {hidden:.4f}")
            logged, waited, since = now, 0.0, 0
            sums.zero_()
        if schedule.elapsed - judged > options.judge_every:
            judged = schedule.elapsed
            training.seconds = before + judged
            training.judge(tokenizer, exact, fragments, device, log)
            training.save(checkpoint, tokenizer)
            training.save_best(best, tokenizer)
    training.seconds = before + schedule.elapsed
    training.judge(tokenizer, exact, fragments, device, log)
    training.save(checkpoint, tokenizer)
    training.save_best(best, tokenizer)
