"""ESM-2 3B and DNABERT-S in PyTorch on one GPU, in FP16, as fast as what the machine has allows.

    python3 bench/gpu/peers.py INPUT.fa --out peers.json
    python3 bench/gpu/peers.py INPUT.fa --device cpu --tiny --orfs 12 --out peers.json      does it work at all?

Each contestant is a process of its own with a time limit, so that one that compiles for ever costs no more than itself. Random weights of
the published sizes, made on the device. Token ids are on the device before the clock starts, and embeddings stay there: copying,
tokenising and loading are on the side of virnucpro alone.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))
import sequences  # noqa: E402
from make_weights import MINI_TOKENIZER  # noqa: E402

CONTESTANTS = ("esm2:padded", "esm2:packed", "esm2:packed-compiled", "esm2:padded-compiled", "dnabert_s:padded", "dnabert_s:padded-compiled")
BUDGETS = (16384, 32768, 65536)  # tokens of a batch
ESM2_3B = dict(num_hidden_layers=36, hidden_size=2560, num_attention_heads=40)
WORST_COSINE = 0.999  # packed against padded


def model_config(encoder, tiny):
    """The configuration in Hugging Face's names."""
    import make_weights

    if encoder == "esm2":
        return make_weights.esm2_config("esm2_tiny" if tiny else "esm2_3b_cut") | ({} if tiny else ESM2_3B)
    return make_weights.dnabert_s_config("dnabert_s_tiny" if tiny else "dnabert_s_117m")


def flops(encoder, config, lengths):
    """As virnucpro counts them: dense layers and attention."""
    d, n = config["hidden_size"], config["num_hidden_layers"]
    dense = 12 * d * d if encoder == "esm2" else 4 * d * d + 3 * d * config["intermediate_size"]
    return sum(2 * n * dense * length + 4 * n * d * length * length for length in lengths)


def token_ids(encoder, path, length, count):
    """Ids of the first `count` different frames of the input."""
    found = {}
    for record in sequences.read_fasta(path):
        found |= dict.fromkeys((orf.nucleotides, orf.protein) for orf in sequences.orfs_of([record], length))
        if len(found) >= count:
            break
    frames = list(found)[:count]
    if not frames:
        raise SystemExit(f"{path}: no open reading frame")
    if encoder == "esm2":
        import esm2

        return [esm2.protein_ids(protein) for _, protein in frames]
    from tokenizers import Tokenizer

    return [encoding.ids for encoding in Tokenizer.from_file(str(MINI_TOKENIZER)).encode_batch([bases for bases, _ in frames])]


# Each model: pad, forward(batch) -> means [sequences, d], prepare(ids of a batch) -> batch.

class Padded:
    def prepare(self, rows):
        torch = self.torch
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.full((len(rows), int(lengths.max())), self.pad)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        return ids.to(self.device), lengths.to(self.device)

    def cost(self, lengths, budget):
        return sequences.token_batches(lengths, budget)


