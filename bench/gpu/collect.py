"""Makes results.json and table.md of what the steps of run_all.sh left in a folder. Standard library only.

    python3 collect.py OUT_DIR
    python3 collect.py --check-tests TESTS.json     exit code 0 when tests ran and none failed, 77 when all were skipped, 1 otherwise
"""
import json
import pathlib
import sys

BENCHES = "bench500", "bench300", "bench_fp8", "bench_fp32", "bench_bf16", "bench_int8", "bench_dnabert"
SCALINGS = ("scaling", "scaling_dnabert")  # files NAME_GPUS.json
TESTS = "conformance", "parity", "memcheck", "racecheck"
SKIPPED = 77


def read_json(path):
    """None where a step left nothing, or half of it."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def rows_of(path):
    return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []


def count_tests(document):
    """How many tests of a GoogleTest report ran, failed and were skipped, and the first that failed."""
    counts, failed = {"passed": 0, "failed": 0, "skipped": 0}, []
    for suite in document.get("testsuites", []):
        for test in suite.get("testsuite", []):
            if test.get("failures"):
                counts["failed"] += 1
                failed.append(f"{suite['name']}.{test['name']}")
            elif test.get("result") == "SKIPPED":
                counts["skipped"] += 1
            elif test.get("result") == "COMPLETED":
                counts["passed"] += 1
    return counts | {"first_failed": failed[:10]}


def check_tests(path):
    document = read_json(path)
    if document is None:
        print(f"{path} cannot be read: the tests did not get to their end")
        return 1
    counts = count_tests(document)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    if counts["failed"]:
        return 1
    if counts["passed"]:
        return 0
    if counts["skipped"]:
        return SKIPPED
    print("no test ran: the filter fits none")
    return 1


def encoder_rows(name, bench):
    """One line per encoder and one for the whole run."""
    rows = []
    for result in bench["results"]:
        memory = sum(gpu["peak_memory_bytes"] for gpu in result.get("gpus", [])) / 2**30
        stages = [(stage, figures, figures["ceiling_gflops_per_second"]["median"]) for stage, figures in result["stages"].items()
                  if "ceiling_gflops_per_second" in figures]
        stages.append(("end to end", result["end_to_end"], None))
        for stage, figures, ceiling in stages:
            rows.append({"step": name, "device": bench["device"], "models": result["models"], "precision": result["precision"],
                         "bases": bench["expected_length"], "stage": stage, "tokens_per_second": figures["tokens_per_second"],
                         "tflops_per_second": figures["gflops_per_second"] / 1000, "ceiling_tflops_per_second": ceiling and ceiling / 1000,
                         "share_of_ceiling": figures["share_of_ceiling"], "device_memory_gib": memory})
    return rows


def scaling_rows(benches):
    """The rate of every number of GPUs, and how many times that of one it is."""
    rows = []
    for bench in benches:
        for result in bench["results"]:
            rows.append({"gpus": len(result["gpus"]), "device": bench["device"], "frames": result["input"]["orfs"], "rounds": result["rounds"],
                         "seconds": result["end_to_end"]["seconds"]["median"], "tokens_per_second": result["end_to_end"]["tokens_per_second"],
                         "share_of_ceiling": result["end_to_end"]["share_of_ceiling"]})
    rows.sort(key=lambda row: row["gpus"])
    one = next((row["tokens_per_second"] for row in rows if row["gpus"] == 1), None)
    return [row | {"times_one": one and row["tokens_per_second"] / one} for row in rows]


def best_peer(results, encoder):
    rates = [one["tokens_per_second"] for one in results if one["contestant"].startswith(encoder) and "missing" not in one]
    return max(rates, default=None)


def peer_rows(steps):
    """Every contestant, and how much faster virnucpro's encoder was on the same frames in the same run."""
    ours = {}
    for row in steps["encoders"]:
        key = (row["precision"], row["stage"], row["bases"])
        if key not in ours or row["step"] == "bench_dnabert":
            ours[key] = row["tokens_per_second"]  # alone, where DNABERT-S was measured alone, as the peer is
    rows = []
    for one in steps["peers"]:
        rate = one.get("tokens_per_second")
        mine = {precision: ours.get((precision, one["contestant"].split(":")[0], one["length"])) for precision in ("fp16", "fp8")}
        times = {precision: rate and tokens and tokens / rate for precision, tokens in mine.items()}
        rows.append(one | {"virnucpro_tokens_per_second": mine["fp16"], "virnucpro_over_it": times["fp16"], "virnucpro_fp8_over_it": times["fp8"]})
    return rows


def shown(value, form="{:.0f}"):
    return "-" if value is None else form.format(value)


def markdown(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows), ""]


