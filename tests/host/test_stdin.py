"""Writing to a child's stdin."""

import os
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from vigild.host import stdin


@pytest.mark.parametrize("with_fifos", [True, False], ids=["fifos", "pipes"])
def test_what_is_written_is_read(short_tmp: Path, with_fifos: bool) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("read x; echo got $x")
        child.write_stdin(b"wo")
        child.write_stdin(b"rd\n")
        await machine.ended(child)
        assert machine.read("stdout") == b"got word\n"

    on_machine(short_tmp, play, fifos=with_fifos)


def test_more_than_a_pipe_holds_is_queued_and_arrives(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("read go; head -c 1000000 | wc -c")
        child.write_stdin(b"go\n" + b"x" * 600_000)
        child.write_stdin(b"x" * 400_000)
        await machine.ended(child)
        assert machine.read("stdout").strip() == b"1000000"

    on_machine(short_tmp, play)


@pytest.mark.parametrize("with_fifos", [True, False], ids=["fifos", "pipes"])
def test_nobody_reads_any_more(short_tmp: Path, with_fifos: bool) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("exec <&-; echo closed; sleep 1000")
        await machine.holds(lambda: machine.read("stdout") == b"closed\n")
        with pytest.raises(BrokenPipeError):
            child.write_stdin(b"x")
        with pytest.raises(BrokenPipeError):
            child.write_stdin(b"x")

    on_machine(short_tmp, play, fifos=with_fifos)


def test_a_dead_child_reads_nothing(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("exit 0")
        await machine.ended(child)
        with pytest.raises(BrokenPipeError):
            child.write_stdin(b"x")

    on_machine(short_tmp, play)


def test_a_reader_that_goes_while_data_is_queued(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("read go; exec <&-; echo closed; sleep 1000")
        child.write_stdin(b"go\n" + b"x" * 500_000)
        await machine.holds(lambda: machine.read("stdout") == b"closed\n")

        def refused() -> bool:
            try:
                child.write_stdin(b"x")
            except BrokenPipeError:
                return True
            return False

        await machine.holds(refused)

    on_machine(short_tmp, play)


def test_the_queue_is_bounded(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin, "MAX_QUEUED_BYTES", 1000)

    async def play(machine: Machine) -> None:
        child = machine.run("sleep 1000")
        child.write_stdin(b"x" * 900)
        with pytest.raises(BrokenPipeError, match="too slowly"):
            child.write_stdin(b"x" * 1001)

    on_machine(short_tmp, play)


def test_a_child_on_a_shared_socket_has_no_stdin(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        null_fd = os.open(os.devnull, os.O_RDONLY)
        child = machine.run("readlink /proc/self/fd/0; sleep 1000", stdin_fd=null_fd)
        os.close(null_fd)
        with pytest.raises(BrokenPipeError):
            child.write_stdin(b"x")
        await machine.holds(lambda: machine.read("stdout") == b"/dev/null\n")

    on_machine(short_tmp, play)
