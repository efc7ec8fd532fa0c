"""The forwarder as a child process, and the daemon's end of its pipes.

with Forwarder(short_tmp, {"name": "f", "url": "syslog+tcp://127.0.0.1:1601"}) as forwarder:
    forwarder.open(1, "web:web_1")
    forwarder.data(1, b"a line\\n")
    until(lambda: forwarder.report("f").get("sent_lines") == 1)
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.until import DEADLINE_SECONDS, until

IDENTIFIER, HOST = "supervisor", "node.example"


class Forwarder:
    """`reports` and `tested` grow as it says something; what it says on stderr is in `words`, once it has ended."""

    def __init__(self, *forwards: dict[str, Any], spool: str = "", **environment: str) -> None:
        self._spool = spool
        self.reports: list[dict[str, Any]] = []
        self.tested: dict[int, dict[str, Any]] = {}
        self.words = ""
        self._names = [str(forward["name"]) for forward in forwards]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vigild.forwards"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
                **environment,
            },
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.configure(*forwards)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            if message["type"] == "report":
                self.reports.append(message["forwards"])
            else:
                self.tested[message["id"]] = message

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def tell(self, message: dict[str, Any], data: bytes = b"") -> None:
        self.write(json.dumps(message).encode() + b"\n" + data)

    def configure(self, *forwards: dict[str, Any]) -> None:
        usual = {"batch_seconds": 0.05, "batch_max_bytes": 1 << 20, "buffer_max_bytes": 8 << 20, "labels": []}
        self._names = [str(forward["name"]) for forward in forwards]
        self.tell(
            {
                "type": "config",
                "daemon": {"identifier": IDENTIFIER, "host": HOST, "spool": self._spool},
                "forwards": [{**usual, **forward} for forward in forwards],
            }
        )

    def open(
        self,
        stream: int,
        program: str,
        channel: str = "stdout",
        pid: int = 42,
        forwards: list[str] | None = None,
    ) -> None:
        group, _, name = program.partition(":")
        self.tell(
            {
                "type": "open",
                "stream": stream,
                "program": program,
                "group": group,
                "name": name or group,
                "channel": channel,
                "pid": pid,
                "forwards": self._names if forwards is None else forwards,
            }
        )

    def data(self, stream: int, data: bytes, dropped: int = 0, at: float = 0.0) -> None:
        self.tell(
            {
                "type": "data",
                "stream": stream,
                "at": at or time.time(),
                "bytes": len(data),
                "dropped": dropped,
            },
            data,
        )

    def close_stream(self, stream: int) -> None:
        self.tell({"type": "close", "stream": stream})

    def report(self, name: str) -> dict[str, Any]:
        """The last of this forward; {} before there is one."""
        found: dict[str, Any] = self.reports[-1].get(name, {}) if self.reports else {}
        return found

    def test(self, name: str, number: int = 1) -> dict[str, Any]:
        self.tell({"type": "test", "id": number, "forward": name})
        return until(lambda: self.tested.get(number))

    def end(self) -> dict[str, Any]:
        """Let it deliver what it holds, and end. Returns its last report."""
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
            self.process.wait(DEADLINE_SECONDS)
            self._reader.join(DEADLINE_SECONDS)
            self.words = self.process.stderr.read().decode()
        return self.reports[-1] if self.reports else {}

    def memory_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        try:
            self.end()
        finally:
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()
