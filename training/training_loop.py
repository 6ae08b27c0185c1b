"""What pretraining and fine-tuning share: hidden tokens, schedule, optimiser, averaged weights."""

import copy
import math
import time

import torch
import torch.nn.functional as F

from models import PROTEIN_MASK, PROTEIN_VOCAB
from tokenizer import MASK, SPECIALS

FIRST_RESIDUE, RESIDUES = 4, 20


def hide_tokens(ids, hideable, rate, mask_id, first, count):
    """Hides tokens for prediction: 80 % become the mask, 10 % a random token, 10 % stay. Returns ids and places."""
    draw = torch.rand(ids.shape, device=ids.device)
    chosen = hideable & (draw < rate)
    kind = torch.rand(ids.shape, device=ids.device)
    random_ids = torch.randint(first, first + count, ids.shape, device=ids.device)
    hidden = torch.where(chosen & (kind < 0.8), mask_id, ids)
    return torch.where(chosen & (kind >= 0.9), random_ids, hidden), chosen


def hide_both(network, dna, protein, rate):
    """Hides DNA tokens and residues; special tokens stay."""
    vocab = network.config.vocab
    dna_in, dna_at = hide_tokens(dna, dna >= len(SPECIALS), rate, MASK, len(SPECIALS), vocab - len(SPECIALS))
    residue = (protein >= FIRST_RESIDUE) & (protein < FIRST_RESIDUE + RESIDUES)
    protein_in, protein_at = hide_tokens(protein, residue, rate, PROTEIN_MASK, FIRST_RESIDUE, RESIDUES)
    return dna_in, dna_at, protein_in, protein_at


def hidden_token_losses(network, dna_states, dna, dna_at, protein_states, protein, protein_at):
    """Cross entropies of the hidden DNA tokens and of the hidden residues."""
    dna_logits = network.dna_head(dna_states[dna_at], network.dnabert_s.embeddings.word_embeddings.weight)
    protein_logits = network.protein_head(protein_states[protein_at], network.esm2.embed_tokens.weight)
    return (F.cross_entropy(dna_logits.float(), dna[dna_at]),
            F.cross_entropy(protein_logits.float()[:, :PROTEIN_VOCAB], protein[protein_at]))


class Schedule:
    """Progress from 0 to 1 by steps or by minutes, whichever is further, and the learning rate for it."""

    def __init__(self, steps, minutes, peak, warmup=0.03):
        self.steps, self.seconds, self.peak, self.warmup = steps, minutes * 60, peak, warmup
        self.begin, self.step = time.time(), 0

    @property
    def elapsed(self):
        return time.time() - self.begin

    def progress(self):
        return min(1.0, max(self.step / self.steps, self.elapsed / self.seconds))

    def rate(self):
        p = self.progress()
        warm = min(1.0, self.step / max(1.0, min(self.warmup * self.steps, 300)))
        return self.peak * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * p)))


def optimiser(network, weight_decay, device):
    """AdamW; biases, norms and embeddings are not decayed."""
    decayed = [p for n, p in network.named_parameters() if p.ndim > 1 and "embed" not in n]
    others = [p for n, p in network.named_parameters() if p.ndim == 1 or "embed" in n]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}],
                             lr=0.0, betas=(0.9, 0.98), fused=device == "cuda")


class Average:
    """Exponential moving average of a network's weights."""

    def __init__(self, network, decay):
        self.network, self.decay, self.updates = copy.deepcopy(network).eval(), decay, 0

    @torch.no_grad()
    def update(self, network):
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        for mine, theirs in zip(self.network.buffers(), network.buffers()):
            mine.copy_(theirs)


def step(network, loss, optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
