import io
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forwards.fakes import FakeSender
from support.until import DEADLINE_SECONDS, until
from vigild.core.forwarding import Outcome, Verdict
from vigild.forwards.settings import ForwardSettings
from vigild.forwards.worker import (
    MAX_BEGUN_BYTES,
    MAX_LINE_BYTES,
    MAX_PIECE_BYTES,
    ProtocolError,
    Worker,
    run,
    serve,
    warn_on_stderr,
)

NOW = 1_700_000_000.0


class Bench:
    """A worker whose receivers are fakes; what it says, and what it warns of."""

    def __init__(self) -> None:
        self.senders: dict[str, list[FakeSender]] = {}
        self.warnings: list[str] = []
        self.read_fd, self.write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)
        self.said = b""
        self.has_ended = False
        self.worker = Worker(self.make_sender, self.write_fd, self.warnings.append, 3600.0)

    def finish(self, seconds: float = DEADLINE_SECONDS) -> None:
        if not self.has_ended:
            self.has_ended = True
            self.worker.finish(seconds)

    def end(self) -> None:
        for senders in self.senders.values():
            for sender in senders:
                sender.gate.set()
        self.finish()
        os.close(self.write_fd)
        os.close(self.read_fd)

    def make_sender(self, settings: ForwardSettings) -> FakeSender:
        sender = FakeSender()
        self.senders.setdefault(settings.name, []).append(sender)
        return sender

    def configure(self, *names: str, spool: str = "", **values: Any) -> None:
        usual = {"url": "journald:", "batch_seconds": 0.0, **values}
        forwards = [{"name": name, **usual} for name in names]
        daemon = {"host": "node", "spool": spool}
        self.worker.take({"type": "config", "daemon": daemon, "forwards": forwards}, b"")

    def open(self, number: int, *forwards: str, program: str = "web:web_1", pid: int = 42) -> None:
        group, _, name = program.partition(":")
        message = {"type": "open", "stream": number, "program": program, "group": group, "name": name}
        self.worker.take({**message, "channel": "stdout", "pid": pid, "forwards": list(forwards)}, b"")

    def data(self, number: int, data: bytes, dropped: int = 0) -> None:
        message = {"type": "data", "stream": number, "at": NOW, "bytes": len(data), "dropped": dropped}
        self.worker.take(message, data)

    def lines(self, name: str) -> list[str]:
        return [line for sender in self.senders[name] for line in sender.lines]

    def until_lines(self, name: str, *lines: str) -> None:
        until(lambda: len(self.lines(name)) >= len(lines))
        assert list(lines) == self.lines(name)

    def messages(self) -> list[dict[str, Any]]:
        try:
            while data := os.read(self.read_fd, 65536):
                self.said += data
        except BlockingIOError:
            pass
        return [json.loads(line) for line in self.said.splitlines()]

    def tested(self) -> list[dict[str, Any]]:
        return [message for message in self.messages() if message["type"] == "tested"]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.end()


def test_output_goes_where_it_is_to_go(bench: Bench) -> None:
    bench.configure("f", "g")
    bench.open(1, "f", "g")
    bench.open(2, "g", "unknown")
    bench.data(1, b"a\nb")
    bench.until_lines("f", "a")
    bench.data(2, b"c\n")
    until(lambda: {"a", "c"} == set(bench.lines("g")))
    bench.worker.take({"type": "close", "stream": 1}, b"")
    bench.until_lines("f", "a", "b")
    bench.data(1, b"nobody\n")  # of a stream that is closed
    bench.worker.take({"type": "close", "stream": 1}, b"")
    assert ["a", "b"] == bench.lines("f")


def test_what_the_daemon_dropped_is_marked(bench: Bench) -> None:
    bench.configure("f")
    bench.open(1, "f")
    bench.data(1, b"begun")
    bench.data(1, b"rest\n", dropped=99)
    bench.until_lines("f", "begun [99 bytes lost here]", "rest")


def test_a_stream_that_is_opened_again_goes_on(bench: Bench) -> None:
    bench.configure("f", "g")
    bench.open(1, "f")
    bench.data(1, b"beg")
    bench.open(1, "g")
    bench.data(1, b"un\n")
    bench.until_lines("g", "begun")
    bench.data(1, b"cut off")
    bench.open(1, "g", pid=43)
    bench.data(1, b"new\n")
    bench.until_lines("g", "begun", "cut off", "new")
    assert [] == bench.lines("f")


