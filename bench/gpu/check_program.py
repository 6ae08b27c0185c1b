"""Checks the real program on one or several GPUs: whole runs of the embedded models that must give the same bytes. Standard library only.

    python3 check_program.py PROGRAM FAULTY_PROGRAM INPUTS... --devices cuda:0,1 [OPTIONS]

FAULTY_PROGRAM is the target virnucpro_faulty: the program with devices that break as a variable says. --devices cpu shows that the
checks work. One line per check; exit code 0 when none failed. What is compared byte for byte are all result files of `predict`.
"""
import argparse
import concurrent.futures
import csv
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

RESULTS = ("predictions.tsv", "contigs.tsv", "viral.fasta", "prediction_results.txt", "prediction_results_highestscore.csv")
DEVICE_LOST, STOPPED = 4, 75  # exit codes
SMALL_BATCHES = ("--batch-tokens", "700")
# More tokens than a GPU with the memory below has room for: 65,536 rows of the feed-forward alone are 40 MiB, on each of three lanes.
LARGE_BATCHES = ("--batch-tokens", "65536")
LEAST_TO_STOP = 1536  # frames are stored by the window, of 512 at least
MEMORY_MIB = 384, 256, 192, 144, 120  # the products of three lanes take 96 of it
# docs/explanation/numerics.md: FP16 rounds on both sides; FP32 differs by the order of its sums.
MOST_DIFFERENCE = {"fp16": 0.02, "fp32": 0.001}
MOST_OTHER_CALLS = 1 / 500
CHANGED = ("VIRNUCPRO_TEST_FAULTS", "VIRNUCPRO_CUDA_MEMORY", "VIRNUCPRO_DISABLE_FP16", "VIRNUCPRO_DISABLE_PACKING", "VIRNUCPRO_DEVICE")


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


def require(condition, sentence):
    if not condition:
        raise Failed(sentence)


def shorten(inputs, records, place):
    """The first records of FASTA files."""
    with open(place, "w") as out:
        count = 0
        for path in inputs:
            with open(path) as lines:
                for line in lines:
                    count += line.startswith(">")
                    if count > records:
                        return
                    out.write(line)


