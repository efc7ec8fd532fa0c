"""docs/recipes/logs-out.md"""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from recipes.book import Kitchen, run
from recipes.test_container import Stdout
from support.daemon import Daemon
from support.until import until

pytestmark = pytest.mark.slow


class SyslogServer:
    """Takes messages with their length before them, as RFC 6587 has it."""

    def __init__(self, port: int) -> None:
        self.messages: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(client,), daemon=True).start()

    def _take(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as file:
            while length := self._length(file.read(1), file):
                self.messages.append(file.read(length).decode())

    @staticmethod
    def _length(digits: bytes, file: object) -> int:
        while digits and not digits.endswith(b" "):
            digits += file.read(1)  # type: ignore[attr-defined]
        return int(digits or 0)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def running(kitchen: Kitchen) -> Iterator[tuple[Daemon, Stdout, SyslogServer]]:
    stdout = Stdout(None)
    server = SyslogServer(kitchen.port)
    try:
        with kitchen.running("logs-out", stdout=stdout.write) as daemon:
            yield daemon, stdout, server
    finally:
        server.close()
        stdout.close()


EXPECTED = {
    ("web", "stdout", "GET / 200"),
    ("web", "stderr", "<4>disk is slow"),
    ("worker:worker_0", "stdout", "worker 0: fertig · 完成 · \x1b[32mdone\x1b[0m"),
    ("worker:worker_1", "stdout", "worker 1: fertig · 完成 · \x1b[32mdone\x1b[0m"),
}


def test_every_line_is_an_object_and_reaches_the_server(kitchen: Kitchen) -> None:
    with running(kitchen) as (daemon, stdout, server):
        until(lambda: stdout.text().count("\n") >= len(EXPECTED), what="all lines on standard output")
        objects = [json.loads(line) for line in stdout.text().splitlines()]
        assert sorted(EXPECTED) == sorted((one["program"], one["stream"], one["message"]) for one in objects)
        for one in objects:
            assert ["time", "program", "stream", "message"] == list(one)
            assert datetime.fromisoformat(one["time"]).tzinfo is not None
        until(lambda: len(server.messages) >= len(EXPECTED), what="all lines at the server")
        texts = sorted(message.split("] ", 1)[1] for message in server.messages)
        assert texts == sorted(
            text.removeprefix("<4>").replace("\x1b", "#033") for _program, _stream, text in EXPECTED
        )
        (warning,) = (message for message in server.messages if "disk is slow" in message)
        pid = daemon.pid("web")
        shape = rf'<132>1 \S+Z \S+ web {pid} stderr \[vigil@32473 program="web" group="web" stream="stderr" env="prod"\] '
        assert re.match(shape, warning), warning
        assert daemon.ctl("tail", "web").code != 0, "a pipe has no end to look at"


def test_the_forward_is_in_order_and_a_line_can_be_tried(kitchen: Kitchen) -> None:
    with running(kitchen) as (daemon, _, server):
        tried = run(
            str(daemon.bin / "vigil"),
            "forward",
            "test",
            "central",
            "-s",
            f"unix://{kitchen.dir}/supervisor.sock",
        )
        assert 0 == tried.code, tried
        until(lambda: any("central" in message for message in server.messages), what="the test line")