def random_weights(torch, model):
    """Like make_weights.py: matrices that keep the size of their input."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.dim() < 2:
                value.fill_(1.0 if name.lower().endswith("norm.weight") or "layernorm.weight" in name.lower() else 0.01)
            else:
                value.normal_(0.0, 0.5 if "embedding" in name else value.shape[-1] ** -0.5)


class PaddedEsm2(Padded):
    def __init__(self, torch, device, config, compiled):
        import esm2
        import transformers

        self.torch, self.device, self.pad, self.pooled = torch, device, esm2.PAD, esm2.POOLED
        with torch.device(device):
            self.model = transformers.AutoModel.from_config(transformers.EsmConfig(**config), attn_implementation="sdpa")
        self.model.pooler = None
        self.model = self.model.half().eval() if device != "cpu" else self.model.eval()
        random_weights(torch, self.model)
        self.notes = {"attention": "scaled_dot_product_attention of transformers, padding masked"}
        if compiled:
            # One compilation serves all layers.
            for layer in self.model.encoder.layer:
                layer.compile(dynamic=True)

    def forward(self, batch):
        ids, lengths = batch
        place = self.torch.arange(ids.shape[1], device=ids.device)[None, :]
        hidden = self.model(input_ids=ids, attention_mask=(place < lengths[:, None]).long()).last_hidden_state
        residues = (lengths - 2).clamp(max=self.pooled)[:, None]
        inside = (place >= 1) & (place <= residues)
        return (hidden.float() * inside[..., None]).sum(1) / residues


class PaddedDnabertS(Padded):
    def __init__(self, torch, device, config, compiled):
        import dnabert_s

        self.torch, self.device, self.pad = torch, device, 3  # [PAD] of the tokenizer; masked, so any id does
        with torch.device(device):
            self.model = dnabert_s.DnabertS(config, fused=True)
        self.model = self.model.half().eval() if device != "cpu" else self.model.eval()
        random_weights(torch, self.model)
        self.notes = {"attention": "scaled_dot_product_attention, ALiBi and padding as its mask"}
        if compiled:
            for layer in self.model.layers:
                layer.compile(dynamic=True)

    def forward(self, batch):
        return self.model(*batch).float()


def varlen_attention(torch, device):
    """(name, function(q, k, v [tokens, heads, width], offsets, longest)) of the first that works, and why the others do not."""
    refused = []

    def pytorch_varlen():
        from torch.nn.attention.varlen import varlen_attn

        return lambda q, k, v, offsets, longest: varlen_attn(q, k, v, offsets, offsets, longest, longest)

    def flash_attn():
        from flash_attn import flash_attn_varlen_func

        return lambda q, k, v, offsets, longest: flash_attn_varlen_func(q, k, v, offsets, offsets, longest, longest)

    def aten_flash():
        flash = torch.ops.aten._flash_attention_forward
        return lambda q, k, v, offsets, longest: flash(q, k, v, offsets, offsets, longest, longest, 0.0, False, False)[0]

    def one_by_one():
        if device != "cpu":
            raise RuntimeError("only for trying this program without a GPU")
        sdpa = torch.nn.functional.scaled_dot_product_attention

        def attend(q, k, v, offsets, longest):
            bounds = offsets.tolist()
            return torch.cat([sdpa(*(x[a:b].transpose(0, 1)[None] for x in (q, k, v)))[0].transpose(0, 1)
                              for a, b in zip(bounds, bounds[1:])])

        return attend

    for name, make in (("torch.nn.attention.varlen", pytorch_varlen), ("flash_attn", flash_attn),
                       ("aten._flash_attention_forward", aten_flash), ("one sequence after the other", one_by_one)):
        try:
            attend = make()
            dtype = torch.float32 if device == "cpu" else torch.float16
            q = torch.randn(12, 2, 64, device=device, dtype=dtype)
            offsets = torch.tensor([0, 5, 12], dtype=torch.int32, device=device)
            mixed = attend(q, q, q, offsets, 7)
            alone = torch.nn.functional.scaled_dot_product_attention(*([q[:5].transpose(0, 1)[None]] * 3))[0].transpose(0, 1)
            if not torch.allclose(mixed[:5], alone, atol=1e-2):
                raise RuntimeError("its answer is wrong")
            return name, attend, refused
        except Exception as error:  # what is missing shows in many ways
            refused.append(f"{name}: {type(error).__name__}: {str(error)[:120]}")
    raise SystemExit("no packed attention here: " + "; ".join(refused))


class PackedEsm2:
    """Hugging Face's weights, fused QKV, rotary on packed tokens, attention without padding."""

    def __init__(self, torch, device, config, compiled):
        self.torch, self.device = torch, device
        self.padded = PaddedEsm2(torch, device, config, False)
        self.heads = config["num_attention_heads"]
        name, self.attend, refused = varlen_attention(torch, device)
        self.notes = {"attention": name, "refused": refused}
        functional = torch.nn.functional
        source = self.padded.model
        self.words = source.embeddings.word_embeddings.weight
        self.norm = source.encoder.emb_layer_norm_after
        self.layers = []
        for layer in source.encoder.layer:
            own = layer.attention.self
            parts = (own.query, own.key, own.value)
            self.layers.append(dict(
                norm=layer.attention.LayerNorm, qkv=torch.cat([p.weight for p in parts]), qkv_bias=torch.cat([p.bias for p in parts]),
                out=layer.attention.output.dense, norm2=layer.LayerNorm, fc1=layer.intermediate.dense, fc2=layer.output.dense))

        def rotate(x, cos, sin):
            first, second = x.chunk(2, -1)
            return x * cos + torch.cat((-second, first), -1) * sin

        def before(x, norm, norm_bias, qkv, qkv_bias, cos, sin, heads):
            d = x.shape[-1]
            x = functional.layer_norm(x, (d,), norm, norm_bias, 1e-5)
            q, k, v = functional.linear(x, qkv, qkv_bias).view(-1, 3, heads, d // heads).unbind(1)
            return rotate(q, cos, sin), rotate(k, cos, sin), v

        def after(x, mixed, out, out_bias, norm, norm_bias, fc1, fc1_bias, fc2, fc2_bias):
            x = x + functional.linear(mixed.reshape(x.shape), out, out_bias)
            y = functional.layer_norm(x, (x.shape[-1],), norm, norm_bias, 1e-5)
            return x + functional.linear(functional.gelu(functional.linear(y, fc1, fc1_bias)), fc2, fc2_bias)

        self.before = torch.compile(before, dynamic=True) if compiled else before
        self.after = torch.compile(after, dynamic=True) if compiled else after

    def cost(self, lengths, budget):
        """Batches without padding, in order of length."""
        batches, held = [[]], 0
        for i in sorted(range(len(lengths)), key=lengths.__getitem__):
            if batches[-1] and held + lengths[i] > budget:
                batches.append([])
                held = 0
            batches[-1].append(i)
            held += lengths[i]
        return batches

    def prepare(self, rows):
        torch = self.torch
        lengths = torch.tensor([len(row) for row in rows])
        offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
        place = torch.cat([torch.arange(n) for n in lengths.tolist()])
        owner = torch.repeat_interleave(torch.arange(len(rows)), lengths)
        inside = (place >= 1) & (place < (lengths - 1).clamp(max=self.padded.pooled + 1)[owner])
        to = lambda x: x.to(self.device)
        return (to(torch.cat([torch.tensor(row) for row in rows])), to(offsets.int()), int(lengths.max()), to(place), to(owner),
                to(inside), to((lengths - 2).clamp(max=self.padded.pooled)))

    def forward(self, batch):
        torch = self.torch
        ids, offsets, longest, place, owner, inside, residues = batch
        width = self.words.shape[1] // self.heads
        frequencies = 10000.0 ** (-torch.arange(0, width, 2, device=ids.device) / width)
        angles = (place[:, None] * frequencies).repeat(1, 2)[:, None, :]
        cos, sin = angles.cos().to(self.words.dtype), angles.sin().to(self.words.dtype)
        x = self.words[ids] * 0.88
        for layer in self.layers:
            q, k, v = self.before(x, layer["norm"].weight, layer["norm"].bias, layer["qkv"], layer["qkv_bias"], cos, sin, self.heads)
            mixed = self.attend(q, k, v, offsets, longest)
            x = self.after(x, mixed, layer["out"].weight, layer["out"].bias, layer["norm2"].weight, layer["norm2"].bias,
                           layer["fc1"].weight, layer["fc1"].bias, layer["fc2"].weight, layer["fc2"].bias)
        x = self.norm(x).float() * inside[:, None]
        return torch.zeros(len(offsets) - 1, x.shape[1], device=x.device).index_add_(0, owner, x) / residues[:, None]

    def check(self, ids):
        """The worst cosine to the padded model; that much must be right before anything is timed."""
        torch = self.torch
        ids = sorted(ids[:16], key=len)
        with torch.inference_mode():
            cosine = torch.nn.functional.cosine_similarity(self.forward(self.prepare(ids)), self.padded.forward(self.padded.prepare(ids)))
        self.notes["worst_cosine_to_padded"] = worst = float(cosine.min())
        if not worst > WORST_COSINE:
            raise SystemExit(f"packed and padded embeddings differ: cosine {worst}")


MODELS = {"esm2:padded": PaddedEsm2, "esm2:packed": PackedEsm2, "dnabert_s:padded": PaddedDnabertS}


def measure(arguments):
    """One contestant, in this process: its figures."""
    import torch

    encoder = arguments.one.split(":")[0]
    deadline = time.monotonic() + arguments.limit
    config = model_config(encoder, arguments.tiny)
    compiled = arguments.one.endswith("-compiled")
    ids = token_ids(encoder, arguments.input, arguments.length, arguments.orfs)
    lengths = [len(row) for row in ids]
    gpu = arguments.device != "cpu"
    wait = torch.cuda.synchronize if gpu else lambda: None
    model = MODELS[arguments.one.removesuffix("-compiled")](torch, arguments.device, config, compiled)
    if hasattr(model, "check"):
        model.check(ids)

    def run(batches):
        wait()
        start = time.perf_counter()
        with torch.inference_mode():
            means = [model.forward(batch) for batch in batches]
        wait()
        seconds = time.perf_counter() - start
        assert all(bool(torch.isfinite(mean).all()) for mean in means), "embeddings are not finite"
        return seconds

    tried, prepared = {}, {}
    for budget in BUDGETS:
        batches = [model.prepare([ids[i] for i in batch]) for batch in model.cost(lengths, budget)]
        if any(len(batches) == len(known) for known in prepared.values()):
            continue  # the same batches
        try:
            run(batches)  # warm: memory, algorithms, compilation
            tried[budget] = run(batches)
            prepared[budget] = batches
        except torch.OutOfMemoryError:
            break
        if time.monotonic() > deadline - 2 * tried[budget]:
            break
    best = min(tried, key=tried.get)
    rounds = [tried[best]]
    while len(rounds) < arguments.rounds and time.monotonic() < deadline:
        rounds.append(run(prepared[best]))
    seconds = statistics.median(rounds)
    return {"contestant": arguments.one, "length": arguments.length, "precision": "fp16" if gpu else "fp32", "orfs": len(ids),
            "tokens": sum(lengths), "batch_tokens": best, "batches": len(prepared[best]), "seconds": rounds, "seconds_by_budget": tried,
            "tokens_per_second": sum(lengths) / seconds, "tflops_per_second": flops(encoder, config, lengths) / seconds / 1e12,
            "peak_memory_bytes": torch.cuda.max_memory_allocated() if gpu else None, **model.notes}


def versions():
    from importlib import metadata

    found = {"python": sys.version.split()[0]}
    for package in ("torch", "transformers", "triton", "flash-attn"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def run_one(contestant, arguments, allowed):
    """The figures of one contestant, or why there are none."""
    command = [sys.executable, __file__, str(arguments.input), "--one", contestant, "--length", str(arguments.length), "--orfs",
               str(arguments.orfs), "--rounds", str(arguments.rounds), "--device", arguments.device, "--limit", str(0.7 * allowed)]
    try:
        done = subprocess.run(command + ["--tiny"] * arguments.tiny, capture_output=True, text=True, timeout=allowed)
    except subprocess.TimeoutExpired:
        return {"contestant": contestant, "length": arguments.length, "missing": f"took longer than {allowed:.0f} s"}
    if done.returncode != 0:
        print(done.stderr[-3000:], file=sys.stderr)
        return {"contestant": contestant, "length": arguments.length, "missing": last_line(done.stderr)}
    return json.loads(last_line(done.stdout))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=pathlib.Path, help="FASTA, plain, .gz or .xz")
    parser.add_argument("--length", type=int, default=500, choices=(300, 500), help="bases of a chunk [500]")
    parser.add_argument("--orfs", type=int, default=2000, help="frames, at most [2000]")
    parser.add_argument("--contestants", nargs="+", default=CONTESTANTS, choices=CONTESTANTS, metavar="NAME", help=", ".join(CONTESTANTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"), help="cpu: FP32, to try this program [cuda]")
    parser.add_argument("--tiny", action="store_true", help="models of one layer, to try this program")
    parser.add_argument("--limit", type=float, default=300, help="seconds for all contestants [300]")
    parser.add_argument("--each", type=float, default=90, help="seconds for one contestant, at most [90]")
    parser.add_argument("--out", type=pathlib.Path, help="JSON; otherwise standard output")
    parser.add_argument("--one", choices=CONTESTANTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments)))
        return 0
    deadline = time.monotonic() + arguments.limit
    results = []
    for contestant in arguments.contestants:
        left = deadline - time.monotonic()
        if left < 15:
            results.append({"contestant": contestant, "length": arguments.length, "missing": "no time was left"})
            continue
        results.append(run_one(contestant, arguments, min(left, arguments.each)))
        one = results[-1]
        print(f"{contestant}: " + (f"none: {one['missing']}" if "missing" in one else f"{one['tokens_per_second']:.0f} tokens/s"), flush=True)
        # What is there so far, should time run out.
        document = json.dumps({"versions": versions(), "device": arguments.device, "tiny": arguments.tiny, "results": results}, indent=1) + "\n"
        if arguments.out:
            arguments.out.write_text(document)
    if not arguments.out:
        print(document, end="")
    return 0 if any("missing" not in one for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