def rows_of(folder):
    """(p_virus, call) by what makes a row its own."""
    with open(folder / "predictions.tsv", newline="") as file:
        return {(row["record"], row["chunk"], row["strand"], row["frame"]): (float(row["p_virus"]), row["call"])
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def difference(first, second):
    """How far two sets of results are from each other."""
    require(first.keys() == second.keys(), f"other frames: {len(first)} and {len(second)}, {len(first.keys() & second.keys())} in both")
    require(first, "there is no open frame in the input")
    return {"rows": len(first), "largest_difference": max(abs(first[key][0] - second[key][0]) for key in first),
            "other_calls": sum(first[key][1] != second[key][1] for key in first)}


def in_words(found):
    return f"p_virus differs by {found['largest_difference']:.2g} at most, {found['other_calls']} of {found['rows']} calls are others"


def stored_frames(folder):
    """How many frames the database of a run that may be working holds; None while that cannot be said."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as copy:
        try:
            for name in ("run.db", "run.db-wal"):  # in this order: rows move from the second to the first
                if (folder / name).exists():
                    shutil.copy(folder / name, copy)
            database = sqlite3.connect(f"file:{copy}/run.db?mode=rw", uri=True)
            try:
                return database.execute("SELECT orfs FROM progress").fetchone()[0]
            finally:
                database.close()
        except (OSError, sqlite3.Error, TypeError):
            return None  # not there yet, or copied in the middle of a write


class Checks:
    def __init__(self, arguments, work):
        self.program, self.faulty = arguments.program, arguments.faulty_program
        self.devices, self.work, self.each = arguments.devices, work, arguments.each
        self.inputs = [str(pathlib.Path(path).resolve()) for path in arguments.inputs]
        if arguments.max_records:
            shorten(self.inputs, arguments.max_records, work / "input.fa")
            self.inputs = [str(work / "input.fa")]
        kind, _, numbers = self.devices.partition(":")
        self.names = [f"{kind}:{number}" for number in numbers.split(",")] if numbers else [kind]
        self.is_gpu = kind == "cuda"
        self.environment = {name: value for name, value in os.environ.items() if name not in CHANGED}
        if arguments.libraries:
            self.environment["LD_LIBRARY_PATH"] = arguments.libraries
        self.runs = 0
        self.on_cpu = {}  # running beside the GPU's, where there is one
        self.expected = None  # folder of the first run

    # Commands.

    def start(self, command, log, program=None, **variables):
        with open(log, "wb") as output:
            return subprocess.Popen([program or self.program, *command], env=self.environment | variables,
                                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

    def wait(self, process):
        try:
            return process.wait(self.each)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"it did not end within {self.each:.0f} s: {' '.join(process.args)}") from None

    def command(self, *command, code=0, program=None, **variables):
        """What it printed."""
        self.runs += 1
        log = self.work / f"{self.runs}.log"
        found = self.wait(self.start(command, log, program, **variables))
        printed = log.read_text(errors="replace")
        require(found == code, f"exit code {found} in place of {code}: {' '.join(command)}: {(printed.strip().splitlines() or ['-'])[-1]}")
        return printed

    def predict_command(self, folder, *options, device=None):
        return ("predict", *self.inputs, "-o", str(folder), "--device", device or self.devices, "--no-progress", *options)

    def folder(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "out"

    def predict(self, *options, folder=None, device=None, **rest):
        folder = folder or self.folder()
        self.command(*self.predict_command(folder, *options, device=device), **rest)
        return folder

    def require_same(self, folder):
        for name in RESULTS:
            require((folder / name).read_bytes() == (self.expected / name).read_bytes(), f"{name} differs from the first run's")

    @staticmethod
    def report(folder):
        return json.loads((folder / "run.json").read_text())

    def start_cpu_runs(self, pool):
        """The host's processors have little to do while the GPU works."""
        threads = ("--threads", str(max(1, len(os.sched_getaffinity(0)) // 4)))
        self.on_cpu = {"fp16": pool.submit(self.cpu_run, *threads),
                       "fp32": pool.submit(self.cpu_run, *threads, "--no-packing", VIRNUCPRO_DISABLE_FP16="1")}

    def cpu_run(self, *options, **variables):
        folder = self.folder()
        log = folder.parent / "log"
        code = self.wait(self.start(self.predict_command(folder, *options, device="cpu"), log, **variables))
        require(code == 0, f"exit code {code} of the run on cpu: {log.read_text(errors='replace')[-300:]}")
        return folder

    # The checks. Each returns a note and figures.

    def check_devices(self):
        lines = [line.split("\t") for line in self.command("devices").splitlines()]
        usable = {line[0]: line[2] for line in lines if len(line) > 2 and line[1] == "usable"}
        for name in self.names:
            require(name in usable, f"{name} is not listed as usable")
        return "; ".join(f"{name}: {usable[name]}" for name in self.names), {}

    def check_first_run(self):
        started = time.monotonic()
        self.expected = self.predict()
        seconds = time.monotonic() - started
        report = self.report(self.expected)
        counts, tokens = report["counts"], sum(report["performance"]["tokens"].values())
        require(counts["frames_embedded"] > 0, "there is no open frame in the input")
        require(counts["failed_frames"] == 0, f"{counts['failed_frames']} frames failed")
        used = {device["name"]: device["batches"] for device in report["performance"]["devices"]}
        for name in self.names:
            require(used.get(name), f"{name} computed nothing: run.json names {used}")
        figures = {"frames": counts["frames"], "tokens": tokens, "seconds": report["performance"]["seconds"], "batches": used}
        return f"{counts['frames']} frames, {tokens} tokens in {seconds:.1f} s; batches {used}", figures

    def check_repeated(self):
        self.require_same(self.predict())
        return "the same bytes", {}

    def check_small_batches(self):
        self.require_same(self.predict(*SMALL_BATCHES))
        return "the same bytes", {}

    def check_little_memory(self):
        if not self.is_gpu:
            raise Skipped("only GPUs have a memory of their own")
        for mib in MEMORY_MIB:
            folder = self.predict(*LARGE_BATCHES, device=self.names[0], VIRNUCPRO_CUDA_MEMORY=str(mib))
            faults = self.report(folder)["faults"]
            require(faults["failed_frames"] == 0, f"{faults['failed_frames']} frames failed with {mib} MiB: {faults}")
            self.require_same(folder)
            if faults["out_of_memory"]:
                figures = {"mib": mib, "out_of_memory": faults["out_of_memory"]}
                return f"{faults['out_of_memory']} batches had no room in {mib} MiB and were halved; the same bytes", figures
        raise Skipped(f"every batch had room in {mib} MiB, so none was halved; the same bytes")

    def stop_in_the_middle(self, how, code):
        """Ends a run when some frames, but not all, are stored. Returns its folder and a note."""
        frames = self.report(self.expected)["counts"]["frames"]
        if frames < LEAST_TO_STOP:
            raise Skipped(f"{frames} frames are stored at once; an input of {LEAST_TO_STOP} or more can be stopped between")
        for attempt in range(3):
            folder, slowed = self.folder(), attempt == 2
            variables = {"VIRNUCPRO_TEST_FAULTS": "slow=20"} if slowed else {}
            command = self.predict_command(folder, "--batch-tokens", "300", "--threads", "1")
            process = self.start(command, self.work / "stopped.log", self.faulty if slowed else None, **variables)
            end = time.monotonic() + self.each
            while process.poll() is None and not stored_frames(folder) and time.monotonic() < end:
                time.sleep(0.01)
            process.send_signal(how)
            found = self.wait(process)
            if (folder / "run.json").exists() and found == 0:
                continue  # it was faster
            require(found == code, f"exit code {found} in place of {code}")
            stored = stored_frames(folder)
            if stored and stored < frames:
                return folder, f"{stored} of {frames} frames were stored" + (" by a slowed program" if slowed else "")
        raise Failed("three runs could not be stopped in their middle")

    def check_stopped(self, how, code):
        folder, note = self.stop_in_the_middle(how, code)
        self.predict(folder=folder)
        self.require_same(folder)
        sessions = [session["frames_computed"] for session in self.report(folder)["sessions"]]
        return f"{note}; the same bytes after going on", {"frames_of_sessions": sessions}

    def check_killed(self):
        return self.check_stopped(signal.SIGKILL, -signal.SIGKILL)

    def check_terminated(self):
        return self.check_stopped(signal.SIGTERM, STOPPED)

    def compare(self, precision, first, second):
        found = difference(rows_of(first), rows_of(second))
        require(found["largest_difference"] <= MOST_DIFFERENCE[precision], in_words(found))
        # Near the threshold any difference can be another call.
        require(found["other_calls"] <= max(1, found["rows"] * MOST_OTHER_CALLS), in_words(found))
        return in_words(found), found

    def check_no_packing(self):
        return self.compare("fp16", self.expected, self.predict("--no-packing"))

    def check_cpu(self):
        if not self.is_gpu:
            raise Skipped("this is the cpu")
        return self.compare("fp16", self.expected, self.on_cpu["fp16"].result())

    def check_fp32(self):
        folder = self.predict("--no-packing", VIRNUCPRO_DISABLE_FP16="1")
        require(self.report(folder)["options"]["precision"] == "fp32", "run.json does not say fp32")
        if self.is_gpu:
            return self.compare("fp32", folder, self.on_cpu["fp32"].result())
        found = difference(rows_of(self.expected), rows_of(folder))
        return "beside fp16: " + in_words(found), found

    def check_precision_of(self, precision):
        folder = self.predict("--precision", precision)
        report = self.report(folder)
        require(report["options"]["precision"] == precision, f"run.json does not say {precision}")
        require(report["counts"]["failed_frames"] == 0, f"{report['counts']['failed_frames']} frames failed")
        found = difference(rows_of(self.expected), rows_of(folder))
        return "beside fp16: " + in_words(found), found

    def check_bf16(self):
        return self.check_precision_of("bf16")

    def check_int8(self):
        return self.check_precision_of("int8")

    def check_embed(self):
        features = self.work / "features.h5"
        self.command("embed", *self.inputs, "-o", str(features), "--device", self.devices, "--no-progress")
        size, frames = features.stat().st_size, self.report(self.expected)["counts"]["frames"]
        with open(features, "rb") as file:
            require(file.read(8) == b"\x89HDF\r\n\x1a\n", "what embed wrote is no HDF5 file")
        require(size > 4 * 64 * frames, f"{size} bytes are too few for embeddings of {frames} frames")
        return f"{size} bytes for {frames} frames", {"bytes": size}

    def check_precision_study(self):
        folder = self.folder()
        self.command("precision", *self.inputs, "-o", str(folder), "--limit", "200", "--device", self.names[0], "--no-progress")
        rows = len((folder / "sequences.tsv").read_text().splitlines()) - 1
        require(rows == 200 or rows == self.report(self.expected)["counts"]["frames"], f"sequences.tsv has {rows} frames")
        return f"{rows} frames, all finite", {}

    def check_one_of_several(self):
        if len(self.names) == 1:
            raise Skipped("only one device")
        for name in self.names:
            self.require_same(self.predict(device=name))
        return f"each of {', '.join(self.names)} alone: the same bytes", {}

    def lanes(self):
        """Workers of one device."""
        return self.report(self.expected)["options"]["workers"] // len(self.names)

    def check_last_one_lost(self):
        if len(self.names) == 1:
            raise Skipped("only one device")
        folder = self.predict(*SMALL_BATCHES, program=self.faulty, VIRNUCPRO_TEST_FAULTS=f"lost={self.lanes() * (len(self.names) - 1)}@20")
        self.require_same(folder)
        lost = self.report(folder)["faults"]["lost_devices"]
        # The faulty program tells the lanes of a device apart: cuda:1:3.
        require(len(lost) == 1 and lost[0].startswith(self.names[-1] + ":"), f"run.json names {lost} as lost in place of {self.names[-1]}")
        return f"{lost[0]} was lost; the same bytes", {}

    def check_all_lost(self):
        if not self.is_gpu:
            raise Skipped("only of GPUs")
        # About half way: every batch has at least four dense layers, and the lanes of the last device do what the others leave.
        report, workers = self.report(self.expected), self.lanes() * len(self.names)
        at = max(20, sum(report["performance"]["tokens"].values()) // int(SMALL_BATCHES[1]) * 4 // workers // 2)
        losses = ";".join(f"lost={worker}@{at}" for worker in range(workers))
        folder = self.folder()
        self.predict(*SMALL_BATCHES, folder=folder, program=self.faulty, code=DEVICE_LOST, VIRNUCPRO_TEST_FAULTS=losses)
        require(not (folder / "run.json").exists(), "there is a run.json of a run without devices")
        stored = stored_frames(folder)
        self.predict(folder=folder)
        self.require_same(folder)
        return f"exit code {DEVICE_LOST} with {stored} frames stored; the same bytes after going on", {"stored": stored}


CHECKS = ("devices", "first_run", "repeated", "small_batches", "little_memory", "killed", "terminated", "one_of_several", "last_one_lost",
          "all_lost", "no_packing", "bf16", "int8", "embed", "precision_study", "cpu", "fp32")


def run(checks, arguments):
    started, done = time.monotonic(), []
    for name in filter(lambda name: not arguments.only or name in ("first_run", *arguments.only), CHECKS):
        begin, figures = time.monotonic(), {}
        try:
            require(begin - started < arguments.limit, "no time was left")
            require(checks.expected or name in ("devices", "first_run"), "there is no first run to compare with")
            note, figures = getattr(checks, f"check_{name}")()
            state = "passed"
        except (Failed, Skipped) as reason:
            state, note = type(reason).__name__.lower(), str(reason)
        except (OSError, KeyError, ValueError) as error:
            state, note = "failed", f"{type(error).__name__}: {error}"
        done.append({"name": name, "state": state, "seconds": round(time.monotonic() - begin, 2), "note": note} | figures)
        print(f"{name}: {state}, {done[-1]['seconds']:.1f} s; {note}", flush=True)
        if arguments.json:  # after each, for whoever ends this
            arguments.json.write_text(json.dumps({"devices": arguments.devices, "checks": done}, indent=1) + "\n")
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("faulty_program", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("inputs", nargs="+", help="FASTA files")
    parser.add_argument("--devices", default="cuda:0", help="cpu, cuda:0 or cuda:0,1 ... [cuda:0]")
    parser.add_argument("--json", type=pathlib.Path, help="file for the results")
    parser.add_argument("--libraries", help="LD_LIBRARY_PATH of the program alone")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which no check is begun [600]")
    parser.add_argument("--each", type=float, default=120.0, help="seconds that one run may take [120]")
    parser.add_argument("--only", nargs="+", choices=CHECKS, help="these, after the first run")
    parser.add_argument("--max-records", type=int, default=0, help="take no more than the first of the input [0: all]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(2) as pool:
        checks = Checks(arguments, pathlib.Path(work))
        if checks.is_gpu:
            checks.start_cpu_runs(pool)
        done = run(checks, arguments)
    failed = [check["name"] for check in done if check["state"] == "failed"]
    print(f"{len(done) - len(failed)} of {len(done)} checks did not fail" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
