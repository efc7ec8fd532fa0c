"""One log file: appended, rotated, reopened, and trouble that costs only what it must."""

import asyncio
import fcntl
import os
import socket
import subprocess
from pathlib import Path

import pytest

from support.until import DEADLINE_SECONDS
from vigild.host import logfile
from vigild.host.logfile import LogFile


class Opened:
    """Log files of one test, closed at its end, and what they reported."""

    def __init__(self) -> None:
        self.reports: list[str] = []
        self.files: list[LogFile] = []

    def __call__(self, path: Path | str, max_bytes: int = 0, backups: int = 0) -> LogFile:
        file = LogFile(str(path), max_bytes, backups, self.reports.append)
        self.files.append(file)
        return file


@pytest.fixture
def opened():  # type: ignore[no-untyped-def]
    opened = Opened()
    yield opened
    for file in opened.files:
        file.close()


def test_an_existing_file_is_appended_to(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old\n")
    assert opened(path).write(b"new\n") is True
    assert path.read_bytes() == b"old\nnew\n"


def test_rotation_keeps_whole_lines_and_so_many_backups(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    file = opened(path, max_bytes=10, backups=2)
    for number in range(9):
        file.write(b"line%d\n" % number)
    assert sorted(os.listdir(tmp_path)) == ["log", "log.1", "log.2"]
    assert path.read_bytes() == b"line8\n"
    assert (tmp_path / "log.1").read_bytes() == b"line6\nline7\n", (
        "the line that crosses the limit still goes in"
    )
    assert (tmp_path / "log.2").read_bytes() == b"line4\nline5\n"


def test_what_was_there_before_counts_for_rotation(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"123456789\n")
    opened(path, max_bytes=12, backups=1).write(b"a\nnext\n")
    assert (tmp_path / "log.1").read_bytes() == b"123456789\na\n"
    assert path.read_bytes() == b"next\n"


def test_a_full_file_is_rotated_at_once(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    opened(path, max_bytes=4, backups=1).write(b"abc\n")
    assert path.read_bytes() == b""
    assert (tmp_path / "log.1").read_bytes() == b"abc\n"


def test_without_backups_the_file_is_emptied(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    file = opened(path, max_bytes=10, backups=0)
    for number in range(3):
        file.write(b"line%d\n" % number)
    assert os.listdir(tmp_path) == ["log"]
    assert path.read_bytes() == b"line2\n"


def test_one_big_write_spreads_over_several_files(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    opened(path, max_bytes=100, backups=9).write(memoryview(b"123456789\n" * 25))
    assert [(tmp_path / name).stat().st_size for name in ("log.2", "log.1", "log")] == [100, 100, 50]


def test_a_tiny_limit_does_not_make_a_rename_of_every_line(tmp_path: Path, opened: Opened) -> None:
    opened(tmp_path / "log", max_bytes=1, backups=1000).write(b"x\n" * 1000)
    assert len(os.listdir(tmp_path)) <= 2 + logfile.MAX_ROTATIONS_PER_WRITE


def test_a_file_that_somebody_emptied_is_not_rotated_early(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    file = opened(path, max_bytes=10, backups=1)
    file.write(b"12345678\n")
    os.truncate(path, 0)
    file.write(b"abc\n")
    assert path.read_bytes() == b"abc\n"
    assert os.listdir(tmp_path) == ["log"]


def test_a_rename_that_fails_lets_the_file_grow_and_says_so(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    (tmp_path / "log.1").mkdir()
    (tmp_path / "log.1" / "x").touch()
    file = opened(path, max_bytes=10, backups=1)
    for _ in range(3):
        file.write(b"12345678\n")
    assert path.read_bytes() == b"12345678\n" * 3
    assert "cannot rotate" in opened.reports[0]


def test_reopen_follows_an_external_rotation(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    file = opened(path)
    file.write(b"before\n")
    path.rename(tmp_path / "moved")
    file.reopen()
    file.write(b"after\n")
    assert path.read_bytes() == b"after\n"
    assert (tmp_path / "moved").read_bytes() == b"before\n"


def test_clear_empties_and_goes_on(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    file = opened(path)
    file.write(b"before\n")
    file.clear()
    assert path.read_bytes() == b""
    file.write(b"after\n")
    assert path.read_bytes() == b"after\n"


def test_clear_makes_a_removed_file_anew(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "log"
    file = opened(path)
    path.unlink()
    file.clear()
    file.write(b"after\n")
    assert path.read_bytes() == b"after\n"


def test_a_full_disk_loses_output_counts_it_and_says_so_once(opened: Opened) -> None:
    file = opened("/dev/full")
    assert file.write(b"12345") is True
    assert file.write(b"678") is True
    assert file.lost_bytes == 8
    assert len(opened.reports) == 1
    assert "/dev/full: No space left on device" in opened.reports[0]


@pytest.mark.needs_root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_disk_that_is_full_for_a_while(tmp_path: Path, opened: Opened) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", tmp_path], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("may not mount here")
    try:
        path = tmp_path / "log"
        file = opened(path, max_bytes=1 << 20, backups=3)
        for _ in range(20):
            file.write(b"x" * 8191 + b"\n")
        assert path.stat().st_size == 64 << 10
        assert file.lost_bytes == (20 * 8192) - (64 << 10)
        os.truncate(path, 0)
        file.write(b"again\n")
        assert path.read_bytes() == b"again\n"
        assert [report.split(":")[0].split(" ")[0] for report in opened.reports] == ["cannot", "log"]
        assert f"{20 * 8192 - (64 << 10)} bytes of output were lost" in opened.reports[1]
    finally:
        for file in opened.files:
            file.close()
        opened.files.clear()
        subprocess.run(["umount", tmp_path], check=True)


def test_a_missing_directory_that_comes_back(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "RETRY_OPEN_SECONDS", 0.0)
    path = tmp_path / "gone" / "log"
    file = opened(path)
    file.write(b"lost\n")
    file.write(b"lost too\n")
    assert file.lost_bytes == 14
    path.parent.mkdir()
    file.write(b"kept\n")
    assert path.read_bytes() == b"kept\n"
    assert len(opened.reports) == 2
    assert "14 bytes" in opened.reports[1]


def test_a_slow_reader_clogs_the_file_and_gets_everything_in_the_end(tmp_path: Path, opened: Opened) -> None:
    async def main() -> None:
        path = tmp_path / "fifo"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        file = opened(path, max_bytes=10, backups=1)
        file.loop = asyncio.get_running_loop()
        data = b"x" * 100_000
        assert file.write(data) is False
        assert file.is_clogged
        assert file.write(b"more") is False
        free = asyncio.Event()
        file.when_free(free.set)
        got = b""
        while len(got) < len(data) + 4:
            try:
                got += os.read(reader, 65536)
            except BlockingIOError:
                await asyncio.sleep(0)
        await asyncio.wait_for(free.wait(), DEADLINE_SECONDS)
        assert got == data + b"more"
        assert not file.is_clogged
        assert file.write(b"!") is True
        assert file.lost_bytes == 0
        os.close(reader)
        file.close()
        assert os.listdir(tmp_path) == ["fifo"], "what cannot seek is never rotated"

    asyncio.run(main())


def test_what_waits_for_a_slow_reader_is_bounded(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "MAX_PENDING_BYTES", 1000)
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    size = fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
    file = opened(path)
    file.write(b"x" * (size + 1500))
    assert file.lost_bytes == 500
    os.close(reader)


def test_what_is_lost_for_a_slow_reader_are_whole_lines(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "MAX_PENDING_BYTES", 1000)
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    file = opened(path)
    file.write((b"x" * 98 + b"\n") * 2000)
    file.write(b"y" * 500 + b"\n")
    file.write(b"z\n")
    lost = file.lost_bytes
    assert lost > 500
    got = b""
    while data := _read_some(reader):
        got += data
        file.flush()
    os.close(reader)
    assert 2000 * 99 + 503 == len(got) + lost
    assert {b"x" * 98, b"z"} == set(got.removesuffix(b"\n").split(b"\n")), "none of them is torn"


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 20)
    except BlockingIOError:
        return b""


def test_a_fifo_that_nobody_reads_does_not_stop_us(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    file = opened(path)
    assert file.write(b"x") is True
    assert file.lost_bytes == 1


def test_a_reader_that_goes_away_costs_the_output_and_the_next_one_is_served(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "RETRY_OPEN_SECONDS", 0.0)
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    file = opened(path)
    file.write(b"read\n")
    assert os.read(reader, 100) == b"read\n"
    os.close(reader)
    file.write(b"lost\n")
    file.write(b"lost\n")
    assert file.lost_bytes == 10
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    file.write(b"served\n")
    assert os.read(reader, 100) == b"served\n"
    assert "again" in opened.reports[-1]
    os.close(reader)


def test_without_a_loop_what_waits_goes_out_with_the_next_write(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    size = fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
    file = opened(path)
    file.write(b"x" * (size + 10))
    assert file.is_clogged
    assert len(os.read(reader, size)) == size
    assert file.write(b"!") is True
    assert os.read(reader, 100) == b"x" * 10 + b"!"
    os.close(reader)


STDOUT_WRITER = """
import sys
from vigild.host.logfile import LogFile
file = LogFile("/dev/stdout", 10, 1, print)
file.write(b"first line\\n"); file.write(b"second\\n"); file.clear(); file.close()
"""


def test_dev_stdout_as_a_file_shares_its_offset_and_is_never_rotated_or_cleared(tmp_path: Path) -> None:
    with open(tmp_path / "out", "wb") as out:
        out.write(b"shell\n")
        out.flush()
        subprocess.run(_python(STDOUT_WRITER), stdout=out, check=True)
        out.write(b"shell again\n")
    assert (tmp_path / "out").read_bytes() == b"shell\nfirst line\nsecond\nshell again\n"


def test_dev_stdout_as_a_socket_is_written_too(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run(_python(STDOUT_WRITER), stdout=theirs.fileno(), check=True)
        assert ours.recv(1000) == b"first line\nsecond\n"


@pytest.mark.needs_root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_dev_stdout_as_a_pipe_of_another_user_never_blocks() -> None:
    """The pipe may not be opened again, so its shared, blocking description has to do."""
    code = (
        "import os\n"
        "from vigild.host.logfile import LogFile\n"
        "os.setuid(65534)\n"
        "file = LogFile('/dev/stdout', 0, 0, print)\n"
        "free = file.write(b'x' * 1_000_000)\n"
        "os.write(2, b'free' if free else b'clogged')\n"
        "file.close()\n"
    )
    reader, writer = os.pipe()
    os.fchmod(writer, 0o600)
    try:
        done = subprocess.run(_python(code), stdout=writer, stderr=subprocess.PIPE, timeout=DEADLINE_SECONDS)
        assert done.stderr == b"clogged"
        assert len(os.read(reader, 1 << 20)) == fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ)
    finally:
        os.close(reader)
        os.close(writer)


def _python(code: str) -> list[str]:
    import sys

    return [sys.executable, "-c", code]
