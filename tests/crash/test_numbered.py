"""The counting of lines: what goes wrong with a log is seen, and nothing else is."""

import signal
import subprocess
from pathlib import Path

import pytest

from crash.numbered import (
    PROBES,
    Count,
    Writer,
    count_lines,
    make_lines,
    make_writer,
    read_notes,
    rotated,
    total,
)
from support.until import until

WEB = Writer("web", width=40)


PID = 4711


def lines(first: int, last: int, pid: int = PID) -> bytes:
    return make_lines(WEB, pid, first, last - first + 1)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([lines(1, 9)], Count(9)),
        ([lines(1, 3), lines(4, 9)], Count(9)),
        ([lines(1, 9)[:50], lines(1, 9)[50:]], Count(9)),
        ([b""], Count(9, lost=9)),
        ([lines(1, 8)], Count(9, lost=1)),
        ([lines(1, 3) + lines(5, 9)], Count(9, lost=1)),
        ([lines(1, 3), lines(6, 9)], Count(9, lost=2)),
        ([lines(1, 5) + lines(4, 9)], Count(9, doubled=2)),
        ([lines(1, 9) + lines(9, 9)], Count(9, doubled=1)),
        ([lines(1, 9) + lines(10, 10)], Count(9, broken=1)),
        ([lines(1, 4) + lines(6, 6) + lines(5, 5) + lines(7, 9)], Count(9, disordered=1)),
        ([lines(1, 4) + lines(5, 5)[10:] + lines(6, 9)], Count(9, lost=1, broken=1)),
        ([lines(1, 9)[:-1]], Count(9, lost=1, broken=1)),
        ([lines(1, 4) + b"another's line\n" + lines(5, 9)], Count(9, broken=1)),
    ],
)
def test_what_is_wrong_with_a_log_is_counted(tmp_path: Path, files: list[bytes], expected: Count) -> None:
    log = tmp_path / "log"
    for age, content in enumerate(reversed(files)):
        (tmp_path / f"log.{age}" if age else log).write_bytes(content)
    assert expected == count_lines(WEB, log, {PID: 9})
    assert expected.is_perfect is (expected == Count(9))


def test_each_instance_is_counted_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(lines(1, 3, 7) + lines(1, 2, 8) + lines(5, 5, 7) + lines(2, 4, 8))
    assert Count(9, lost=1, doubled=1) == count_lines(WEB, log, {7: 5, 8: 4})
    assert Count(5, lost=1, broken=5) == count_lines(WEB, log, {7: 5})


def test_the_oldest_backup_comes_first(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for name in ("log", "log.2", "log.10", "log.1", "log.old", "logbook.1"):
        (tmp_path / name).touch()
    assert ["log.10", "log.2", "log.1", "log"] == [path.name for path in rotated(log)]


def test_counts_add_up() -> None:
    assert Count(7, 1, 2, 3, 4) == total([Count(3, 1, 1, 1, 1), Count(4, 0, 1, 2, 3)])


@pytest.mark.parametrize("kind", ["compiled", "python"])
def test_a_writer_writes_what_is_counted(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "python":
        monkeypatch.setenv("CC", "no-such-compiler")
    command = make_writer(tmp_path)
    assert (command[-1] == str(PROBES / "numbered_writer.py")) or kind == "compiled"
    writer = Writer("web", width=40, lines_a_write=7, lines_a_second=50, burst_lines=2000)
    notes, log = tmp_path / "notes", tmp_path / "log"
    with log.open("ab") as out:
        first = subprocess.Popen(writer.argv(command, notes), stdout=out)
        until(lambda: "web" in read_notes(notes).starts)
        first.send_signal(signal.SIGUSR1)
        until(lambda: log.stat().st_size > 2000 * writer.width)
        second = subprocess.Popen(writer.argv(command, notes), stdout=subprocess.DEVNULL)
        until(lambda: read_notes(notes).doubles == ["web"])
        for process in (first, second):
            process.terminate()
            assert 0 == process.wait()
    found = read_notes(notes)
    assert {"web": [first.pid, second.pid]} == found.starts
    assert {"web": [first.pid, second.pid]} == found.ends
    assert ["web"] == found.restarted()
    assert [] == found.errors
    written = found.written("web")
    assert Count(written[first.pid]) == count_lines(writer, log, {first.pid: written[first.pid]})
