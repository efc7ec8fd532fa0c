"""How much of a batch a log has got, wherever the log has gone to since."""

import os
from pathlib import Path

import pytest

from vigild.host.flight import NO_MARK, Mark
from vigild.host.salvage import bytes_in_log

DATA = b"one line of output\nand another one\n"


@pytest.fixture
def log(short_tmp: Path) -> Path:
    path = short_tmp / "web.log"
    path.write_bytes(b"before\n")
    return path


def mark_of(path: Path) -> Mark:
    facts = path.stat()
    return facts.st_dev, facts.st_ino, facts.st_size


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.mark.parametrize("count", [0, 1, 20, len(DATA)])
def test_what_was_written_is_counted(log: Path, count: int) -> None:
    mark = mark_of(log)
    append(log, DATA[:count])
    assert bytes_in_log(str(log), mark, DATA) == count


@pytest.mark.parametrize("name", ["web.log.1", "web.log-20261121", "web-20261121.log"])
def test_it_is_found_under_another_name(log: Path, name: str) -> None:
    mark = mark_of(log)
    append(log, DATA[:20])
    os.rename(log, log.with_name(name))
    assert bytes_in_log(str(log), mark, DATA) == 20
    log.write_bytes(b"a new file, with as much in it as the old one had\n")
    assert bytes_in_log(str(log), mark, DATA) == 20


def test_strangers_who_write_to_it_do_not_count(log: Path) -> None:
    mark = mark_of(log)
    append(log, b"a stranger's line\n")
    assert bytes_in_log(str(log), mark, DATA) == 0
    append(log, DATA)
    append(log, b"and one more\n")
    assert bytes_in_log(str(log), mark, DATA) == len(DATA)


def test_a_stranger_after_half_of_it(log: Path) -> None:
    mark = mark_of(log)
    append(log, DATA[:20] + b"# a stranger's line\n")
    assert bytes_in_log(str(log), mark, DATA) == 20


def test_a_byte_or_two_are_no_proof(log: Path) -> None:
    """A line end in a stranger's text is not ours."""
    mark = mark_of(log)
    append(log, b"a stranger's line\n")
    assert bytes_in_log(str(log), mark, b"\n") == 0


def test_a_log_that_was_emptied_or_is_gone_has_nothing(log: Path) -> None:
    mark = mark_of(log)
    append(log, DATA)
    os.truncate(log, 0)
    assert bytes_in_log(str(log), mark, DATA) == 0
    log.unlink()
    assert bytes_in_log(str(log), mark, DATA) == 0
    assert bytes_in_log(str(log.parent / "no" / "such"), mark, DATA) == 0


def test_what_is_no_regular_file_is_not_asked(short_tmp: Path) -> None:
    fifo = short_tmp / "fifo"
    os.mkfifo(fifo)
    assert bytes_in_log(str(fifo), NO_MARK, DATA) == 0