def test_other_settings_and_forwards_that_are_gone(bench: Bench) -> None:
    bench.configure("f", "g")
    bench.open(1, "f", "g")
    bench.senders["f"][0].outcomes.extend([Outcome(Verdict.LATER, "dead")] * 1000)
    bench.data(1, b"a\n")
    bench.until_lines("g", "a")
    bench.configure("g")
    bench.configure("g", url="journald:///other")
    bench.data(1, b"b\n")
    bench.until_lines("g", "a", "b")
    assert ["b"] == bench.senders["g"][1].lines
    assert {"g"} == set(bench.worker.statuses())


def test_it_says_how_forwards_stand(bench: Bench) -> None:
    bench.configure("f")
    until(bench.messages)
    assert "journald:" == bench.messages()[0]["forwards"]["f"]["url"]
    bench.senders["f"][0].outcomes.append(Outcome(Verdict.LATER, "dead"))
    bench.open(1, "f")
    bench.data(1, b"a\n")
    until(lambda: "dead" == bench.messages()[-1]["forwards"]["f"]["error"])


def test_a_forward_is_tried_out_over_a_way_of_its_own(bench: Bench) -> None:
    bench.configure("f")
    bench.senders["f"][0].gate.clear()
    bench.open(1, "f")
    bench.data(1, b"stuck\n")
    bench.worker.take({"type": "test", "id": 7, "forward": "f"}, b"")
    (answer,) = until(bench.tested)
    assert (7, True) == (answer["id"], answer["ok"])
    assert answer["text"].startswith("journald:: it was taken (")
    assert "forward f" in bench.senders["f"][1].lines[0]
    assert 1 == bench.senders["f"][1].closed


def test_an_address_in_a_file_is_looked_for_again_to_try_it(bench: Bench, tmp_path: Path) -> None:
    bench.configure("f", url="", url_file=str(tmp_path / "url"))
    (tmp_path / "url").write_text("journald:///other\n")
    bench.worker.take({"type": "test", "id": 7, "forward": "f"}, b"")
    (answer,) = until(bench.tested)
    assert answer["text"].startswith("journald:///other: ")


def test_tries_that_come_to_nothing(bench: Bench) -> None:
    bench.configure("f")
    made = bench.make_sender
    sender = FakeSender()

    def make(settings: ForwardSettings) -> FakeSender:
        made(settings)
        return sender

    bench.worker._make_sender = make
    sender.gate.clear()
    sender.outcomes.extend([Outcome(Verdict.REFUSED, "no"), ValueError("secret"), Outcome(Verdict.LATER)])
    bench.worker.take({"type": "test", "id": 1, "forward": "f"}, b"")
    bench.worker.take({"type": "test", "id": 2, "forward": "f"}, b"")
    bench.worker.take({"type": "test", "id": 3, "forward": "g"}, b"")
    until(lambda: len(bench.tested()) == 2)
    sender.gate.set()
    for number in (3, 4, 5):
        until(lambda count=number: len(bench.tested()) == count)  # type: ignore[misc]
        if number < 5:
            until(lambda: not bench.worker._under_test)
            bench.worker.take({"type": "test", "id": number + 1, "forward": "f"}, b"")
    assert [
        (2, "it is being tried out already"),
        (3, "there is no forward g"),
        (1, "no"),
        (4, "it failed (ValueError)"),
        (5, "it failed"),
    ] == [(answer["id"], answer["text"]) for answer in bench.tested()]
    assert not any(answer["ok"] for answer in bench.tested())


def test_lines_without_an_end_are_bounded_in_all(bench: Bench) -> None:
    bench.configure("f", buffer_max_bytes=1)
    count = MAX_BEGUN_BYTES // 60_000 + 10
    for number in range(count):
        bench.open(number, "f", pid=number)
        bench.data(number, b"x" * 60_000)
    assert bench.worker._begun_bytes <= MAX_BEGUN_BYTES
    kept = sum(stream.cutter.begun_bytes for stream in bench.worker._streams.values())
    assert kept == bench.worker._begun_bytes
    for number in range(count):
        bench.worker.take({"type": "close", "stream": number}, b"")
    assert 0 == bench.worker._begun_bytes


def test_what_cannot_be_delivered_at_the_end_is_said(bench: Bench) -> None:
    bench.configure("f", "g")
    bench.senders["f"][0].outcomes.extend([Outcome(Verdict.LATER, "dead")] * 1000)
    bench.open(1, "f", "g")
    bench.data(1, b"a\nbb")
    bench.finish(0.3)
    assert ["forward f: 2 lines (5 bytes) were not delivered"] == bench.warnings
    assert ["a", "bb"] == bench.lines("g")
    assert 2 == bench.messages()[-1]["forwards"]["g"]["sent_lines"]


