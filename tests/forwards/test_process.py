"""The real process, with receivers that fail: what is delivered, what is dropped, and what it says of both."""

import gzip
import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.forwarder import Forwarder
from support.ports import free_port
from support.receivers import Arrived, HttpReceiver, Reply
from support.until import DEADLINE_SECONDS, until

MIB = 1 << 20


def values_of(request: Arrived) -> list[tuple[str, str]]:
    """Times and lines of one request to Loki."""
    is_packed = request.headers.get("content-encoding") == "gzip"
    body = json.loads(gzip.decompress(request.body) if is_packed else request.body)
    return [(at, line) for stream in body["streams"] for at, line in stream["values"]]


def loki_lines(receiver: HttpReceiver) -> list[str]:
    """What Loki keeps: of equal lines with the same time, one."""
    found = dict.fromkeys(value for request in list(receiver.requests) for value in values_of(request))
    return [line for _, line in found]


def loki(port: int) -> dict[str, object]:
    return {"name": "f", "url": f"loki+http://127.0.0.1:{port}", "batch_seconds": 0.02}


@pytest.mark.slow
def test_an_outage_loses_nothing_that_fits_the_buffer() -> None:
    port = free_port()
    lines = [f"line {number}" for number in range(3000)]
    with Forwarder(loki(port)) as forwarder:
        forwarder.open(1, "web")
        with HttpReceiver(Reply(204), port=port, keeps=True) as before:
            for line in lines[:1000]:
                forwarder.data(1, f"{line}\n".encode())
            until(lambda: len(loki_lines(before)) == 1000)
        for line in lines[1000:2000]:
            forwarder.data(1, f"{line}\n".encode())
        until(lambda: forwarder.report("f").get("failing_since"))
        with HttpReceiver(Reply(204), port=port, keeps=True) as after:
            until(lambda: not forwarder.report("f")["failing_since"])
            forwarder.data(1, "".join(f"{line}\n" for line in lines[2000:]).encode())
            until(lambda: len(loki_lines(after)) == 2000)
            report = forwarder.end()["f"]
            values = [value for each in after.requests for value in values_of(each)]
    assert lines == loki_lines(before) + loki_lines(after)
    assert 2000 == len(values)  # nothing came twice
    assert (3000, 0, 0, "") == tuple(
        report[name] for name in ("sent_lines", "dropped_lines", "refused_lines", "error")
    )
    assert "" == forwarder.words


@pytest.mark.slow
def test_beyond_the_buffer_the_oldest_lines_are_dropped_and_counted() -> None:
    port = free_port()
    count = 20_000
    with Forwarder({**loki(port), "buffer_max_bytes": 256 << 10, "batch_max_bytes": 64 << 10}) as forwarder:
        forwarder.open(1, "web")
        for begin in range(0, count, 100):
            data = "".join(f"{number:049d}\n" for number in range(begin, begin + 100))
            forwarder.data(1, data.encode())
        until(lambda: forwarder.report("f").get("failing_since"))
        with HttpReceiver(Reply(204), port=port, keeps=True) as receiver:
            until(lambda: not forwarder.report("f")["failing_since"])
            report = forwarder.end()["f"]
            arrived = [int(line) for line in loki_lines(receiver)]
    assert list(range(count - len(arrived), count)) == arrived
    assert (len(arrived), count - len(arrived)) == (report["sent_lines"], report["dropped_lines"])
    assert 50 * report["dropped_lines"] == report["dropped_bytes"]
    assert 2000 < len(arrived) < 5300  # of 256 KiB


@pytest.mark.slow
def test_a_receiver_that_hangs_holds_up_nobody() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        HttpReceiver(Reply(204), keeps=True) as receiver,
        Forwarder(
            {"name": "hangs", "url": f"otlp+http://127.0.0.1:{deaf.getsockname()[1]}"},
            {"name": "works", "url": f"loki+http://127.0.0.1:{receiver.port}"},
        ) as forwarder,
    ):
        forwarder.open(1, "web")
        for number in range(1000):
            forwarder.data(1, f"{number}\n".encode())
        until(lambda: len(loki_lines(receiver)) == 1000)
        begin = time.monotonic()
        report = forwarder.end()
        took = time.monotonic() - begin
    assert took < DEADLINE_SECONDS
    assert (1000, 1000) == (report["works"]["sent_lines"], report["hangs"]["waiting_lines"])
    assert "forward hangs: 1000 lines (3890 bytes) were not delivered\n" == forwarder.words


