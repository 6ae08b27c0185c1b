"""A real nginx with TLS of a private authority, and proxies that disturb what it sends."""
import os
import random
import shutil
import socket
import subprocess
import threading
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificates(folder):
    """An authority, and a certificate of it for localhost and 127.0.0.1."""
    run = lambda *command: subprocess.run(command, cwd=folder, check=True, capture_output=True)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
        "ca.pem", "-days", "2", "-subj", "/CN=Private authority of a test")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out",
        "server.csr", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "names"), "w") as names:
        names.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")
    return os.path.join(folder, "ca.pem")


class Nginx:
    """Serves `root` on the port `port`; each kind of trouble has a port of its own."""

    KINDS = ("plain", "slow", "busy", "token", "redirect", "downgrade", "loop", "no_ranges",
             "always_busy", "login")

    def __init__(self, folder, root):
        self.folder, self.root = folder, root
        self.ports = {kind: free_port() for kind in self.KINDS}
        self.other_port, self.http_port = free_port(), free_port()
        for name in ("logs", "temp"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        self.log = os.path.join(folder, "logs", "access.log")
        with open(os.path.join(folder, "nginx.conf"), "w") as file:
            file.write(self.configuration())
        command = ["nginx", "-p", folder, "-c", os.path.join(folder, "nginx.conf")]
        subprocess.run(command + ["-t"], check=True, capture_output=True)
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        for port in (*self.ports.values(), self.other_port):
            wait_for(port)

    def url(self, kind="plain"):
        return f"https://localhost:{self.ports[kind]}"

    def server(self, kind, more, port=None):
        return f"""
  server {{
    listen 127.0.0.1:{port or self.ports[kind]} ssl;
    set $kind {kind};
    root {self.root};
    default_type application/octet-stream;
{more}
  }}"""

    def configuration(self):
        other = f"https://127.0.0.1:{self.other_port}"
        kinds = {
            "plain": "",
            "slow": "    location / { limit_rate 1m; }",
            "busy": "    limit_req zone=few; limit_req_status 429; error_page 429 @busy;\n"
                    "    location @busy { add_header Retry-After 1 always; return 429; }",
            "always_busy": "    location / { add_header Retry-After 7200 always; return 429; }",
            "token": '    location / { if ($http_authorization != "Bearer good") { return 403; } }',
            "redirect": f"    location / {{ return 302 {other}$request_uri?signature=secret; }}",
            "downgrade": f"    location / {{ return 302 http://127.0.0.1:{self.http_port}"
                         "$request_uri; }",
            "loop": "    location / { return 302 $request_uri; }",
            "no_ranges": "    max_ranges 0;",
            "login": "    location / { return 200 '<html>Please log in</html>'; }",
        }
        servers = "".join(self.server(kind, more) for kind, more in kinds.items())
        return f"""
worker_processes 1;
daemon off;
user root;
pid {self.folder}/nginx.pid;
error_log {self.folder}/logs/error.log;
events {{ worker_connections 512; }}
http {{
  log_format short '$kind $status $body_bytes_sent $uri range=$http_range token=$http_authorization';
  access_log {self.log} short;
  client_body_temp_path {self.folder}/temp/a;
  proxy_temp_path {self.folder}/temp/b;
  fastcgi_temp_path {self.folder}/temp/c;
  uwsgi_temp_path {self.folder}/temp/d;
  scgi_temp_path {self.folder}/temp/e;
  ssl_certificate {self.folder}/server.pem;
  ssl_certificate_key {self.folder}/server.key;
  limit_req_zone $binary_remote_addr zone=few:1m rate=4r/s;
{servers}
{self.server("other", "", self.other_port)}
  server {{ listen 127.0.0.1:{self.http_port}; set $kind http; root {self.root}; }}
}}
"""

    def requests(self):
        """The lines of the log so far; workers write a line when an answer ends."""
        time.sleep(0.1)
        if not os.path.exists(self.log):
            return []
        with open(self.log) as file:
            return file.read().splitlines()

    def forget_requests(self):
        self.requests()
        with open(self.log, "w"):
            pass

    def stop(self):
        self.process.terminate()
        self.process.wait()


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


class Listener:
    """Gives each connection of a free port on loopback to serve(), in a thread of its own."""

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def stop(self):
        self.listener.close()


class Disturber(Listener):
    """Passes connections on to a port, and cuts or stalls each after a random number of bytes."""

    def __init__(self, target, fewest, most, seed, stalls=False, refuses_first=0):
        self.target, self.fewest, self.most = target, fewest, most
        self.rng, self.stalls, self.refuses = random.Random(seed), stalls, refuses_first
        self.cuts, self.connections, self.lock = 0, 0, threading.Lock()
        self.is_on = True
        self.listen()

    def url(self):
        return f"https://localhost:{self.port}"

    def serve(self, client):
        with self.lock:
            self.connections += 1
            left = self.rng.randrange(self.fewest, self.most) if self.is_on else 1 << 60
            refused = self.connections <= self.refuses
        if refused:
            return close(client)
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            return close(client)
        threading.Thread(target=self.copy, args=(client, server), daemon=True).start()
        try:
            while left > 0:
                piece = server.recv(min(65536, left))
                if not piece:
                    break
                client.sendall(piece)
                left -= len(piece)
            if left <= 0:
                with self.lock:
                    self.cuts += 1
                if self.stalls:
                    time.sleep(8)
        except OSError:
            pass
        close(client, reset=self.rng.random() < 0.5)
        close(server)

    @staticmethod
    def copy(source, target):
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
        except OSError:
            pass


class ConnectProxy(Listener):
    """A proxy for https: it only passes bytes on, and counts whom it was asked for."""

    def __init__(self):
        self.asked = []
        self.listen()

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return close(client)
            head += piece
        place = head.split(b" ", 2)[1].decode()
        self.asked.append(place)
        server = socket.create_connection(("127.0.0.1", int(place.rsplit(":", 1)[1])))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=Disturber.copy, args=(client, server), daemon=True).start()
        Disturber.copy(server, client)
        close(client)
        close(server)


def close(connection, reset=False):
    """With `reset`, bytes on their way are lost, as when a machine goes down."""
    try:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  b"\x01\0\0\0\0\0\0\0")
            connection.shutdown(socket.SHUT_RD)  # wakes the thread that reads, which keeps it open
        else:
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def missing_programs(*programs):
    return [program for program in programs if shutil.which(program) is None]
