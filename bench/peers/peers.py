"""The same embeddings by what a user has today. Each peer has a name, run() -> (rows, seconds) over token ids made before."""
import contextlib
import time

import numpy as np
import torch

import dnabert_s
import esm2
from make_weights import ESM2
from sequences import token_batches

ORIGINAL_TOKENS = 2048  # toks_per_batch of the original pipeline's ESM-2 loop
BUDGETS = (512, 1024, 2048, 4096, 8192)  # tokens of a padded batch that the careful peers try


class OriginalDnabertS:
    """The original pipeline's loop: FP32, one sequence at a time, attention written out."""

    name = "original"

    def __init__(self, folder, orfs, tokenizer):
        self.model = dnabert_s.load_folder(folder, torch.float32)
        self.ids = [tokenizer.encode(orf.nucleotides).ids for orf in orfs]
        self.notes = {"batch": "1 sequence"}

    @torch.no_grad()
    def run(self):
        start = time.perf_counter()
        rows = [self.model(torch.tensor([ids]), torch.tensor([len(ids)]))[0].numpy() for ids in self.ids]
        return np.stack(rows), time.perf_counter() - start


class OriginalEsm2:
    """The original pipeline's loop: fair-esm's model in FP32, padded batches of 2048 tokens."""

    name = "original"

    def __init__(self, folder, orfs):
        from esm.data import FastaBatchedDataset

        self.model = esm2.load_fair_esm(folder)
        proteins = [orf.protein for orf in orfs]
        batches = FastaBatchedDataset([orf.name for orf in orfs], proteins).get_batch_indices(ORIGINAL_TOKENS, extra_toks_per_seq=1)
        converter = self.model.alphabet.get_batch_converter(esm2.POOLED)
        self.batches = [(batch, converter([("", proteins[i]) for i in batch])[2]) for batch in batches]
        self.residues = [min(len(protein), esm2.POOLED) for protein in proteins]
        self.notes = {"batch": f"{ORIGINAL_TOKENS} tokens"}

    @torch.no_grad()
    def run(self):
        start = time.perf_counter()
        rows, last = [None] * len(self.residues), self.model.num_layers
        for batch, tokens in self.batches:
            out = self.model(tokens, repr_layers=[last], return_contacts=False)["representations"][last]
            for row, i in enumerate(batch):
                rows[i] = out[row, 1 : self.residues[i] + 1].mean(0).clone().numpy()
        return np.stack(rows), time.perf_counter() - start


class Careful:
    """Padded batches of sequences sorted by length, inference mode, fused attention, BF16 autocast or FP32; batch size tried out."""

    def __init__(self, ids, pad, precision):
        self.name, self.ids, self.pad = f"careful-{precision}", ids, pad
        self.autocast = precision == "bf16"
        self.notes = {}

    def forward(self, ids, lengths):
        """Mean embeddings of a padded batch."""
        raise NotImplementedError

    def make_batches(self, budget):
        self.batches = []
        for batch in token_batches([len(ids) for ids in self.ids], budget):
            lengths = torch.tensor([len(self.ids[i]) for i in batch])
            padded = torch.full((len(batch), int(lengths.max())), self.pad)
            for row, i in enumerate(batch):
                padded[row, : len(self.ids[i])] = torch.tensor(self.ids[i])
            self.batches.append((batch, padded, lengths))

    def tune(self):
        """Takes the fastest budget; a budget that makes the same batches as the one before is not tried."""
        tried, known = {}, set()
        for budget in BUDGETS:
            self.make_batches(budget)
            shape = tuple(len(batch) for batch, _, _ in self.batches)
            if shape not in known:
                known.add(shape)
                tried[budget] = self.run()[1]
        best = min(tried, key=tried.get)
        self.make_batches(best)
        self.notes |= {"batch": f"{best} tokens", "seconds_by_budget": tried}

    def run(self):
        rows = [None] * len(self.ids)
        autocast = torch.autocast("cpu", torch.bfloat16) if self.autocast else contextlib.nullcontext()
        with torch.inference_mode(), autocast:
            # Autocast rounds the weights at first use in its scope: that belongs to loading.
            _, padded, lengths = self.batches[0]
            self.forward(padded[:1], lengths[:1])
            start = time.perf_counter()
            for batch, padded, lengths in self.batches:
                out = self.forward(padded, lengths).float().numpy()
                for row, i in enumerate(batch):
                    rows[i] = out[row]
            seconds = time.perf_counter() - start
        return np.stack(rows), seconds


class CarefulDnabertS(Careful):
    def __init__(self, folder, orfs, tokenizer, precision):
        super().__init__([tokenizer.encode(orf.nucleotides).ids for orf in orfs], tokenizer.token_to_id("[PAD]"), precision)
        self.model = dnabert_s.load_folder(folder, torch.float32, fused=True)
        self.notes["attention"] = "sdpa, ALiBi as its mask"
        self.tune()

    def forward(self, ids, lengths):
        return self.model(ids, lengths)


class CarefulEsm2(Careful):
    def __init__(self, folder, orfs, precision):
        super().__init__([esm2.protein_ids(orf.protein) for orf in orfs], esm2.PAD, precision)
        self.model, self.notes["attention"] = esm2.load_hugging_face(folder)
        self.tune()

    def forward(self, ids, lengths):
        place = torch.arange(ids.shape[1])[None, :]
        hidden = self.model(input_ids=ids, attention_mask=(place < lengths[:, None]).long()).last_hidden_state
        residues = (lengths - 2).clamp(max=esm2.POOLED)[:, None]
        pooled = (place >= 1) & (place <= residues)
        return (hidden.float() * pooled[..., None]).sum(1) / residues


def make_peer(name, shape, folder, orfs, tokenizer):
    precision = name.removeprefix("careful-")
    if shape in ESM2:
        return OriginalEsm2(folder, orfs) if name == "original" else CarefulEsm2(folder, orfs, precision)
    return OriginalDnabertS(folder, orfs, tokenizer) if name == "original" else CarefulDnabertS(folder, orfs, tokenizer, precision)