def test_what_cannot_be_delivered_at_the_end_is_left_to_the_next(bench: Bench, tmp_path: Path) -> None:
    base = str(tmp_path / "forwards-0")
    bench.configure("f", "g", spool=base)
    bench.senders["f"][0].outcomes.extend([Outcome(Verdict.LATER, "dead")] * 1000)
    bench.open(1, "f", "g")
    bench.data(1, b"a\nbb")
    until(lambda: bench.worker.statuses()["f"]["error"])  # type: ignore[index]
    bench.finish()
    assert [
        "forward f: 2 lines (5 bytes) were not delivered; they are kept for the next forwarder"
    ] == bench.warnings
    assert 0 == bench.messages()[-1]["forwards"]["f"]["waiting_lines"]
    after = Bench()
    after.configure("f", spool=base)
    after.until_lines("f", "a", "bb")
    after.end()
    assert ["forward f: 2 lines that were left from before wait again"] == after.warnings
    assert [] == list(tmp_path.iterdir())


def test_after_the_last_forward_nothing_is_kept(bench: Bench, tmp_path: Path) -> None:
    bench.configure("f", spool=str(tmp_path / "forwards-0"))
    bench.senders["f"][0].outcomes.extend([Outcome(Verdict.LATER, "dead")] * 1000)
    bench.open(1, "f")
    bench.data(1, b"a\n")
    bench.worker.take({"type": "forget"}, b"")
    bench.finish()
    assert ["forward f: 1 lines (2 bytes) were not delivered"] == bench.warnings
    assert [] == list(tmp_path.iterdir())


def test_at_the_end_forwards_that_just_left_are_waited_for(bench: Bench) -> None:
    bench.configure("f", "g")
    bench.senders["f"][0].gate.clear()
    bench.open(1, "f")
    bench.data(1, b"a\n")
    until(lambda: bench.senders["f"][0].tries)
    bench.configure("g")
    ending = threading.Thread(target=bench.finish)
    ending.start()
    bench.senders["f"][0].gate.set()
    ending.join()
    assert ["a"] == bench.lines("f")
    assert [] == bench.warnings


def test_streams_whose_end_did_not_come_through_are_closed(bench: Bench) -> None:
    bench.configure("f")
    for number in (1, 2, 3):
        bench.open(number, "f", pid=number)
        bench.data(number, b"begun by %d" % number)
    bench.worker.take({"type": "streams", "open": [2, 9]}, b"")
    until(lambda: {"begun by 1", "begun by 3"} == set(bench.lines("f")))
    bench.data(2, b"!\n")
    until(lambda: "begun by 2!" in bench.lines("f"))


def test_messages_are_read_with_the_bytes_behind_them(bench: Bench) -> None:
    bench.configure("f")
    bench.open(1, "f")
    head = b'{"type":"data","stream":1,"at":1,"bytes":8,"dropped":0}\n'
    stdin = io.BytesIO(
        head + b'a\n{"b":\n' + b"\n" + b'{"type":"close","stream":"?"}\n{"type":"whatever"}\n{"typ'
    )
    with pytest.raises(ProtocolError, match="no message"):
        serve(bench.worker, stdin, bench.warnings.append)
    serve(bench.worker, stdin, bench.warnings.append)
    bench.until_lines("f", "a", '{"b":')
    assert 2 == len(bench.warnings)
    assert "cannot be understood (ValueError)" in bench.warnings[0]
    assert "'whatever'" in bench.warnings[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"x" * (MAX_LINE_BYTES + 2), "more than"),
        (b"[]\n", "no message"),
        (b'{"type":"data","bytes":"x"}\n', "no message"),
        (b'{"type":"data","bytes":-1}\n', "a piece of -1 bytes"),
        (b'{"type":"data","bytes":%d}\n' % (MAX_PIECE_BYTES + 1), "a piece of"),
    ],
)
def test_what_has_no_end_ends_it(bench: Bench, data: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        serve(bench.worker, io.BytesIO(data), bench.warnings.append)


def test_the_exit_status(capfd: pytest.CaptureFixture[str]) -> None:
    read_fd, write_fd = os.pipe()
    assert 0 == run(lambda _: FakeSender(), io.BytesIO(b""), write_fd)
    assert 1 == run(lambda _: FakeSender(), io.BytesIO(b"nonsense\n"), write_fd)
    assert "the daemon said what is no message" in capfd.readouterr().err
    os.close(read_fd)
    os.close(write_fd)


def test_a_daemon_that_is_dead_is_told_nothing_and_that_is_no_failure(
    capfd: pytest.CaptureFixture[str],
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    kept = os.dup(2)
    os.dup2(writer, 2)
    try:
        warn_on_stderr("3 lines were not delivered")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(writer)
    warn_on_stderr("na\u00efve")
    assert capfd.readouterr().err == "na\u00efve\n"
