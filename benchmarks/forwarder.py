"""What the forwarder costs: a burst of lines at a given pace, to a receiver that takes everything in.

Usage: python -m benchmarks.forwarder [LINES_PER_SECOND [SECONDS]]. Prints one row for each kind of receiver.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PIECE_LINES = 200
PIECES = 50  # that differ
TICKS = os.sysconf("SC_CLK_TCK")


def sink_tcp(server: socket.socket) -> None:
    """Read and forget."""
    while True:
        client, _ = server.accept()
        while client.recv(1 << 20):
            pass


class SinkHandler(BaseHTTPRequestHandler):
    """Read and forget, with HTTP."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing."""


def sink(kind: str) -> tuple[int, int]:
    """A receiver in a child: its pid and its port."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        if kind == "tcp":
            server = socket.create_server(("127.0.0.1", 0))
            os.write(write_fd, b"%d\n" % server.getsockname()[1])
            sink_tcp(server)
        else:
            http = ThreadingHTTPServer(("127.0.0.1", 0), SinkHandler)
            os.write(write_fd, b"%d\n" % http.server_address[1])
            http.serve_forever()
        os._exit(0)
    os.close(write_fd)
    with os.fdopen(read_fd) as pipe:
        return pid, int(pipe.readline())


def usage(pid: int) -> tuple[float, int, int]:
    """CPU seconds, RSS and its peak in KiB."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    sizes = {line.split()[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Vm")}
    return (int(fields[11]) + int(fields[12])) / TICKS, sizes["VmRSS:"], sizes["VmHWM:"]


def pieces() -> list[bytes]:
    """Lines of 100 bytes as a web server writes them, no two alike."""
    chance = random.Random(1)
    return [
        b"".join(
            b"2026-11-21 08:54:28,%03d INFO request %016x done in %4d ms, status 200, %6d bytes sent, ok.\n"
            % (
                chance.randrange(1000),
                chance.getrandbits(64),
                chance.randrange(9999),
                chance.randrange(999999),
            )
            for _ in range(PIECE_LINES)
        )
        for _ in range(PIECES)
    ]


def burst(name: str, url: str, pace: int, seconds: float) -> str:
    """One row."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "vigild.forwards"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    last: dict[str, Any] = {}

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            last.update(json.loads(line)["forwards"]["f"])

    reader = threading.Thread(target=read)
    reader.start()

    def tell(message: dict[str, Any], data: bytes = b"") -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(message).encode() + b"\n" + data)
        process.stdin.flush()

    tell({"type": "config", "daemon": {"host": "node"}, "forwards": [{"name": "f", "url": url}]})
    tell(
        {
            "type": "open",
            "stream": 1,
            "program": "web:web_1",
            "group": "web",
            "name": "web_1",
            "channel": "stdout",
            "pid": 42,
            "forwards": ["f"],
        }
    )
    while not last:
        time.sleep(0.01)  # a program of its own, not a test
    time.sleep(0.3)
    idle = usage(process.pid)
    made = pieces()
    begin = time.monotonic()
    sent = 0
    while (now := time.monotonic()) < begin + seconds:
        if sent < (now - begin) * pace:
            piece = made[sent // PIECE_LINES % PIECES]
            tell({"type": "data", "stream": 1, "at": time.time(), "bytes": len(piece), "dropped": 0}, piece)
            sent += PIECE_LINES
        else:
            time.sleep(0.001)
    took = time.monotonic() - begin
    cpu, rss, peak = usage(process.pid)
    process.stdin.close()
    process.wait()
    reader.join()
    return (
        f"{name:12} {sent / took:8.0f} lines/s  {100 * (cpu - idle[0]) / took:5.1f} % of a core  "
        f"idle {idle[1] / 1024:5.1f} MiB, then {rss / 1024:5.1f}, peak {peak / 1024:5.1f}  "
        f"sent {last['sent_lines']}, dropped {last['dropped_lines']}, of {sent}"
    )


def main() -> None:
    """One row for each kind."""
    pace = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    (tcp_pid, tcp), (http_pid, http) = sink("tcp"), sink("http")
    for name, url in (
        ("syslog+tcp", f"syslog+tcp://127.0.0.1:{tcp}"),
        ("loki", f"loki+http://127.0.0.1:{http}"),
        ("loki gzip=no", f"loki+http://127.0.0.1:{http}?gzip=no"),
        ("otlp", f"otlp+http://127.0.0.1:{http}"),
        ("otlp gzip=no", f"otlp+http://127.0.0.1:{http}?gzip=no"),
    ):
        print(burst(name, url, pace, seconds), flush=True)
    for pid in (tcp_pid, http_pid):
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
