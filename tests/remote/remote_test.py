"""Runs over inputs behind addresses, compared with the same runs over files. See run.sh."""
import gzip
import hashlib
import hmac
import http.server
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pull"))
from servers import free_port, make_certificates  # noqa: E402

PROGRAM = None
KEY, SECRET, SESSION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=="


def signature_of(secret, request, path):
    """What AWS's documents say of version 4, without their programs."""
    fields = dict(part.strip().split("=", 1) for part in request.headers["Authorization"].split(" ", 1)[1].split(","))
    _, day, region, service, end = fields["Credential"].split("/")
    signed = fields["SignedHeaders"].split(";")
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed)
    canonical = "\n".join([request.command, path, "", headers, ";".join(signed), request.headers["x-amz-content-sha256"]])
    scope = "/".join([day, region, service, end])
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, end):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), fields["Signature"]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves /KIND/NAME; each kind has a trouble of its own."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def refuse(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        server = self.server.owner
        kind, name = self.path.split("?")[0].lstrip("/").split("/", 1)
        with server.lock:
            server.requests[kind] = server.requests.get(kind, 0) + 1
            count = server.requests[kind]
        if kind == "signed-bucket" and "x-amz-content-sha256" not in self.headers:
            return self.refuse(400)
        if kind == "signed-bucket":
            wanted, found = signature_of(SECRET, self, self.path)
            if wanted != found or self.headers["x-amz-security-token"] != SESSION:
                return self.refuse(403)
        if kind == "private-bucket" and self.headers["Authorization"] != "Bearer good":
            return self.refuse(403)
        if kind == "busy" and count <= 3:
            return self.refuse(503)
        if kind == "dying" and count == 2:
            return self.refuse(403)
        if kind == "downgrade":
            return self.refuse(302, ("Location", "http://localhost:1/x"))
        content = server.files.get(name)
        if content is None:
            return self.refuse(404)
        begin, end = 0, len(content)
        ranged = self.headers["Range"] and kind != "no-ranges"
        if ranged:
            first, last = self.headers["Range"].split("=")[1].split("-")
            begin, end = int(first), min(end, int(last) + 1)
            if begin >= len(content):
                return self.refuse(416, ("Content-Range", f"bytes */{len(content)}"))
        if kind == "changing" and count > 1:  # another file, as long
            content = content.lower()
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        if kind != "no-version":
            self.send_header("ETag", '"' + hashlib.md5(content).hexdigest() + '"')
        self.send_header("Content-Length", str(end - begin))
        self.end_headers()
        body = content[begin:end]
        try:
            if kind == "cut" and count % 3 != 0:
                self.wfile.write(body[:server.random.randrange(len(body))])
                self.connection.close()
            elif kind == "stalled":
                self.wfile.write(body[:1000])
                server.stop_stalling.wait(60)
            else:
                self.wfile.write(body)
        except OSError:
            pass
        self.close_connection = kind in ("cut", "stalled")


class Files:
    def __init__(self, certificates, files):
        self.files, self.requests, self.lock = files, {}, threading.Lock()
        self.random, self.stop_stalling = random.Random(3), threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.owner, self.server.daemon_threads = self, True
        self.scheme = "http"
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(certificates, "server.pem"), os.path.join(certificates, "server.key"))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.url = f"{self.scheme}://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.stop_stalling.set()
        self.server.shutdown()
        self.server.server_close()


def long_fasta():
    """18 MB, three ranges, and little to compute: nearly all frames have stops."""
    rng = random.Random(5)
    records = []
    for i in range(9000):
        open_codons = "".join(rng.choice("ACG") + rng.choice("ACGT") + rng.choice("ACGT") for _ in range(50))
        records.append(f">record{i}\n{open_codons if i % 300 == 0 else 'TTAATTAATTAA' * 165}\n")
    return "".join(records).encode()


class RemoteInputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.ca = make_certificates(cls.folder)
        text = long_fasta()
        small = text[:400_000].rsplit(b">", 1)[0]
        cls.files = {"long.fa": text, "small.fa.gz": gzip.compress(small), "empty.fa": b"",
                     "cut.fa.gz": gzip.compress(small)[:-20], "a b+c.fa": small}
        for name, content in cls.files.items():
            with open(os.path.join(cls.folder, name), "wb") as file:
                file.write(content)
        cls.server = Files(cls.folder, cls.files)
        cls.plain = Files(None, cls.files)
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.plain.close()

    def call(self, source, *more, command="predict", **variables):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "SSL_CERT_FILE": self.ca, "HF_HUB_DOWNLOAD_TIMEOUT": "3"}
        environment.update(variables)
        out = []
        if command == "predict":
            type(self).count += 1
            out = ["-o", os.path.join(self.folder, f"out{self.count}"), "--frames", "open"]
        return [PROGRAM, command, *([source] if source else []), *out, *more, *(["--device", "cpu", "--quiet"] if out else [])], environment, out and out[1]

    def predict(self, source, *more, command="predict", **variables):
        command, environment, out = self.call(source, *more, command=command, **variables)
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        return result, out

    def assertSame(self, source, name, **variables):
        result, out = self.predict(source, **variables)
        self.assertEqual(result.returncode, 0, result.stderr)
        local, expected = self.predict(os.path.join(self.folder, name))
        self.assertEqual(local.returncode, 0, local.stderr)
        for file in ("predictions.tsv", "contigs.tsv", "prediction_results.txt"):
            with open(os.path.join(out, file)) as ours, open(os.path.join(expected, file)) as theirs:
                self.assertEqual(ours.read(), theirs.read())
        with open(os.path.join(out, "run.json")) as file:
            entry = json.load(file)["inputs"][0]
        self.assertEqual(entry["sha256"], hashlib.sha256(self.files[name]).hexdigest())
        self.assertEqual(entry["path"], source)

    def assertFails(self, result, code, *texts):
        self.assertEqual(result.returncode, code, result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr.splitlines()[-1])

    # ---- https

    def test_a_file_over_https_is_read_as_the_file(self):
        self.assertSame(self.server.url + "/plain/long.fa", "long.fa")
        self.assertSame(self.server.url + "/plain/small.fa.gz", "small.fa.gz")

    def test_cut_connections_are_gone_on_with(self):
        self.assertSame(self.server.url + "/cut/long.fa", "long.fa")
        self.assertGreater(self.server.requests["cut"], 5)
        self.assertSame(self.server.url + "/busy/small.fa.gz", "small.fa.gz")

    def test_a_run_whose_server_was_lost_is_continued(self):
        command, environment, out = self.call(self.server.url + "/dying/long.fa")
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        self.assertFails(result, 2, "HTTP status 403")
        self.assertFalse(os.path.exists(os.path.join(out, "predictions.tsv")))
        command.remove("--quiet")
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("going on after", result.stderr)
        _, expected = self.predict(os.path.join(self.folder, "long.fa"))
        with open(os.path.join(out, "contigs.tsv")) as ours, open(os.path.join(expected, "contigs.tsv")) as theirs:
            self.assertEqual(ours.read(), theirs.read())

    def test_a_sample_sheet_may_name_addresses(self):
        sheet = os.path.join(self.folder, "sheet.tsv")
        with open(sheet, "w") as file:
            file.write(f"sample\tfile\none\t{self.server.url}/plain/small.fa.gz\n")
        result, out = self.predict(None, "--sample-sheet", sheet)
        self.assertEqual(result.returncode, 0, result.stderr)
        _, expected = self.predict(os.path.join(self.folder, "small.fa.gz"))
        with open(os.path.join(out, "one", "contigs.tsv")) as ours, open(os.path.join(expected, "contigs.tsv")) as theirs:
            self.assertEqual(ours.read(), theirs.read())

    def test_an_empty_file_is_one(self):
        result, out = self.predict(self.server.url + "/plain/empty.fa")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_what_cannot_be_relied_on_is_refused(self):
        url = self.server.url
        self.assertFails(self.predict(url + "/changing/long.fa")[0], 2, "is another version at")
        self.assertFails(self.predict(url + "/no-ranges/long.fa")[0], 2, "only as a whole", "curl -sSfL '")
        self.assertFails(self.predict(url + "/no-version/long.fa")[0], 2, "does not name the version")
        self.assertFails(self.predict(url + "/downgrade/long.fa")[0], 2, "not https")
        self.assertFails(self.predict(url + "/plain/none.fa")[0], 2, url + "/plain/none.fa answers with HTTP status 404",
                         "correct the address")
        self.assertFails(self.predict(url + "/plain/cut.fa.gz")[0], 2, "end early")
        self.assertFails(self.predict(url + "/plain/long.fa", SSL_CERT_FILE="/etc/hostname")[0], 2, "certificate")
        self.assertFails(self.predict("http://localhost/a.fa")[0], 2, "is not read, because anybody on the way could change it")

    def test_a_signature_in_an_address_is_in_no_message(self):
        result, _ = self.predict(self.server.url + "/plain/none.fa?signature=secret")
        self.assertFails(result, 2, "HTTP status 404")
        self.assertNotIn("secret", result.stderr)

    def test_a_stop_does_not_wait_for_the_server(self):
        command, environment, _ = self.call(self.server.url + "/stalled/long.fa", HF_HUB_DOWNLOAD_TIMEOUT="60")
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        while self.server.requests.get("stalled", 0) == 0:
            self.assertIsNone(process.poll())
            time.sleep(0.1)
        time.sleep(0.5)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 75)
        self.assertLess(time.monotonic() - begin, 10)

    def test_other_commands_say_what_to_do(self):
        address = self.server.url + "/plain/small.fa.gz"
        before = self.server.requests.get("plain", 0)
        for command in ("validate", "estimate"):
            result, _ = self.predict(address, command=command)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("which predict and embed alone read", result.stderr)
            self.assertIn("curl -fLO", result.stderr)
        self.assertEqual(self.server.requests.get("plain", 0), before)

    # ---- s3 and gs

    def variables(self, **more):
        own = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-central-1"}
        own.update(more)
        return own

    def test_requests_to_s3_are_signed(self):
        variables = self.variables(AWS_ENDPOINT_URL=self.plain.url, AWS_SESSION_TOKEN=SESSION)
        self.assertSame("s3://signed-bucket/small.fa.gz", "small.fa.gz", **variables)
        self.assertSame("s3://signed-bucket/long.fa", "long.fa", **variables)
        wrong = dict(variables, AWS_SECRET_ACCESS_KEY="x")
        self.assertFails(self.predict("s3://signed-bucket/long.fa", **wrong)[0], 2, "HTTP status 403", "AWS_ACCESS_KEY_ID")
        half = {"AWS_ACCESS_KEY_ID": KEY, "AWS_ENDPOINT_URL": self.plain.url}
        self.assertFails(self.predict("s3://signed-bucket/long.fa", **half)[0], 2, "one is set")
        self.assertFails(self.predict("s3://signed-bucket", **variables)[0], 2, "names no file")

    def test_objects_of_google_are_read_with_a_token(self):
        variables = {"STORAGE_EMULATOR_HOST": self.plain.url, "GCS_OAUTH_TOKEN": "good"}
        self.assertSame("gs://private-bucket/small.fa.gz", "small.fa.gz", **variables)
        variables["GCS_OAUTH_TOKEN"] = "bad"
        self.assertFails(self.predict("gs://private-bucket/small.fa.gz", **variables)[0], 2, "HTTP status 403", "GCS_OAUTH_TOKEN")

    def test_s3_as_moto_serves_it(self):
        try:
            import boto3
            from moto.server import ThreadedMotoServer
        except ImportError:
            self.skipTest("moto is not installed")
        port = free_port()
        server = ThreadedMotoServer(port=port, verbose=False)
        server.start()
        try:
            url = f"http://127.0.0.1:{port}"
            client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET)
            client.create_bucket(Bucket="reads")
            for name in ("long.fa", "small.fa.gz", "a b+c.fa"):
                client.put_object(Bucket="reads", Key="run 1/" + name, Body=self.files[name])
            variables = self.variables(AWS_ENDPOINT_URL_S3=url, AWS_REGION="us-east-1")
            for name in ("long.fa", "small.fa.gz", "a b+c.fa"):
                self.assertSame("s3://reads/run 1/" + name, name, **variables)
            self.assertFails(self.predict("s3://reads/none.fa", **variables)[0], 2, "HTTP status 404")
        finally:
            server.stop()


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
