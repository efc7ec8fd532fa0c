"""The writer on real files: order, bounds, trouble with the disk, and the loop that it must not hold up."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from support.fakes import FakeLog
from support.until import DEADLINE_SECONDS
from vigild.core.errors import VigilError
from vigild.core.history import Fact, HistoryQuery, Kind
from vigild.core.machine import MachineSample
from vigild.core.samples import Sample, SampleQuery, Usage, sample_of
from vigild.host.store import writer as writing
from vigild.host.store.writer import MAX_WAITING, HistoryWriter

MB = 1 << 20


def fact(number: int, name: str = "web") -> Fact:
    return Fact(1e9 + number, Kind.STATE, name, {"n": number})


def run(
    path: Path,
    scene: Callable[[HistoryWriter], Awaitable[None]],
    *,
    max_bytes: int = 50 * MB,
    max_seconds: float = 1e12,
) -> FakeLog:
    log = FakeLog()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        writer = HistoryWriter(loop, str(path), max_bytes=max_bytes, max_seconds=max_seconds, log=log)
        try:
            await scene(writer)
        finally:
            writer.close()

    asyncio.run(main())
    return log


async def numbers(writer: HistoryWriter, **query: object) -> list[object]:
    found = await writer.read(HistoryQuery(**query))  # type: ignore[arg-type]
    return [struct["details"].get("n", struct["details"]) for struct in found]  # type: ignore[attr-defined]


def kept(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM fact").fetchone()[0])


def test_a_question_gets_what_was_noted_just_before_it(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        for number in range(600):  # more than a batch
            writer.note(fact(number))
        assert await numbers(writer, limit=1000) == list(range(600))

    assert run(tmp_path / "h.db", scene).lines == []


def test_facts_can_be_made_in_the_thread(tmp_path: Path) -> None:
    made_in: list[str] = []

    def make() -> list[Fact]:
        made_in.append(threading.current_thread().name)
        return [fact(1), fact(2)]

    async def scene(writer: HistoryWriter) -> None:
        writer.note(fact(0))
        writer.note_all(make)
        writer.note_all(list)
        assert await numbers(writer) == [0, 1, 2]

    run(tmp_path / "h.db", scene)
    assert made_in == ["history"]


def test_the_end_of_the_daemon_loses_nothing(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        for number in range(1000):
            writer.note(fact(number))

    run(tmp_path / "h.db", scene)
    assert kept(tmp_path / "h.db") == 1000


def test_nothing_is_opened_where_nothing_happens(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        await asyncio.sleep(0)

    run(tmp_path / "s" / "h.db", scene)
    assert not (tmp_path / "s").exists()


def test_facts_are_written_without_being_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "OPEN_AFTER_SECONDS", 0.0)

    def is_kept() -> bool:
        try:
            return (tmp_path / "h.db").exists() and kept(tmp_path / "h.db") == 1
        except sqlite3.OperationalError:  # it is just being made
            return False

    async def scene(writer: HistoryWriter) -> None:
        writer.note(fact(1))
        while not is_kept():
            await asyncio.sleep(0.01)

    run(tmp_path / "h.db", scene)


def test_it_goes_on_after_a_close_as_when_an_upgrade_failed(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        writer.note(fact(1))
        writer.close()
        assert "history" not in {thread.name for thread in threading.enumerate()}
        writer.note(fact(2))
        assert await numbers(writer) == [1, 2]

    run(tmp_path / "h.db", scene)


def test_too_many_are_counted_and_the_gap_is_in_the_history(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        for number in range(MAX_WAITING + 7):
            writer.note(fact(number))
        assert writer.lost == 7
        assert {"count": 7} in await numbers(writer, kinds=("lost",))

    run(tmp_path / "h.db", scene)


def test_where_it_cannot_be_kept_that_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def scene(writer: HistoryWriter) -> None:
        for number in range(3):
            writer.note(fact(number))
            with pytest.raises(VigilError, match="there is no history"):
                await writer.read(HistoryQuery())
        assert writer.lost == 3

    log = run(tmp_path / "file" / "h.db", scene)
    (line,) = log.lines
    assert line.startswith(f"CRIT cannot keep the history in {tmp_path}/file/h.db: ")
    assert "history=false" in line


def test_a_damaged_file_is_set_aside_and_the_history_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "h.db").write_bytes(b"nothing of use " * 999)

    async def scene(writer: HistoryWriter) -> None:
        writer.note(fact(1))
        assert await numbers(writer) == [1]

    (line,) = run(tmp_path / "h.db", scene).lines
    assert "it is set aside as" in line
    assert (tmp_path / "h.db.unreadable").exists()


def test_old_facts_go_when_it_is_opened(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        writer.note(fact(1))
        await writer.read(HistoryQuery())

    run(tmp_path / "h.db", scene, max_seconds=60.0)
    assert kept(tmp_path / "h.db") == 0


def test_the_size_is_kept(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        for round_ in range(8):
            for number in range(1000):
                writer.note(Fact(1e9, Kind.ORDER, "web", {"n": number, "round": round_, "x": "x" * 400}))
            await writer.read(HistoryQuery(limit=1))

    run(tmp_path / "h.db", scene, max_bytes=MB)
    assert 0 < kept(tmp_path / "h.db") < 8000
    assert (tmp_path / "h.db").stat().st_size < 1.5 * MB


def test_many_questions_at_once_are_refused(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        asked = [
            asyncio.ensure_future(writer.read(HistoryQuery())) for _ in range(writing.MAX_QUESTIONS + 50)
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert writing.MAX_QUESTIONS <= sum(isinstance(answer, list) for answer in answers)
        assert any(isinstance(answer, VigilError) for answer in answers)

    run(tmp_path / "h.db", scene)


FULL = """
import asyncio, resource, sys
from support.fakes import FakeLog
from vigild.core.errors import VigilError
from vigild.core.history import Fact, HistoryQuery, Kind
from vigild.host.store.writer import HistoryWriter

