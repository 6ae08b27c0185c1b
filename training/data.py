"""Endless seeded batches of reading frames as token ids, made by worker processes."""

import os
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.utils.data import DataLoader, IterableDataset

import fragments
import tokenizer as dna_tokenizer

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@dataclass(frozen=True)
class Recipe:
    """What the frames of a batch look like."""

    length: int            # window length of most frames
    shortest: int          # the others: uniform between shortest and longest
    longest: int
    full_share: float      # share of frames from windows of exactly `length`
    mutated_share: float   # share of frames with substitutions
    max_rate: float        # their rates are uniform between 0 and this


PRETRAIN = (Recipe(300, 150, 350, 0.5, 0.2, 0.1), Recipe(500, 350, 600, 0.5, 0.2, 0.1))


def finetune_recipes(mutated_share, max_rate):
    """Frames of both lengths; most of them from windows of exactly that length, none from longer ones."""
    return (Recipe(300, 150, 300, 0.7, mutated_share, max_rate), Recipe(500, 250, 500, 0.75, mutated_share, max_rate))


EXACT = (Recipe(300, 300, 300, 1.0, 0.0, 0.0), Recipe(500, 500, 500, 1.0, 0.0, 0.0))


def protein_ids(codes, codons):
    """`<cls>` residues `<eos>` of each row of base codes, padded with `<pad>`."""
    most = int(codons.max())
    residues = fragments.translate(np.minimum(codes[:, : 3 * most], 3))
    column = np.arange(most)
    ids = np.full((len(codes), most + 2), fragments.PROTEIN_ID["<pad>"], np.uint8)
    ids[:, 0] = fragments.PROTEIN_ID["<cls>"]
    ids[:, 1:-1][column < codons[:, None]] = residues[column < codons[:, None]]
    ids[np.arange(len(codes)), codons + 1] = fragments.PROTEIN_ID["<eos>"]
    return ids


def pad_to_eight(ids, fill):
    """Columns up to the next multiple of eight, which attention kernels like."""
    return np.pad(ids, ((0, 0), (0, -ids.shape[1] % 8)), constant_values=fill)


def make_batch(sampler, tokenizer, rng, size, recipe):
    """One batch: window length of the recipe, DNA ids, protein ids, group of each frame."""
    groups = sampler.draw_groups(rng, size)
    lengths = np.where(rng.random(size) < recipe.full_share, recipe.length,
                       rng.integers(recipe.shortest, recipe.longest + 1, size))
    codes, nucleotides, codons = sampler.draw(rng, groups, lengths)
    rate = rng.random(size) * recipe.max_rate * (rng.random(size) < recipe.mutated_share)
    fragments.mutate(rng, codes, nucleotides, codons, rate)
    dna, _ = dna_tokenizer.encode(tokenizer, fragments.to_text(codes, nucleotides))
    dna = pad_to_eight(dna, dna_tokenizer.PAD)
    protein = pad_to_eight(protein_ids(codes, codons), fragments.PROTEIN_ID["<pad>"])
    return recipe.length, torch.from_numpy(dna), torch.from_numpy(protein), torch.from_numpy(groups)


class Batches(IterableDataset):
    """Batches that take the recipes in turn."""

    def __init__(self, sampler, tokenizer, size, recipes, seed):
        self.sampler, self.tokenizer, self.size, self.recipes, self.seed = sampler, tokenizer, size, recipes, seed

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        number, count = (worker.id, worker.num_workers) if worker else (0, 1)
        torch.set_num_threads(1)
        index = number
        while True:
            rng = np.random.default_rng([self.seed, index])
            yield make_batch(self.sampler, self.tokenizer, rng, self.size, self.recipes[index % len(self.recipes)])
            index += count


def with_merge_dropout(tokenizer, share):
    """A copy of the tokenizer that leaves out merges at random, so that a model sees several splits of a sequence."""
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.model.dropout = share or None
    return copy


def batches(sampler, tokenizer, size, recipes, seed, workers):
    """A loader over Batches; the order of batches does not depend on the number of workers."""
    return iter(DataLoader(Batches(sampler, tokenizer, size, recipes, seed), batch_size=None, num_workers=workers,
                           prefetch_factor=4 if workers else None, multiprocessing_context="fork" if workers else None))


def to_device(batch, device):
    length, dna, protein, groups = batch
    return (length, dna.to(device, non_blocking=True).long(), protein.to(device, non_blocking=True).long(),
            (groups == 0).to(device, non_blocking=True).long())
