"""Endless seeded batches of reading frames as token ids, made by worker processes."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from corpus import NO_FAMILY
from tokenizer import PAD

NO_TARGET = -100  # what torch's cross entropy passes over: frames of two families, or of a virus without one


@dataclass(frozen=True)
class Recipe:
    """What the frames of a batch look like."""

    length: int            # window length of most frames, and name of the classifier
    shortest: int          # the others: uniform between shortest and length
    full_share: float      # share of frames from windows of exactly `length`
    joined_share: float = 0.0   # share of frames joined from two pieces of one group
    mutated_share: float = 0.0  # share of frames with substitutions
    max_rate: float = 0.0       # their rates are uniform between 0 and this
    evolved_share: float = 0.0  # share of frames with codons replaced
    evolved_rate: float = 0.0   # their rates are uniform between 0 and this
    merge_dropout: float = 0.0  # share of tokenizer merges passed over


EXACT = (Recipe(300, 300, 1.0), Recipe(500, 500, 1.0))


def training_recipes(joined_share, mutated_share, max_rate, evolved_share, evolved_rate, merge_dropout):
    """Frames for both classifiers; most of them from windows of exactly that length, none from longer ones."""
    noise = (joined_share, mutated_share, max_rate, evolved_share, evolved_rate, merge_dropout)
    return Recipe(300, 120, 0.7, *noise), Recipe(500, 150, 0.75, *noise)


@dataclass(frozen=True)
class Widths:
    """Row lengths of all batches of one window length: fixed, because a compiled network wants one shape."""

    dna: int
    protein: int


def up_to_eight(n):
    """The next multiple of eight, which attention kernels like."""
    return -(-int(n) // 8) * 8


class BatchMaker:
    """Makes batch number i of a seed: window length, DNA ids, protein ids, label (1: virus), family (NO_TARGET: none)."""

    def __init__(self, sampler, maker, recipes, merge_dropout):
        self.sampler, self.maker = sampler, maker
        corpus = sampler.corpus
        unknown = np.isin(corpus.family_name[corpus.genome_family], NO_FAMILY)
        self.genome_family = np.where(unknown, NO_TARGET, corpus.genome_family)
        self.widths = {r.length: self.measure(r, merge_dropout) for r in recipes}

    def measure(self, recipe, merge_dropout):
        """Widths that hold all proteins and nearly all token rows; the tail of a longer row is left out."""
        rng = np.random.default_rng(11)
        n = 4000
        frames = self.sampler.draw(rng, self.sampler.draw_groups(rng, n), np.full(n, recipe.length))
        protein = up_to_eight(recipe.length // 3 + 2)
        dna, _ = self.maker(frames, np.zeros(n), np.zeros(n), merge_dropout, 1, recipe.length + 2, protein)
        return Widths(up_to_eight(np.quantile((dna != PAD).sum(axis=1), 0.999)), protein)

    def __call__(self, seed, index, size, recipe):
        rng = np.random.default_rng([seed, index])
        groups = self.sampler.draw_groups(rng, size)
        lengths = np.where(rng.random(size) < recipe.full_share, recipe.length,
                           rng.integers(recipe.shortest, recipe.length + 1, size))
        frames = self.sampler.draw(rng, groups, lengths, recipe.joined_share)
        rate = rng.random(size) * recipe.max_rate * (rng.random(size) < recipe.mutated_share)
        evolution = rng.random(size) * recipe.evolved_rate * (rng.random(size) < recipe.evolved_share)
        width = self.widths[recipe.length]
        dna, protein = self.maker(frames, rate, evolution, recipe.merge_dropout, int(rng.integers(2 ** 63)), width.dna, width.protein)
        family = self.genome_family[frames.genome]
        family = np.where(family[:, 0] == family[:, 1], family[:, 0], NO_TARGET).astype(np.int16)
        return (recipe.length, torch.from_numpy(dna), torch.from_numpy(protein), torch.from_numpy(groups == 0),
                torch.from_numpy(family))


class Batches(IterableDataset):
    """Batches that take the recipes in turn, from batch number `first` on."""

    def __init__(self, maker, size, recipes, seed, first):
        self.maker, self.size, self.recipes, self.seed, self.first = maker, size, recipes, seed, first

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        number, count = (worker.id, worker.num_workers) if worker else (0, 1)
        torch.set_num_threads(1)
        index = self.first + number
        while True:
            yield self.maker(self.seed, index, self.size, self.recipes[index % len(self.recipes)])
            index += count


def batches(maker, size, recipes, seed, workers, first=0):
    """A loader over Batches; the order of batches does not depend on the number of workers."""
    return iter(DataLoader(Batches(maker, size, recipes, seed, first), batch_size=None, num_workers=workers,
                           prefetch_factor=4 if workers else None, multiprocessing_context="fork" if workers else None))


def to_device(batch, device):
    length, *arrays = batch
    return length, *(array.to(device, non_blocking=True).long() for array in arrays)