@pytest.mark.slow
def test_memory_is_bounded_whatever_comes() -> None:
    with Forwarder({**loki(free_port()), "buffer_max_bytes": 2 * MIB}) as forwarder:
        forwarder.open(1, "long")
        forwarder.open(2, "endless")
        forwarder.open(3, "short")
        piece = b"x" * 99 + b"\n"
        for _ in range(40):
            forwarder.data(1, piece * 5000)
            forwarder.data(2, b"y" * 500_000)
            forwarder.data(3, b"\n" * 1000)
        forwarder.test("f")  # all of it was read
        assert forwarder.memory_kib() < 60 << 10
        status = forwarder.end()["f"]
        assert status["waiting_bytes"] <= 2 * MIB
    made = 40 * (5000 * 100 + 500_000 + 1000)
    counted = status["dropped_bytes"] + status["waiting_bytes"]
    assert made <= counted <= made + 1000  # parts of the endless line count a newline each


@pytest.mark.slow
def test_batches_that_are_too_large_come_in_smaller_ones() -> None:
    with HttpReceiver(Reply(204), keeps=True) as receiver:
        receiver.answers.extend([Reply(413, {}, "request entity too large")] * 3)
        with Forwarder({**loki(receiver.port), "batch_seconds": 0.2}) as forwarder:
            forwarder.open(1, "web")
            forwarder.data(1, "".join(f"{number}\n" for number in range(1000)).encode())
            until(lambda: len(loki_lines(receiver)) == 1000)
    assert [str(number) for number in range(1000)] == loki_lines(receiver)
    assert 5 == len(receiver.requests)  # 1000 lines, 500, 250; then 125 and the rest


@pytest.mark.slow
def test_what_a_dead_receiver_has_not_taken_is_delivered_by_the_next_one_whoever_dies(tmp_path: Path) -> None:
    """Three that live at the same time: nothing is lost, nothing comes twice."""
    port = free_port()
    base = str(tmp_path / "forwards-0")
    forwarders = []
    with ExitStack() as stack:
        for number in range(3):
            forwarder = stack.enter_context(Forwarder(loki(port), spool=base))
            forwarders.append(forwarder)
            forwarder.open(1, "web", pid=number)
            for line in range(1000 * number, 1000 * (number + 1)):
                forwarder.data(1, f"{line}\n".encode())
            until(lambda one=forwarder: one.report("f").get("failing_since"))
        first, second, third = forwarders
        first.end()
        second.end()
        assert "forward f: 1000 lines (3890 bytes) were not delivered; they are kept" in first.words
        with HttpReceiver(Reply(204), port=port, keeps=True) as receiver:
            until(lambda: len(loki_lines(receiver)) == 3000)
            report = third.end()["f"]
            values = [value for each in receiver.requests for value in values_of(each)]
    assert {str(number) for number in range(3000)} == {line for _, line in values}
    assert 3000 == len(values)
    assert (3000, 0) == (report["sent_lines"], report["waiting_lines"])
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_when_nothing_is_to_do_it_sleeps() -> None:
    with HttpReceiver(Reply(204), keeps=True) as receiver, Forwarder(loki(receiver.port)) as forwarder:
        forwarder.open(1, "web")
        forwarder.data(1, b"x\n")
        until(lambda: loki_lines(receiver))
        tasks = Path(f"/proc/{forwarder.process.pid}/task")

        def switches() -> int:
            texts = [(task / "status").read_text(encoding="ascii") for task in tasks.iterdir()]
            lines = [line for text in texts for line in text.splitlines() if "voluntary_ctxt" in line]
            return sum(int(line.split()[1]) for line in lines)

        def quiet() -> bool:
            before, deadline = switches(), time.monotonic() + 1.0
            until(lambda: time.monotonic() > deadline)
            return switches() == before

        until(quiet)
