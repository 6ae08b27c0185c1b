"""What training needs beside the network: hidden tokens, losses, schedule, optimiser, averaged weights."""

import copy
import math
import time

import torch
import torch.nn.functional as F

from models import PROTEIN_MASK, PROTEIN_PAD, mean_over
from tokenizer import MASK, PAD, SPECIALS

FIRST_RESIDUE, RESIDUES = 4, 20


def hide_tokens(ids, lengths, rate, mask_id, first, count):
    """Hides a share of the inner tokens: 80 % become the mask, 10 % a random token, 10 % stay.

    Returns the ids, the places [n, k] drawn (k is the same for all rows, so that shapes are fixed),
    the true ids there, and which of the places count.
    """
    n, width = ids.shape
    k = math.ceil(rate * width)
    at = 1 + (torch.rand(n, k, device=ids.device) * (lengths - 2)[:, None]).long()
    counts = torch.arange(k, device=ids.device) < rate * lengths[:, None]
    truth = ids.gather(1, at)
    kind = torch.rand(n, k, device=ids.device)
    random_ids = torch.randint(first, first + count, (n, k), device=ids.device)
    shown = torch.where(kind < 0.8, mask_id, torch.where(kind < 0.9, random_ids, truth))
    return ids.scatter(1, at, torch.where(counts, shown, truth)), at, truth, counts


def token_loss(states, head, table, at, truth, counts):
    """Cross entropy of the hidden tokens."""
    logits = head(states.gather(1, at[..., None].expand(-1, -1, states.shape[-1])), table)
    loss = F.cross_entropy(logits.float().flatten(0, 1), truth.flatten(), reduction="none")
    return (loss * counts.flatten()).sum() / counts.sum()


def losses(network, dna, protein, virus, family, length, hide, smoothing):
    """Losses of the label, of the family, and of both encoders on the tokens that are hidden."""
    with torch.autocast(dna.device.type, torch.bfloat16, enabled=dna.is_cuda):
        vocab = network.config.vocab
        dna_in, *dna_hidden = hide_tokens(dna, (dna != PAD).sum(1), hide, MASK, len(SPECIALS), vocab - len(SPECIALS))
        protein_in, *protein_hidden = hide_tokens(protein, (protein != PROTEIN_PAD).sum(1), hide, PROTEIN_MASK,
                                                  FIRST_RESIDUE, RESIDUES)
        dna_states, dna_real = network.dnabert_s(dna_in)
        protein_states, protein_real = network.esm2(protein_in)
        inner = protein_real & (protein != 0) & (protein != 2)
        features = torch.cat([mean_over(dna_states, dna_real), mean_over(protein_states, inner)], dim=1)
        logits = network.classifiers[str(length)](features)
        label_loss = F.cross_entropy(logits.float(), virus, label_smoothing=smoothing)
        family_loss = F.cross_entropy(network.family_head(features).float(), family, label_smoothing=smoothing)
        hidden = token_loss(dna_states, network.dna_head, network.dnabert_s.embeddings.word_embeddings.weight, *dna_hidden)
        hidden = hidden + token_loss(protein_states, network.protein_head, network.esm2.embed_tokens.weight, *protein_hidden)
    return label_loss, family_loss, hidden


def faster_losses(network, batches, options, log):
    """`losses`, compiled if that works here and is faster over the given batches (one of each shape)."""
    def seconds(function, rounds):
        begin = time.time()
        for _ in range(rounds):
            for length, *arrays in batches:
                sum(function(network, *arrays, length, options.hide, options.smoothing)).backward()
                network.zero_grad(set_to_none=True)
        if batches[0][1].is_cuda:
            torch.cuda.synchronize()
        return (time.time() - begin) / (rounds * len(batches))

    if options.compile == "none":
        return losses
    try:
        compiled = torch.compile(losses, dynamic=False, backend=options.compile)
        first = seconds(compiled, 1)
        fast = seconds(compiled, 5)
    except Exception as error:  # compiling is only for speed; whatever stops it, training goes on without
        log(f"not compiled: {str(error).strip().splitlines()[0] if str(error) else type(error).__name__}")
        return losses
    seconds(losses, 1)
    plain = seconds(losses, 5)
    log(f"compiled in {first:.0f} s a shape: {1000 * fast:.1f} ms a batch, {1000 * plain:.1f} ms uncompiled")
    return compiled if fast < plain or options.compile != "inductor" else losses


class Schedule:
    """Progress from 0 to 1 by steps, or by seconds over all runs of a training, and the learning rate for it.

    `done` are the seconds of earlier runs, `available` those of this run, `runs_left` the runs that
    share the schedule from here on, this one included. Without `steps` the time decides.
    """

    WARMUP_STEPS = 300

    def __init__(self, peak, steps, first_step, done, available, runs_left):
        self.peak, self.steps, self.first_step, self.step = peak, steps, first_step, first_step
        self.done, self.available = done, available
        self.total = done + available * runs_left
        self.begin = time.time()

    @property
    def elapsed(self):
        return time.time() - self.begin

    def progress(self):
        return min(1.0, self.step / self.steps if self.steps else (self.done + self.elapsed) / self.total)

    def ended(self):
        return self.elapsed >= self.available or (self.steps and self.step >= self.steps)

    def rate(self):
        warm = min(1.0, (self.step + 1) / self.WARMUP_STEPS)
        return self.peak * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.progress())))


def optimiser(network, weight_decay):
    """AdamW; biases, norms and embeddings are not decayed."""
    decayed = [p for n, p in network.named_parameters() if p.ndim > 1 and "embed" not in n]
    others = [p for n, p in network.named_parameters() if p.ndim == 1 or "embed" in n]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}],
                             lr=0.0, betas=(0.9, 0.98), fused=decayed[0].is_cuda)


class Average:
    """Exponential moving average of a network's weights."""

    def __init__(self, network, decay):
        self.network, self.decay, self.updates = copy.deepcopy(network).eval(), decay, 0

    @torch.no_grad()
    def update(self, network):
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)


def step(network, loss, optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


@torch.no_grad()
def settle_batch_norm(network, batches, lengths=(300, 500)):
    """Recomputes the running statistics of the classifiers of these lengths on frames of exact windows, without noise."""
    network.eval()
    norms = [network.classifiers[str(n)].bn1 for n in lengths]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    for length, dna, protein, *_ in batches:
        network(dna, protein, length)
    for norm in norms:
        norm.momentum = 0.1
        norm.eval()
