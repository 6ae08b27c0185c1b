"""End-to-end fine-tuning of encoders and classifiers on labelled frames."""

import copy

import torch
import torch.nn.functional as F

import data
import training_loop as loop
from evaluate import score_fragments, summary
from models import mean_over, round_to_half, save_checkpoint


def drop_parts(dna, protein, share):
    """Both embeddings side by side; in the share of rows one of the two, drawn at random, is set to zero."""
    draw = torch.rand(len(dna), 1, device=dna.device)
    return torch.cat([dna * (draw >= share / 2), protein * (draw < 1 - share / 2)], dim=1)


def losses_of(network, batch, options):
    """Classification loss, and the loss on the few tokens that are hidden as noise."""
    length, dna, protein, label = batch
    dna_in, dna_at, protein_in, protein_at = loop.hide_both(network, dna, protein, options.hide)
    dna_states, dna_real = network.dnabert_s(dna_in)
    protein_states, protein_real = network.esm2(protein_in)
    inner = protein_real & (protein != 0) & (protein != 2)
    features = drop_parts(mean_over(dna_states, dna_real), mean_over(protein_states, inner), options.part_dropout)
    logits = network.classifiers[str(length)](features)
    loss = F.cross_entropy(logits.float(), label, label_smoothing=options.smoothing)
    dna_loss, protein_loss = loop.hidden_token_losses(network, dna_states, dna, dna_at,
                                                      protein_states, protein, protein_at)
    return loss, dna_loss + protein_loss


@torch.no_grad()
def settle_batch_norm(network, sampler, tokenizer, options, device, count):
    """Recomputes the running statistics of the classifiers on frames of exact windows, without noise."""
    network.eval()
    norms = [c.bn1 for c in network.classifiers.values()]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    source = data.batches(sampler, tokenizer, options.batch, data.EXACT, options.seed + 2, options.workers)
    for _ in range(count):
        length, dna, protein, _ = data.to_device(next(source), device)
        network(dna, protein, length)
    for norm in norms:
        norm.momentum = 0.1
        norm.eval()


def finetune(network, sampler, tokenizer, options, device, checkpoint, judge, log):
    """Trains `network` in place and returns the averaged network; `judge` are fragments to print figures for."""
    torch.manual_seed(options.seed + 1)
    source = data.batches(sampler, data.with_merge_dropout(tokenizer, options.merge_dropout), options.batch,
                          data.finetune_recipes(options.mutated_share, options.max_rate), options.seed + 1, options.workers)
    schedule = loop.Schedule(options.finetune_steps, options.finetune_minutes, options.finetune_rate)
    optimizer = loop.optimiser(network, options.weight_decay, device)
    average = loop.Average(network, options.average)
    network.train()
    sums, since, judged = torch.zeros(2, device=device), 0, 0.0
    while schedule.progress() < 1.0:
        batch = data.to_device(next(source), device)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            loss, token_loss = losses_of(network, batch, options)
        loop.step(network, loss + options.token_weight * token_loss, optimizer, schedule.rate())
        average.update(network)
        schedule.step += 1
        sums += torch.stack([loss, token_loss]).detach()
        since += 1
        if schedule.step % options.log_every == 0:
            label_loss, hidden_loss = (sums / since).tolist()
            log(f"finetune step {schedule.step} {schedule.elapsed:.0f} s "
                f"{schedule.step * options.batch / schedule.elapsed:.0f} frames/s "
                f"loss {label_loss:.4f} tokens {hidden_loss:.4f}")
            sums.zero_()
            since = 0
        if schedule.elapsed - judged > options.judge_every or schedule.progress() >= 1.0:
            judged = schedule.elapsed
            settled = copy.deepcopy(average.network)
            round_to_half(settled)
            settle_batch_norm(settled, sampler, tokenizer, options, device, 64 if schedule.progress() >= 1.0 else 16)
            save_checkpoint(settled, checkpoint)
            for length, fragments in judge.items():
                figures = summary(*score_fragments(settled, tokenizer, fragments, length, device))
                log(f"  judged at {schedule.elapsed:.0f} s, {length} bases: AUROC {figures['auroc']:.4f}, "
                    f"mean over groups {figures['auroc_group_mean']:.4f}")
            network.train()
    return settled