def table(document):
    facts, figures = document["machine"], document["figures"]
    lines = [f"{facts.get('date', '?')}, commit {facts.get('commit', '?')}; " + ("; ".join(facts["gpu"]) if facts["gpu"] else "no GPU") +
             f"; {facts.get('processor', '?')}, {facts.get('cores', '?')} cores.", ""]
    lines += markdown(("step", "result", "seconds", "notes"),
                      [(name, step["state"], step["seconds"], "; ".join(filter(None, (step["reason"].replace("|", "/"), step.get("tests", "")))))
                       for name, step in document["steps"].items()])
    if figures["program"]:
        lines += markdown(("check of the program", "result", "seconds", "what was seen"),
                          [(row["name"], row["state"], shown(row["seconds"], "{:.1f}"), row["note"].replace("|", "/")) for row in figures["program"]])
    for name in filter(figures.get, SCALINGS):
        lines += markdown((f"GPUs ({name})", "frames", "rounds", "seconds", "tokens/s", "times one GPU", "share of ceiling"),
                          [(str(row["gpus"]), str(row["frames"]), str(row["rounds"]), shown(row["seconds"], "{:.1f}"), shown(row["tokens_per_second"]),
                            shown(row["times_one"], "{:.2f}"), shown(row["share_of_ceiling"], "{:.3f}")) for row in figures[name]])
    if figures["encoders"]:
        lines += markdown(("models", "bases", "precision", "device", "stage", "tokens/s", "TFLOP/s", "ceiling", "share", "device memory, GiB"),
                          [(row["models"], str(row["bases"]), row["precision"], row["device"], row["stage"], shown(row["tokens_per_second"]),
                            shown(row["tflops_per_second"], "{:.1f}"), shown(row["ceiling_tflops_per_second"], "{:.1f}"),
                            shown(row["share_of_ceiling"], "{:.3f}"), shown(row["device_memory_gib"], "{:.1f}")) for row in figures["encoders"]])
    if figures["peers"]:
        lines += markdown(("PyTorch", "bases", "attention", "tokens/s", "TFLOP/s", "virnucpro, tokens/s", "times as fast", "times as fast in FP8", "missing because"),
                          [(row["contestant"], str(row["length"]), row.get("attention", "-"), shown(row.get("tokens_per_second")),
                            shown(row.get("tflops_per_second"), "{:.1f}"), shown(row["virnucpro_tokens_per_second"]),
                            shown(row["virnucpro_over_it"], "{:.2f}"), shown(row["virnucpro_fp8_over_it"], "{:.2f}"), row.get("missing", "").replace("|", "/")) for row in figures["peers"]])
    if figures["precision"]:
        lines += markdown(("model", "encoder", "precision", "frames", "worst centred cosine", "median", "flips", "not finite"),
                          [(row["model"], row["encoder"], row["precision"], str(row["frames"]), shown(row["worst_centred_cosine"], "{:.5f}"),
                            shown(row["median_centred_cosine"], "{:.6f}"), shown(row["flip_share"], "{:.2%}"), str(row["nonfinite"]))
                           for row in figures["precision"]])
    if figures["operations"]:
        lines += markdown(("model", "operation", "shape", "us", "TFLOP/s", "GB/s", "share of ceiling"),
                          [(row["model"], f"{row['operation']}, {row['precision']}", row["shape"], shown(row["microseconds"], "{:.1f}") if row["right"] else "WRONG",
                            shown(row.get("tflops_per_second") or None, "{:.1f}"), shown(row.get("gbytes_per_second")),
                            shown(row.get("share_of_ceiling"), "{:.3f}")) for row in figures["operations"]])
    return "\n".join(lines)


def collect(folder):
    machine = {"gpu": []}
    for key, value in rows_of(folder / "facts.tsv"):
        if key == "gpu":
            machine["gpu"].append(value)
        else:
            machine[key] = value
    steps = {name: {"state": state, "seconds": seconds, "reason": reason} for name, state, seconds, reason in rows_of(folder / "steps.tsv")}
    raw, figures = {}, {"program": [], "encoders": [], "peers": [], "operations": [], "precision": []}
    for name, step in steps.items():
        found = sorted(folder.glob(f"{name}_[0-9]*.json")) if name in SCALINGS else [folder / f"{name}.json"]
        for path in found:
            document = read_json(path)
            if document is None:
                continue
            if name in TESTS:
                step["counts"] = count_tests(document)
                step["tests"] = ", ".join(f"{step['counts'][kind]} {kind}" for kind in ("passed", "failed", "skipped"))
                continue
            raw[path.stem] = document
            if name in BENCHES or name in SCALINGS:
                figures["encoders"] += encoder_rows(path.stem, document)
            elif name == "program":
                figures["program"] = document["checks"]
            elif name.startswith("peers"):
                figures["peers"] += document["results"]
            elif name.startswith("ops"):
                figures["operations"] += [row | {"precision": document["precision"]} for row in document["operations"]]
            elif name == "precision":
                figures["precision"] = document["rows"]
    for scaling in SCALINGS:
        figures[scaling] = scaling_rows([document for name, document in raw.items() if name.rpartition("_")[0] == scaling])
    figures["peers"] = peer_rows(figures)
    figures["best_peer_tokens_per_second"] = {name: best_peer(figures["peers"], name) for name in ("esm2", "dnabert_s")}
    document = {"machine": machine, "steps": steps, "figures": figures, "raw": raw}
    (folder / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    (folder / "table.md").write_text(table(document))
    print(table(document))


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--check-tests":
        return check_tests(pathlib.Path(arguments[1]))
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    collect(pathlib.Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
