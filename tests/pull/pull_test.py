"""`virnucpro models pull` against a real nginx with TLS; tests/pull/run.sh starts it.

  python3 pull_test.py PROGRAM [--broken N] [unittest arguments]
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import ConnectProxy, Disturber, Nginx, make_certificates, missing_programs  # noqa: E402
from small_models import Models, sha256  # noqa: E402

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
PROGRAM, BROKEN = "", 200


def tree(folder):
    """Every file of a bundle and its hash; of the card its text, without the ports of servers."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            found[os.path.relpath(path, folder)] = sha256(path)
    card = os.path.join(folder, "bundle.json")
    if os.path.exists(card):
        with open(card) as file:
            found["bundle.json"] = re.sub(r"localhost:\d+", "localhost", file.read())
    return found


class PullTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="virnucpro_pull_")
        cls.ca = make_certificates(cls.folder)
        cls.models = Models(os.path.join(cls.folder, "root"), DATA)
        cls.nginx = Nginx(cls.folder, cls.models.root)
        # What an undisturbed download gives; every other one must give the same bytes.
        result = cls().pull(to="expected")
        assert result.returncode == 0, result.stderr
        cls.expected = tree(os.path.join(cls.folder, "expected", "small-500"))

    @classmethod
    def tearDownClass(cls):
        cls.nginx.stop()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.nginx.forget_requests()

    # ---- how the program is called

    def variables(self, endpoint, **more):
        """An environment that knows nothing of the user's."""
        own = {"PATH": os.environ["PATH"], "HOME": os.path.join(self.folder, "home"),
               "SSL_CERT_FILE": self.ca, "HF_ENDPOINT": endpoint, "HF_HUB_DOWNLOAD_TIMEOUT": "3"}
        own.update(more)
        return {name: value for name, value in own.items() if value is not None}

    def command(self, to, endpoint, registry=None, more=()):
        """The call; the registry names the same server for the classifiers."""
        path = os.path.join(self.folder, f"registry-{abs(hash((endpoint, json.dumps(registry))))}.json")
        if not os.path.exists(path):
            with open(path, "w") as file:
                json.dump(registry or self.models.registry(endpoint), file)
        return [PROGRAM, "models", "pull", "small-500", "--registry", path, "--to",
                os.path.join(self.folder, to), *more]

    def pull(self, to, kind="plain", endpoint=None, registry=None, more=(), timeout=240,
             wrapper=(), **variables):
        endpoint = endpoint or self.nginx.url(kind)
        return subprocess.run([*wrapper, *self.command(to, endpoint, registry, more)],
                              env=self.variables(endpoint, **variables), capture_output=True,
                              text=True, timeout=timeout)

    def assertPulled(self, result, to):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(tree(os.path.join(self.folder, to, "small-500")), self.expected,
                         result.stderr)
        self.assertEqual(os.listdir(os.path.join(self.folder, to)), ["small-500"], result.stderr)

    def assertFails(self, result, code, *texts):
        self.assertEqual(result.returncode, code, result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr.splitlines()[-1])

    def changed_registry(self, change, kind="plain"):
        registry = self.models.registry(self.nginx.url(kind))
        files = registry["parts"]["esm2"]["sources"][0]["files"]
        change(next(file for file in files if file["file"].startswith("model-00001")))
        return registry

    # ---- the whole way

    def test_a_pulled_bundle_is_found_by_name(self):
        places = {"VIRNUCPRO_MODELS": os.path.join(self.folder, "expected"),
                  "PATH": os.environ["PATH"]}
        run = lambda *arguments: subprocess.run([PROGRAM, *arguments], env=places, text=True,
                                                capture_output=True)
        self.assertIn("\nsmall-500\tsmall-500\t1\t500\t500 bases\n", run("models", "list").stdout)
        self.assertEqual(run("models", "verify", "small-500").returncode, 0)
        self.assertIn("\nexpected lengths  500\n", run("models", "info", "small-500").stdout)

    def test_the_card_names_every_file_and_its_hash(self):
        with open(os.path.join(self.folder, "expected", "small-500", "bundle.json")) as file:
            card = json.load(file)
        files = {source["address"].rsplit("/", 1)[1]: source for source in card["sources"]}
        self.assertEqual(len(card["sources"]),
                         len(self.models.dna_files) + len(self.models.esm_files) + 1)
        self.assertEqual(files["500_model.pth"]["sha256"],
                         sha256(os.path.join(self.models.other, "500_model.pth")))
        self.assertEqual(card["license"], "dnabert_s Apache-2.0, esm2 MIT, classifier_500 MIT")

    def test_a_second_pull_fetches_nothing(self):
        result = self.pull("expected")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("is already", result.stderr)
        self.assertEqual(self.nginx.requests(), [])

    def test_ranges_side_by_side(self):
        self.assertPulled(self.pull("ranges", more=("--connections", "3")), "ranges")
        ranges = [line for line in self.nginx.requests() if "model-00001" in line]
        self.assertGreaterEqual(len(ranges), 3)
        self.assertTrue(all(" 206 " in line for line in ranges), ranges)

    # ---- servers that are not as they should be

    def test_without_ranges(self):
        self.assertPulled(self.pull("no_ranges", "no_ranges"), "no_ranges")

    def test_a_slow_server_shows_rate_and_time_left(self):
        if shutil.which("script") is None:
            self.skipTest("script (bsdutils) is not installed")
        command = self.command("slow", self.nginx.url("slow"), more=("--connections", "1"))
        result = subprocess.run(["script", "-qec", " ".join(command), "/dev/null"],
                                env=self.variables(self.nginx.url("slow")), capture_output=True,
                                text=True, timeout=240)
        self.assertPulled(result, "slow")
        self.assertRegex(result.stdout, r"[\d.]+ [kM]?B of [\d.]+ MB, [\d.]+% done, [\d.]+ [kM]B/s, "
                                        r"\d+:\d\d left")

    def test_busy_for_a_while(self):
        self.assertPulled(self.pull("busy", "busy"), "busy")
        self.assertTrue(any(" 429 " in line for line in self.nginx.requests()))

    def test_busy_for_long(self):
        self.assertFails(self.pull("always_busy", "always_busy"), 3, "dnabert_s/config.json",
                         "HTTP status 429", "It asks to wait 7200 seconds", "Run the command again")

    def test_missing_file(self):
        registry = self.changed_registry(lambda file: file.update(file="gone.safetensors"))
        self.assertFails(self.pull("missing", registry=registry), 3, "esm2/gone.safetensors",
                         "HTTP status 404", "no such file", "--from")

    def test_wrong_length(self):
        registry = self.changed_registry(lambda file: file.update(size=file["size"] - 1))
        found = os.path.getsize(os.path.join(self.models.esm, "model-00001-of-00002.safetensors"))
        self.assertFails(self.pull("length", registry=registry), 3, "model-00001",
                         f"expected {found - 1} bytes, found {found}", "--from")

    def test_wrong_hash(self):
        registry = self.changed_registry(lambda file: file.update(sha256="0" * 64))
        result = self.pull("hash", registry=registry)
        self.assertFails(result, 3, "model-00001", "expected SHA-256 " + "0" * 64, ", found ",
                         "HF_ENDPOINT")
        # Nothing of the wrong file stays, what was right is not fetched again.
        self.assertEqual([line for line in os.listdir(os.path.join(
            self.folder, "hash", ".downloads", "esm2-" + Models.REVISION[:12]))
            if "model-00001" in line], [])
        self.nginx.forget_requests()
        self.assertPulled(self.pull("hash"), "hash")
        self.assertFalse(any("DNABERT" in line for line in self.nginx.requests()))

    def test_wrong_git_hash(self):
        registry = self.models.registry(self.nginx.url())
        registry["parts"]["classifier_500"]["sources"][0]["files"][0]["git_id"] = "0" * 40
        self.assertFails(self.pull("git", registry=registry), 3, "500_model.pth",
                         "expected the git hash " + "0" * 40)

    def test_a_page_in_place_of_the_file(self):
        self.assertFails(self.pull("login", "login"), 3, "dnabert_s/config.json", "bytes, found 26")

    def test_token(self):
        self.assertFails(self.pull("token", "token"), 3, "HTTP status 403", "set HF_TOKEN")
        self.assertFails(self.pull("token", "token", HF_TOKEN="bad"), 3, "HTTP status 403",
                         "refuses the token")
        self.assertNotIn("bad", self.pull("token", "token", HF_TOKEN="bad").stderr)
        home = os.path.join(self.folder, "hf_home")
        os.makedirs(home, exist_ok=True)
        with open(os.path.join(home, "token"), "w") as file:
            file.write("good\n")
        # Classifiers come from another place, which gets no token.
        registry = self.models.registry(self.nginx.url())
        self.nginx.forget_requests()
        self.assertPulled(self.pull("token", "token", registry=registry, HF_HOME=home), "token")
        for line in self.nginx.requests():
            self.assertEqual("/files/" not in line, "token=Bearer good" in line, line)

    def test_redirect_withholds_the_token(self):
        self.assertPulled(self.pull("redirect", "redirect", HF_TOKEN="good"), "redirect")
        other = [line for line in self.nginx.requests() if line.startswith("other")]
        self.assertGreater(len(other), 5)
        self.assertTrue(all(line.endswith("token=-") for line in other), other)

    def test_redirect_to_http_is_refused(self):
        result = self.pull("downgrade", "downgrade", HF_TOKEN="good")
        self.assertFails(result, 3, "dnabert_s/config.json", "not https", "refused")
        self.assertFalse(any(line.startswith("http") for line in self.nginx.requests()))

    def test_redirects_without_end(self):
        self.assertFails(self.pull("loop", "loop"), 3, "without end")

    def test_http_is_refused_at_once(self):
        self.assertFails(self.pull("http", endpoint="http://localhost:1", registry=self.models.registry(
            self.nginx.url())), 2, "HF_ENDPOINT", "https://")
        registry = self.models.registry("http://localhost:1")
        self.assertFails(self.pull("http", registry=registry), 3, "https://")

    def test_an_unknown_authority(self):
        result = self.pull("authority", SSL_CERT_FILE=None)
        self.assertFails(result, 3, "certificate cannot be verified", "SSL_CERT_FILE")
        result = self.pull("authority", SSL_CERT_FILE="/no/such.pem")
        self.assertFails(result, 2, "SSL_CERT_FILE: '/no/such.pem' is not there")

    def test_a_server_that_comes_back(self):
        disturber = Disturber(self.nginx.ports["plain"], 1 << 40, 1 << 41, 1, refuses_first=4)
        try:
            self.assertPulled(self.pull("back", endpoint=disturber.url()), "back")
            self.assertGreater(disturber.connections, 4)
        finally:
            disturber.stop()

    def test_a_server_that_stands_still(self):
        disturber = Disturber(self.nginx.ports["plain"], 200_000, 900_000, 1, stalls=True)
        try:
            self.assertPulled(self.pull("still", endpoint=disturber.url(),
                                        more=("--connections", "8")), "still")
            self.assertGreater(disturber.cuts, 0)
        finally:
            disturber.stop()

    def test_no_server(self):
        registry = self.models.registry(self.nginx.url())
        start = time.monotonic()
        result = self.pull("none", endpoint="https://localhost:9", registry=registry)
        self.assertFails(result, 3, "dnabert_s/config.json", "Given up after 9 attempts")
        self.assertLess(time.monotonic() - start, 90)

    def test_another_source_when_the_first_fails(self):
        good = self.models.registry(self.nginx.url())["parts"]["esm2"]["sources"]
        bad = {"home": "url", "url": self.nginx.url() + "/gone/",
               "files": [{"file": "esm2.pt", "size": 5, "sha256": None}]}
        registry = self.models.registry(self.nginx.url(), esm_sources=[bad, *good])
        result = self.pull("second", registry=registry)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(tree(os.path.join(self.folder, "second", "small-500")), self.expected)

    # ---- proxies, caches, copies

    def test_through_a_proxy(self):
        proxy = ConnectProxy()
        try:
            address = f"http://127.0.0.1:{proxy.port}"
            self.assertPulled(self.pull("proxy", HTTPS_PROXY=address), "proxy")
            self.assertIn(f"localhost:{self.nginx.ports['plain']}", proxy.asked)
            asked = len(proxy.asked)
            result = self.pull("no_proxy", HTTPS_PROXY=address, NO_PROXY="localhost")
            self.assertPulled(result, "no_proxy")
            self.assertEqual(len(proxy.asked), asked)
        finally:
            proxy.stop()

    def hub_cache(self, name):
        """A cache as huggingface_hub makes it: contents by hash, names as links to them."""
        hub = os.path.join(self.folder, name, "hub")
        for repository, folder in ((Models.DNA, self.models.dna), (Models.ESM, self.models.esm)):
            model = os.path.join(hub, "models--" + repository.replace("/", "--"))
            snapshot = os.path.join(model, "snapshots", Models.REVISION)
            os.makedirs(snapshot)
            os.makedirs(os.path.join(model, "blobs"))
            for file in os.listdir(folder):
                path = os.path.join(folder, file)
                shutil.copy(path, os.path.join(model, "blobs", sha256(path)))
                os.symlink(f"../../blobs/{sha256(path)}", os.path.join(snapshot, file))
        return os.path.join(self.folder, name)

    def test_files_of_the_hugging_face_cache_are_not_fetched(self):
        home = self.hub_cache("cached")
        self.assertPulled(self.pull("from_cache", HF_HOME=home), "from_cache")
        self.assertEqual([line for line in self.nginx.requests() if "/files/" not in line], [])
        # A damaged one is.
        blobs = os.path.join(home, "hub", "models--owner--esm2", "blobs")
        damaged = os.path.join(blobs, self.models.file(
            self.models.esm, "model-00001-of-00002.safetensors")["sha256"])
        with open(damaged, "r+b") as file:
            file.seek(5000)
            file.write(b"\xff\xff")
        self.nginx.forget_requests()
        self.assertPulled(self.pull("from_cache_2", HF_HOME=home), "from_cache_2")
        fetched = {line.split()[3].rsplit("/", 1)[1] for line in self.nginx.requests()}
        self.assertEqual(fetched, {"model-00001-of-00002.safetensors", "500_model.pth"})

    def test_offline(self):
        home = self.hub_cache("offline")
        result = self.pull("offline_1", HF_HOME=home, HF_HUB_OFFLINE="1")
        self.assertEqual(result.returncode, 3)
        self.assertIn("HF_HUB_OFFLINE", result.stderr)
        self.assertIn("classifier_500/500_model.pth (" + self.nginx.url(), result.stderr)
        self.assertEqual(self.nginx.requests(), [])

    def copied(self, name):
        folder = os.path.join(self.folder, name)
        shutil.copytree(self.models.dna, os.path.join(folder, "DNABERT-S"))
        shutil.copytree(self.models.esm, os.path.join(folder, "esm2"))
        shutil.copy(os.path.join(self.models.other, "500_model.pth"), folder)
        return folder

    def test_copied_files_in_a_place_without_network(self):
        folder = self.copied("copied")
        wrapper = ("unshare", "-n") if os.geteuid() == 0 and shutil.which("unshare") else ()
        result = self.pull("from_copies", more=("--from", folder), wrapper=wrapper)
        self.assertPulled(result, "from_copies")
        self.assertEqual(self.nginx.requests(), [])

    def test_copied_files_that_are_not_all_there(self):
        folder = self.copied("some")
        os.remove(os.path.join(folder, "esm2", "config.json"))
        with open(os.path.join(folder, "500_model.pth"), "ab") as file:
            file.write(b"x")
        result = self.pull("from_some", more=("--from", folder))
        self.assertEqual(result.returncode, 3)
        for text in ("esm2/config.json", "classifier_500/500_model.pth", "expected the git hash",
                     self.nginx.url(), "--from"):
            self.assertIn(text, result.stderr)
        self.assertEqual(self.nginx.requests(), [])

    def test_export_and_unpack_elsewhere(self):
        archive, there = os.path.join(self.folder, "b.tar"), os.path.join(self.folder, "there")
        os.makedirs(there)
        bundle = os.path.join(self.folder, "expected", "small-500")
        result = subprocess.run([PROGRAM, "models", "export", bundle, "-o", archive], text=True,
                                capture_output=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        subprocess.run(["tar", "-xf", archive, "-C", there], check=True)
        self.assertEqual(tree(os.path.join(there, "small-500")), self.expected)

    # ---- what goes wrong on this machine

    def test_too_small_a_disk(self):
        with SmallDisk(self, "3m") as disk:
            result = self.pull(disk)
            self.assertFails(result, 74, "expected ", "of room", "found ", "--to")
            self.assertEqual(self.nginx.requests(), [])

    def test_a_disk_that_fills_up(self):
        size = os.path.getsize(os.path.join(self.models.esm, "model-00001-of-00002.safetensors"))
        # The registry does not know the sizes, so that the disk itself must tell.
        registry = self.changed_registry(lambda file: file.update(size=None))
        for source in registry["parts"]["esm2"]["sources"][0]["files"]:
            source["size"] = None
        with SmallDisk(self, str(size + (size >> 1))) as disk:
            result = self.pull(disk, registry=registry)
            self.assertFails(result, 74, "No space left on device", "--to", "kept")
            # With more room the same command goes on with what is there.
            subprocess.run(["mount", "-o", "remount,size=64m", os.path.join(self.folder, disk)],
                           check=True)
            self.nginx.forget_requests()
            self.assertPulled(self.pull(disk, registry=registry), disk)
            self.assertFalse(any("DNABERT" in line for line in self.nginx.requests()))

    def test_two_at_once(self):
        command = self.command("twice", self.nginx.url("slow"), more=("--connections", "1"))
        first = subprocess.Popen(command, env=self.variables(self.nginx.url("slow")),
                                 stderr=subprocess.PIPE, text=True)
        time.sleep(1.5)
        result = self.pull("twice", "slow")
        self.assertFails(result, 74, "another process is pulling")
        self.assertEqual(first.wait(), 0, first.stderr.read())
        first.stderr.close()

    def test_a_stop_keeps_what_has_come(self):
        command = self.command("stopped", self.nginx.url("slow"), more=("--connections", "1"))
        process = subprocess.Popen(command, env=self.variables(self.nginx.url("slow")),
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(2.5)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 75, process.stderr.read())
        process.stderr.close()
        self.assertLess(time.monotonic() - start, 5)
        self.nginx.forget_requests()
        registry = self.models.registry(self.nginx.url("slow"))
        self.assertPulled(self.pull("stopped", "slow", registry=registry), "stopped")
        sent = sum(int(line.split()[2]) for line in self.nginx.requests() if "model-0000" in line)
        whole = sum(os.path.getsize(os.path.join(self.models.esm, name))
                    for name in self.models.esm_files if name.startswith("model-0000"))
        self.assertLess(sent, whole - 100_000)

    def test_kills_at_any_moment(self):
        rng = random.Random(3)
        endpoint = self.nginx.url("slow")
        kills = 0
        for _ in range(60):
            process = subprocess.Popen(self.command("killed", endpoint),
                                       env=self.variables(endpoint), stderr=subprocess.DEVNULL)
            try:
                process.wait(rng.uniform(0.05, 1.5))
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
        self.assertGreater(kills, 1)
        result = self.pull("killed", "slow", registry=self.models.registry(endpoint))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(tree(os.path.join(self.folder, "killed", "small-500")), self.expected)

    # ---- nothing else opens a connection

    def test_predict_makes_no_socket(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        out, log = os.path.join(self.folder, "traced"), os.path.join(self.folder, "strace.log")
        example = os.path.join(DATA, "..", "..", "examples", "genomes.fa")
        probe = subprocess.run(["strace", "-f", "-e", "trace=socket", "-o", log, "true"],
                               capture_output=True)
        if probe.returncode != 0:
            self.skipTest("strace may not trace here")
        result = subprocess.run(["strace", "-f", "-e", "trace=network", "-o", log, PROGRAM,
                                 "predict", example, "-o", out, "--threads", "2"],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(log) as file:
            calls = [line for line in file if "exited with" not in line and "+++" not in line
                     and "---" not in line]
        self.assertEqual(calls, [])

    def test_predict_works_in_a_place_without_network(self):
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            self.skipTest("a network namespace takes root and unshare")
        example = os.path.join(DATA, "..", "..", "examples", "genomes.fa")
        result = subprocess.run(["unshare", "-n", PROGRAM, "predict", example, "-o",
                                 os.path.join(self.folder, "lonely")], capture_output=True,
                                text=True)
        self.assertEqual(result.returncode, 0, result.stderr)


class BrokenDownloads(PullTest):
    """Connections that are cut at random bytes, and a kill now and then, until the bundle is whole."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="virnucpro_broken_")
        cls.ca = make_certificates(cls.folder)
        cls.models = Models(os.path.join(cls.folder, "root"), DATA, layers=3, shards=1)
        cls.nginx = Nginx(cls.folder, cls.models.root)
        result = cls().pull(to="expected")
        assert result.returncode == 0, result.stderr
        cls.expected = tree(os.path.join(cls.folder, "expected", "small-500"))

    def one(self, number, endpoint, path):
        rng = random.Random(number)
        to = f"broken_{number}"
        command = [PROGRAM, "models", "pull", "small-500", "--registry", path, "--to",
                   os.path.join(self.folder, to), "--connections", str(rng.choice((1, 2, 4)))]
        kills = rng.choice((0, 0, 1, 2))
        calls = 0
        while True:
            calls += 1
            process = subprocess.Popen(command, env=self.variables(endpoint),
                                       stderr=subprocess.PIPE, text=True)
            try:
                _, messages = process.communicate(
                    timeout=rng.uniform(0.1, 1.5) if calls <= kills else 240)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                continue
            break
        found = tree(os.path.join(self.folder, to, "small-500"))
        shutil.rmtree(os.path.join(self.folder, to))
        return number, process.returncode, messages, found == self.expected

    def test_end_whole(self):
        disturber = Disturber(self.nginx.ports["plain"], 20_000, 1_500_000, 11)
        self.nginx.forget_requests()
        path = os.path.join(self.folder, "broken.json")
        with open(path, "w") as file:
            json.dump(self.models.registry(disturber.url()), file)
        try:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                for number, code, messages, is_same in pool.map(
                        lambda number: self.one(number, disturber.url(), path), range(BROKEN)):
                    self.assertEqual(code, 0, f"{number}: {messages}")
                    self.assertTrue(is_same, f"{number}: {messages}")
        finally:
            disturber.stop()
        self.assertGreater(disturber.cuts, BROKEN)
        print(f"{BROKEN} downloads, {disturber.connections} connections, {disturber.cuts} of them "
              "cut: all whole")


for name in [name for name in dir(PullTest) if name.startswith("test_")]:
    setattr(BrokenDownloads, name, None)  # only its own


class SmallDisk:
    """A file system of a few bytes below the test's folder."""

    def __init__(self, test, size):
        self.test, self.size = test, size
        self.name = f"disk_{size}"

    def __enter__(self):
        if os.geteuid() != 0:
            self.test.skipTest("a small disk takes root")
        self.path = os.path.join(self.test.folder, self.name)
        os.makedirs(self.path)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs",
                                  self.path], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.test.skipTest("no file system can be mounted here")
        return self.name

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="models pull against nginx")
    parser.add_argument("program")
    parser.add_argument("--broken", type=int, default=200)
    known, others = parser.parse_known_args()
    PROGRAM, BROKEN = os.path.abspath(known.program), known.broken
    missing = missing_programs("nginx", "openssl")
    if missing:
        print(f"SKIPPED pull: {' and '.join(missing)} not installed")
        sys.exit(0)
    unittest.main(argv=[sys.argv[0], *others], verbosity=2)
