"""The last lines of a log as it was when its process ended."""

import os
from pathlib import Path

from vigild.core.history import OutputEnd
from vigild.host.store.last_lines import MAX_BYTES, MAX_LINES, last_lines
from vigild.wire.json_lines import JsonLines


def end_of(path: Path) -> OutputEnd:
    facts = path.stat()
    return OutputEnd("stderr", str(path), facts.st_dev, facts.st_ino, facts.st_size)


def test_what_came_later_is_not_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\r\ntwo\n")
    end = end_of(log)
    with log.open("ab") as file:
        file.write(b"three\n")
    assert last_lines(end) == ["one", "two"]


def test_a_log_that_was_rotated_meanwhile(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"last words")
    end = end_of(log)
    log.rename(tmp_path / "log.1")
    log.write_bytes(b"a new life, longer than the old")
    assert last_lines(end) == ["last words"]


def test_a_log_that_is_gone_or_was_emptied(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"words\n")
    end = end_of(log)
    os.truncate(log, 0)
    assert last_lines(end) == []
    log.unlink()
    assert last_lines(end) == []


def test_both_bounds(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(1000)))
    lines = last_lines(end_of(log))
    assert len(lines) == MAX_LINES
    assert lines[-1] == "line 999"
    log.write_bytes(b"x" * 5000 + b"\n" + b"y" * 5000 + b"\n")
    first, second = last_lines(end_of(log))
    assert first.startswith("…xxx")
    assert second == "y" * 5000
    assert len(first) + len(second) <= MAX_BYTES


def test_lines_of_the_run_before_are_not_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"old\nnew\n")
    assert last_lines(end_of(log), 4) == ["new"]
    assert last_lines(end_of(log), 8) == []


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff\xfe caf\xc3\xa9\n")
    assert last_lines(end_of(log)) == ["�� café"]


def test_an_empty_log(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    assert last_lines(end_of(tmp_path / "log")) == []


def test_of_json_the_messages_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ours = JsonLines("web", "stderr").feed(b'Traceback "x"\n', b"2026-11-20T22:00:00.123+01:00")
    others = b'{"time":"now","level":"info"}\n{"time":"broken}\n{"time":"half","message":"\n'
    log.write_bytes(ours + others)
    assert ['Traceback "x"', *others.decode().splitlines()] == last_lines(end_of(log))
