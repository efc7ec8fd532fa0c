"""Kill a reader of streams at every step of its work, let the next one go on, and look at the logs.

`python -m support.killwalk SCENARIO FIRST STRIDE`: plays the scenario once to count the steps, then once for each
step FIRST, FIRST + STRIDE, …: a forked reader is killed there by SIGKILL, another one recovers (itself killed in
turn, in every third round), and what the logs hold is compared. A step is a line of the code that reads and
writes, and in the recorder itself a single bytecode. Problems go to stdout; nothing printed is good.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from support.machine import ListLog
from vigild.engine.ports import StreamPlan
from vigild.host import flight, logfile, pipeline, salvage, streams
from vigild.host.journal import open_journal, read_journal
from vigild.host.logfiles import ChildLogs
from vigild.host.syslog import Syslog

STEPS_IN = {str(module.__file__) for module in (flight, logfile, pipeline, salvage, streams)}
READ_BYTES = 64  # so that a few lines are many reads

LINES = b"".join(b"line %d\n" % number for number in range(20))
CUT = (
    b"first \x1b[31mred\x1b[0m\nmore <!--XSUPERVISOR:BEGIN-->captured over more than one read, whatever the size of a "
    b"read is<!--XSUPERVISOR:END-->text\n\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18mlong\x1b[0m\n"
    + LINES[:100]
)


@dataclass
class Scenario:
    """What is in the FIFOs, and what becomes of it."""

    inputs: dict[str, bytes]  # by FIFO
    logs: dict[str, str] = field(default_factory=dict)  # by FIFO; its own name if not here
    options: dict[str, Any] = field(default_factory=dict)  # of the plans
    told: bool = False  # on_data and on_capture are written down in `told`
    nested: bool = False  # the delivery of `a` reads `b`
    between: Callable[[Path], None] = lambda directory: None  # while no reader runs
    dropped: bool = False  # rotation drops the beginning


def _rename(directory: Path) -> None:
    if (directory / "a.log").exists():
        backups = sum(path.name.startswith("a.log") for path in directory.iterdir())
        os.rename(directory / "a.log", directory / f"a.log.{100 - backups}")


def _append(directory: Path) -> None:
    with (directory / "a.log").open("ab") as file:
        file.write(b"# a stranger's line\n")


PIPELINE = {"strip_ansi": True, "line_prefix": b"web: ", "capture_max_bytes": 1000}
SCENARIOS = {
    "plain": Scenario({"a": LINES}),
    "two-into-one": Scenario({"a": LINES, "b": LINES.upper()}, logs={"b": "a.log"}),
    "rotated": Scenario({"a": LINES}, options={"max_bytes": 50, "backups": 20}),
    "emptied": Scenario({"a": LINES}, options={"max_bytes": 50}, dropped=True),
    "renamed": Scenario({"a": LINES}, between=_rename),
    "with-a-stranger": Scenario({"a": LINES}, between=_append),
    "pipeline": Scenario({"a": CUT}, options=PIPELINE, told=True),
    "pipeline-rotated": Scenario({"a": CUT}, options={**PIPELINE, "max_bytes": 90, "backups": 20}),
    "json": Scenario({"a": CUT}, options={"json_program": "web", "max_bytes": 300, "backups": 20}),
    "listener": Scenario({"a": LINES}, told=True),
    "nested": Scenario({"a": LINES, "b": LINES.upper()}, told=True, nested=True),
}


class Reader:
    """A daemon as far as its streams go."""

    def __init__(self, scenario: Scenario, directory: Path) -> None:
        self._scenario = scenario
        entries, _ = read_journal(str(directory))
        log = ListLog()
        if "json_program" in scenario.options:
            pipeline.timestamp = lambda wall: (
                b"then"
            )  # of this forked reader: what is compared must not hold a time
        self._journal = open_journal(str(directory), entries, log)
        loop = asyncio.new_event_loop()
        self._hub = streams.StreamHub(
            loop,
            ChildLogs(str(directory), "test", log, loop=loop),
            Syslog(),
            directory=str(directory),
            journal=self._journal,
        )
        self._told = (directory / "told").open("ab", buffering=0)  # not by `os.write`, which is cut
        self._streams = {}
        for name in scenario.inputs:
            path = str(directory / scenario.logs.get(name, f"{name}.log"))
            plan = StreamPlan("stdout", path, **scenario.options)
            if scenario.told:
                plan.on_data = partial(self._on_data, name, "data")
                plan.on_capture = partial(self._on_data, name, "part")
            self._streams[name] = self._hub.adopt(str(directory / name), plan)

    def run(self) -> None:
        """Recover, read until there is nothing more, and end as a child's death does."""
        self._hub.start()
        while sum(stream.read() for stream in self._streams.values()):
            pass

    def _on_data(self, name: str, kind: str, data: bytes) -> None:
        self._told.write(f"{name} {kind} {data.hex()}\n".encode())
        if self._scenario.nested and name == "a":
            self._streams["b"].read()


