"""Masked-token pretraining of both encoders on stop-free frames (DNA tokens and residues)."""

import torch

import data
import training_loop as loop
from models import save_checkpoint


def pretrain(network, sampler, tokenizer, options, device, checkpoint, log):
    """Trains `network` in place; `options` holds batch, steps, minutes, rate, seed and workers."""
    torch.manual_seed(options.seed)
    source = data.batches(sampler, data.with_merge_dropout(tokenizer, options.merge_dropout), options.batch,
                          data.PRETRAIN, options.seed, options.workers)
    schedule = loop.Schedule(options.pretrain_steps, options.pretrain_minutes, options.pretrain_rate)
    optimizer = loop.optimiser(network, options.weight_decay, device)
    network.train()
    sums, since = torch.zeros(2, device=device), 0
    while schedule.progress() < 1.0:
        _, dna, protein, _ = data.to_device(next(source), device)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            dna_in, dna_at, protein_in, protein_at = loop.hide_both(network, dna, protein, 0.15)
            losses = loop.hidden_token_losses(network, network.dnabert_s(dna_in)[0], dna, dna_at,
                                              network.esm2(protein_in)[0], protein, protein_at)
        loop.step(network, losses[0] + losses[1], optimizer, schedule.rate())
        schedule.step += 1
        sums += torch.stack(losses).detach()
        since += 1
        if schedule.step % options.log_every == 0 or schedule.progress() >= 1.0:
            dna_loss, protein_loss = (sums / since).tolist()
            log(f"pretrain step {schedule.step} {schedule.elapsed:.0f} s "
                f"{schedule.step * options.batch / schedule.elapsed:.0f} frames/s "
                f"dna {dna_loss:.4f} protein {protein_loss:.4f}")
            sums.zero_()
            since = 0
    save_checkpoint(network, checkpoint)
