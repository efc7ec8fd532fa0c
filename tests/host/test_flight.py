"""What was read outlives the daemon: killed anywhere, every byte is in the log once and in order."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import flood
from support.killwalk import SCENARIOS
from support.until import until
from vigild.host import flight
from vigild.host.flight import NO_MARK, FlightRecorder, Stage, stamp_of

TESTS = Path(__file__).parents[1]
STAMP = stamp_of("/run/web.out", "/log/web.log")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=TESTS, capture_output=True, text=True, check=True, timeout=300
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_step_nothing_is_lost_or_doubled(name: str) -> None:
    """Some of the steps each time; all of them with `python -m support.killwalk NAME 1 1` in `tests`."""
    first = random.randrange(1, 60)
    walked = run("-m", "support.killwalk", name, str(first), "61")
    assert walked.stdout == "", f"first step {first}"


@pytest.mark.slow
def test_without_recovery_the_same_walk_finds_what_is_lost() -> None:
    script = (
        "from support import killwalk; from vigild.host.flight import FlightRecorder\n"
        "FlightRecorder.pending = lambda self: None\n"
        "killwalk.main()"
    )
    assert "plain, step" in run("-c", script, "plain", "1", "11").stdout


class Floods:
    """Writers that flood FIFOs, and one reader after the other that is killed."""

    COUNT = 4
    LINES = 80_000

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writers = []
        self._fds = []
        for number in range(self.COUNT):
            fifo = directory / str(number)
            os.mkfifo(fifo, 0o600)
            self._fds.append(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))
            arguments = ["-m", "support.flood", "write", str(fifo), str(self.LINES)]
            self._writers.append(subprocess.Popen([sys.executable, *arguments], cwd=TESTS))

    def reader(self) -> subprocess.Popen[bytes]:
        """Up and reading."""
        arguments = ["-m", "support.flood", "read", str(self._directory), str(self.COUNT)]
        process = subprocess.Popen([sys.executable, *arguments], cwd=TESTS, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def is_over(self) -> bool:
        return all(writer.poll() is not None for writer in self._writers)

    def log(self, number: int) -> bytes:
        paths = list(self._directory.glob(f"{number}.log*"))
        paths.sort(key=lambda path: -int("0" + path.name.removeprefix(f"{number}.log").lstrip(".")))
        return b"".join(path.read_bytes() for path in paths)

    def close(self) -> None:
        for writer in self._writers:
            writer.kill()
            writer.wait()
        for fd in self._fds:
            os.close(fd)


@pytest.fixture
def floods(short_tmp: Path) -> Iterator[Floods]:
    floods = Floods(short_tmp)
    yield floods
    floods.close()


@pytest.mark.slow
def test_a_reader_of_floods_killed_at_random_moments(floods: Floods) -> None:
    """Every line once and in order, whatever the moment."""
    kills = 0
    while not floods.is_over() and kills < 20:
        reader = floods.reader()
        spun_until = time.monotonic() + random.uniform(0.0, 0.05)
        while time.monotonic() < spun_until:
            pass
        floods.kill(reader)
        kills += 1
    reader = floods.reader()
    wanted = b"".join(flood.line(number) for number in range(floods.LINES))
    headed = b"".join(b"> " + flood.line(number) for number in range(floods.LINES))
    try:
        for number in range(floods.COUNT):
            expected = headed if number % 2 else wanted
            until(
                lambda number=number, expected=expected: len(floods.log(number)) >= len(expected),
                what=f"all of log {number}",
            )
            found = floods.log(number).splitlines()
            for found_line, expected_line in zip(found, expected.splitlines(), strict=True):
                assert found_line == expected_line, f"after {kills} kills"
    finally:
        floods.kill(reader)


# -- the recorder by itself ------------------------------------------------------------------------


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for fd in ends:
        os.close(fd)


def test_a_batch_is_as_long_as_what_waits(short_tmp: Path, pipe: tuple[int, int]) -> None:
    recorder = FlightRecorder(str(short_tmp / "f"))
    os.write(pipe[1], b"hello")
    view = recorder.expect(pipe[0], STAMP, Stage.READ, NO_MARK)
    assert len(view) == 5
    assert os.readv(pipe[0], [view]) == 5
    recorder.done()
    assert len(recorder.expect(pipe[0], STAMP, Stage.READ, NO_MARK)) == 1, "to tell an end from nothing"
    recorder.done()
    view.release()
    recorder.close()
    assert os.listdir(short_tmp) == []


def test_the_next_daemon_finds_what_was_read(short_tmp: Path, pipe: tuple[int, int]) -> None:
    recorder = FlightRecorder(str(short_tmp / "f"))
    os.write(pipe[1], b"hello")
    os.readv(pipe[0], [recorder.expect(pipe[0], STAMP, Stage.STRAIGHT, (1, 2, 3))])
    recorder.close()
    second = FlightRecorder(str(short_tmp / "f"))
    assert second.is_open
    batch = second.pending()
    assert batch is not None
    assert (batch.stage, batch.fifo, batch.log_path) == (
        Stage.STRAIGHT,
        "/run/web.out",
        "/log/web.log",
    )
    assert (batch.mark, batch.data, batch.offset, batch.state) == ((1, 2, 3), b"hello", 0, b"")
    second.rebase(2)
    second.progress(1, (1, 2, 9))
    second.close()
    third = FlightRecorder(str(short_tmp / "f"))
    batch = third.pending()
    assert batch is not None
    assert (batch.mark, batch.data, batch.offset) == ((1, 2, 9), b"lo", 3)
    third.done()
    third.close()
    assert os.listdir(short_tmp) == []


@pytest.mark.parametrize("count", [0, 1, 7, 8, 20, 92, 100])
def test_a_read_that_did_not_happen_or_only_in_part(
    short_tmp: Path, pipe: tuple[int, int], count: int
) -> None:
    data = bytes(range(100, 200))
    os.write(pipe[1], data)
    recorder = FlightRecorder(str(short_tmp / "f"))
    recorder.expect(pipe[0], STAMP, Stage.READ, NO_MARK)[:count] = data[:count]
    batch = recorder.pending()
    assert batch is not None
    assert batch.data == data[:count]
    again = recorder.pending()
    assert again == batch, "asked twice, as after a crash in between"
    recorder.done()
    recorder.close()


@pytest.mark.parametrize("count", [0, 1, 32_768, 40_001, 65_536])
def test_a_long_read_that_did_not_happen_or_only_in_part(
    short_tmp: Path, pipe: tuple[int, int], count: int
) -> None:
    data = b"\xfe" * 65_536
    os.write(pipe[1], data)
    recorder = FlightRecorder(str(short_tmp / "f"))
    recorder.expect(pipe[0], STAMP, Stage.READ, NO_MARK)[:] = b"\xf0" * len(data)  # of the batch before
    recorder.done()
    recorder.expect(pipe[0], STAMP, Stage.READ, NO_MARK)[:count] = data[:count]
    batch = recorder.pending()
    assert batch is not None
    assert batch.data == data[:count]
    recorder.done()
    recorder.close()


def test_output_outlives_with_the_state_that_goes_with_it(short_tmp: Path, pipe: tuple[int, int]) -> None:
    recorder = FlightRecorder(str(short_tmp / "f"))
    os.write(pipe[1], b"x")
    recorder.expect(pipe[0], STAMP, Stage.READ, NO_MARK)
    output = b"y" * (flight.KEEP_OUTPUT_BYTES + 1)
    recorder.output_follows(b"state", memoryview(output), (1, 2, 3))
    recorder.close()
    again = FlightRecorder(str(short_tmp / "f"))
    batch = again.pending()
    assert batch is not None
    assert (batch.stage, batch.data, batch.state) == (Stage.WRITE_OUTPUT, output, b"state")
    again.done()
    os.write(pipe[1], b"x")
    again.expect(pipe[0], STAMP, Stage.READ, NO_MARK)
    again.output_follows(b"", output, NO_MARK)
    again.done()
    assert (short_tmp / "f-output").stat().st_size == 0, "a big one is not kept"
    again.close()
    assert os.listdir(short_tmp) == []


def test_a_file_that_is_no_recorder_of_ours_is_made_one(short_tmp: Path) -> None:
    (short_tmp / "f").write_bytes(b"\x01" * 100)
    recorder = FlightRecorder(str(short_tmp / "f"))
    assert not recorder.is_open
    assert recorder.pending() is None
    recorder.close()


def test_a_recorder_that_cannot_be_made_is_an_error(short_tmp: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FlightRecorder(str(short_tmp / "no" / "f"))


def test_absurdly_long_paths_do_not_reach_the_bytes(short_tmp: Path, pipe: tuple[int, int]) -> None:
    recorder = FlightRecorder(str(short_tmp / "f"))
    os.write(pipe[1], b"hello")
    view = recorder.expect(pipe[0], stamp_of("/f" * 10_000, "/log"), Stage.READ, NO_MARK)
    assert bytes(view) == bytes(range(0xFF, 0xFA, -1))
    view.release()
    recorder.done()
    recorder.close()