class Walk:
    """One scenario, in directories of its own."""

    def __init__(self, name: str, base: Path) -> None:
        self._name = name
        self._scenario = SCENARIOS[name]
        self._base = base
        self._rounds = 0
        self.problems: list[str] = []
        self._expected = self._play([])

    def steps(self) -> int:
        """How many steps it takes when nobody is killed."""
        directory = self._prepare()
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                steps = _trace(0)
                Reader(self._scenario, directory[0]).run()
                sys.settrace(None)
                os.write(writer, b"%d" % steps[0])
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(pid, 0)
        count = int(os.read(reader, 100))
        self._clean(*directory)
        os.close(reader)
        return count

    def kill_at(self, *steps: int) -> None:
        """Kill one reader after the other at these steps of theirs, and compare."""
        self._compare(f"step {steps}", self._play([lambda step=step: _trace(step) for step in steps]))

    def cut_call(self, name: str, number: int) -> None:
        """Kill it half-way in its call of this number of a function of `os`."""
        self._compare(f"{name} {number}", self._play([lambda: _cut_call(name, number)]))

    def _compare(self, what: str, found: dict[str, bytes]) -> None:
        for name in self._expected:
            expected, content = (
                found[name].replace(b"# a stranger's line\n", b"") for found in (self._expected, found)
            )
            if self._scenario.dropped:
                is_good = bool(content) and LINES.endswith(content)
            elif self._scenario.logs:
                is_good = all(data == _only(content, data) for data in self._scenario.inputs.values())
                is_good = is_good and len(content) == len(expected)
            else:
                is_good = content == expected
            if not is_good:
                self.problems.append(f"{self._name}, {what}, {name}: {content!r} and not {expected!r}")

    def _play(self, deaths: list[Callable[[], object]]) -> dict[str, bytes]:
        """Readers that die, then one that doesn't; what all logs hold then, and what was told."""
        directory, fds = self._prepare()
        for death in [*deaths, lambda: None]:
            pid = os.fork()
            if not pid:
                death()
                try:
                    Reader(self._scenario, directory).run()
                finally:
                    os._exit(0)
            os.waitpid(pid, 0)
            self._scenario.between(directory)
        names = {self._scenario.logs.get(name, f"{name}.log") for name in self._scenario.inputs}
        found = {name: _all_of(directory, name) for name in names}
        if self._scenario.told:
            found["told"] = _once((directory / "told").read_text().splitlines())
        self._clean(directory, fds)
        return found

    def _prepare(self) -> tuple[Path, list[int]]:
        self._rounds += 1
        directory = self._base / str(self._rounds)
        directory.mkdir()
        fds = []
        for name, data in self._scenario.inputs.items():
            os.mkfifo(directory / name)
            fds.append(os.open(directory / name, os.O_RDWR | os.O_NONBLOCK))
            os.write(fds[-1], data)
        return directory, fds

    def _clean(self, directory: Path, fds: list[int]) -> None:
        for fd in fds:
            os.close(fd)
        shutil.rmtree(directory)


def _all_of(directory: Path, name: str) -> bytes:
    """A log after its backups, oldest first."""
    paths = [path for path in directory.iterdir() if path.name.startswith(name)]
    paths.sort(
        key=lambda path: -int(path.suffix[1:]) if path.suffix[1:].isdigit() else int(path.name == name)
    )
    return b"".join(path.read_bytes() for path in paths)


def _once(told: list[str]) -> bytes:
    """What was told in all, where the same twice in a row counts once: a batch that was told again."""
    by_kind: dict[tuple[str, str], list[str]] = {}
    for line in told:
        name, kind, data = line.split(" ")
        parts = by_kind.setdefault((name, kind), [])
        if data not in parts[-1:]:
            parts.append(data)
    return "\n".join(f"{key} {bytes.fromhex(''.join(by_kind[key]))!r}" for key in sorted(by_kind)).encode()


def _only(content: bytes, data: bytes) -> bytes:
    """The part of `content` in the letter case of `data`."""
    is_upper = data == data.upper()
    keep = [byte for byte in content.replace(b"\n", b" ") if chr(byte).isupper() == is_upper]
    wanted = [byte for byte in data.replace(b"\n", b" ") if chr(byte).isupper() == is_upper]
    return data if [b for b in keep if chr(b).isalpha()] == [b for b in wanted if chr(b).isalpha()] else b""


def _trace(fatal: int) -> list[int]:
    """Count steps from now on, in the cell that is returned; die at the fatal one."""
    steps = [0]

    def step(frame: FrameType, event: str, arg: object) -> Any:
        steps[0] += 1
        if steps[0] == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return step

    def enter(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename not in STEPS_IN:
            return None
        frame.f_trace_opcodes = frame.f_code.co_filename == flight.__file__
        return step(frame, event, arg)

    sys.settrace(enter)
    return steps


def _cut_call(name: str, number: int) -> None:
    """The kernel does half of a call, and then we are dead."""
    real = getattr(os, name)
    calls = [0]

    def half(fd: int, data: Any, *rest: Any) -> Any:
        calls[0] += 1
        if calls[0] < number:
            return real(fd, data, *rest)
        part = data[0] if name == "readv" else data
        part = part[: len(part) // 2]
        if len(part):
            real(fd, [part] if name == "readv" else part, *rest)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead by now")

    setattr(os, name, half)


def main() -> None:
    """As the module's docstring says."""
    name, first, stride = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    flight.BUFFER_BYTES = READ_BYTES
    base = Path(tempfile.mkdtemp(prefix="walk", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    try:
        walk = Walk(name, base)
        steps = walk.steps()
        for count, step in enumerate(range(first, steps, stride)):
            walk.kill_at(*((step, 1 + step * 7 % 400) if count % 3 == 0 else (step,)))
        for call in ("readv", "write", "pwrite"):
            for number in range(1, 12):
                walk.cut_call(call, number)
        print("\n".join(walk.problems[:5]), end="")
        print(f"{steps} steps", file=sys.stderr)
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