async def main():
    log = FakeLog()
    writer = HistoryWriter(asyncio.get_running_loop(), sys.argv[1], max_bytes=50 << 20, max_seconds=1e12, log=log)
    troubles = []
    writer.on_trouble = troubles.append
    writer.note(Fact(1.0, Kind.STATE, "web", {}))
    assert len(await writer.read(HistoryQuery())) == 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 10, resource.RLIM_INFINITY))
    for n in range(4000):
        writer.note(Fact(2.0, Kind.STATE, "web", {"x": "x" * 1000}))
    await writer.read(HistoryQuery())
    assert writer.lost > 0, writer.lost
    assert len(log.lines) == 1 and log.lines[0].startswith("CRIT cannot keep the history"), log.lines
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.note(Fact(3.0, Kind.STATE, "web", {}))
    found = await writer.read(HistoryQuery(limit=1000, kinds=("lost",)))
    assert found[-1]["details"]["count"] > 0, found
    assert "can be kept again" in log.lines[-1], log.lines
    assert len(troubles) == 2 and troubles[0].startswith(writer.path) and not troubles[1], troubles
    writer.close()

asyncio.run(main())
"""


def test_a_full_disk_costs_history_only_and_ends_when_there_is_room(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", FULL, str(tmp_path / "h.db")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert (0, "") == (done.returncode, done.stderr)


def a_pass(rss: int = 1 << 20) -> dict[str, Sample]:
    return {"web": sample_of(None, Usage(9.0, 9.0, 1.0, rss, 1, 1), 1e9, 0)}


def test_samples_are_kept_and_can_be_asked_for(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        writer.note_samples(
            1e9, a_pass(1 << 20), MachineSample(1e9, 5.0, 0.5, 0.4, 0.3, 1 << 20, 2 << 20, 0, 0)
        )
        writer.note_samples(1e9 + 10, a_pass(3 << 20))
        query = SampleQuery("web", 1e9 - 60, 1e9 + 60)
        assert await writer.read_samples(query) == []  # that minute is not over
        writer.close()
        (moment,) = await writer.read_samples(query)
        assert (moment.rss_bytes, moment.rss_bytes_max) == (2 << 20, 3 << 20)
        (machine,) = await writer.read_machine(query)
        assert (machine.cpu_percent, machine.memory_bytes) == (5.0, 1 << 20)

    assert run(tmp_path / "h.db", scene).lines == []


def test_the_thread_is_woken_for_samples_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(writer: HistoryWriter) -> None:
        began = now = writer._passes_taken_at
        woken: list[float] = []
        monkeypatch.setattr(writer._loop, "time", lambda: now)
        monkeypatch.setattr(writer, "_kick_soon", lambda: woken.append(now - began))
        for _ in range(11):  # one a minute
            writer.note_samples(now, a_pass())
            now += 60
        assert woken == [300.0, 600.0]
        writer.note_samples(now, {str(number): a_pass()["web"] for number in range(writing.MAX_SAMPLES)})
        assert woken == [300.0, 600.0, 660.0]
        for _ in range(writing.MAX_PASSES):
            writer.note_samples(now, a_pass())
        assert writer.unsampled == 12

    run(tmp_path / "h.db", scene)


def test_samples_that_cannot_be_kept_are_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def scene(writer: HistoryWriter) -> None:
        writer.note_samples(1e9, a_pass())
        writer.close()
        assert writer.unsampled == 1
        with pytest.raises(VigilError, match="there is no history"):
            await writer.read_samples(SampleQuery("web", 0, 1e10))

    assert len(run(tmp_path / "file" / "h.db", scene).lines) == 1


def test_old_samples_go(tmp_path: Path) -> None:
    async def scene(writer: HistoryWriter) -> None:
        writer.note_samples(1e9, a_pass())
        writer.note_samples(1e9 + 60, a_pass())
        writer._pruned_at = 0.0
        assert await writer.read_samples(SampleQuery("web", 1e9 - 60, 1e9 + 120)) == []

    run(tmp_path / "h.db", scene, max_seconds=86400)
