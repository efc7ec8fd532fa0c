"""Programs that write numbered lines, and the count of what became of them.

Needs nothing but the standard library: `benchmarks/survival.py` uses it against other supervisors too.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROBES = Path(__file__).with_name("probes")


def make_writer(directory: Path) -> list[str]:
    """The first words of the writer's command: compiled into `directory`, or Python where no compiler is."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return [sys.executable, "-ISB", str(PROBES / "numbered_writer.py")]
    target = directory / "numbered_writer"
    source = PROBES / "numbered_writer.c"
    done = subprocess.run([compiler, "-O2", "-o", str(target), str(source)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"cannot compile {source}: {done.stderr.strip()}")
    return [str(target)]


@dataclass(frozen=True, slots=True)
class Writer:
    """One program: how wide its lines are, how many it writes at once and in a second, and on SIGUSR1."""

    name: str
    width: int = 100
    lines_a_write: int = 1
    lines_a_second: int = 0
    burst_lines: int = 0

    def argv(self, command: list[str], notes: Path) -> list[str]:
        numbers = (self.width, self.lines_a_write, self.lines_a_second, self.burst_lines)
        return [*command, self.name, str(notes), *map(str, numbers)]


@dataclass(frozen=True, slots=True)
class Notes:
    """What the writers noted of themselves."""

    starts: dict[str, list[int]]
    """The pids each name was started with, in order."""
    ends: dict[str, list[int]]
    """The pids that ended by SIGTERM, and not otherwise."""
    doubles: list[str]
    """Names of which a second instance was started while the first lived."""
    errors: list[str]
    """Writes that failed."""
    path: Path

    def restarted(self) -> list[str]:
        """Names that were started more than once."""
        return sorted(name for name, pids in self.starts.items() if len(pids) > 1)

    def written(self, name: str) -> dict[int, int]:
        """How many lines each instance wrote: what its pipe took, and what it refused."""
        found = {}
        for pid in self.starts.get(name, ()):
            data = Path(f"{self.path}.{name}.{pid}").read_bytes()
            found[pid] = max(int.from_bytes(data[:8], sys.byteorder), int.from_bytes(data[8:], sys.byteorder))
        return found


def read_notes(path: Path) -> Notes:
    notes = Notes({}, {}, [], [], path)
    for line in path.read_text().splitlines() if path.exists() else ():
        what, name, pid, *_ = line.split()
        match what:
            case "START":
                notes.starts.setdefault(name, []).append(int(pid))
            case "END":
                notes.ends.setdefault(name, []).append(int(pid))
            case "DOUBLE":
                notes.doubles.append(name)
            case _:
                notes.errors.append(line)
    return notes


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the lines 1 to `written` of one writer."""

    written: int
    lost: int = 0
    doubled: int = 0
    broken: int = 0  # pieces that are no line of this writer
    disordered: int = 0  # lines that stand behind a later one

    @property
    def is_perfect(self) -> bool:
        return (self.lost, self.doubled, self.broken, self.disordered) == (0, 0, 0, 0)

    def __add__(self, other: "Count") -> "Count":
        return Count(*(mine + theirs for mine, theirs in zip(self._values(), other._values(), strict=True)))

    def _values(self) -> tuple[int, ...]:
        return (self.written, self.lost, self.doubled, self.broken, self.disordered)


def rotated(log: Path) -> list[Path]:
    """The files of one log, the oldest first."""
    backups = [path for path in log.parent.glob(f"{log.name}.*") if path.suffix[1:].isdigit()]
    backups.sort(key=lambda path: -int(path.suffix[1:]))
    return [*backups, *([log] if log.exists() else [])]


def count_lines(writer: Writer, log: Path, written: dict[int, int]) -> Count:
    """Compare the log, over all its files, with the lines 1 to `written[pid]` of each instance."""
    if len(written) == 1:
        ((pid, last),) = written.items()
        if _is_perfect(writer, log, pid, last):
            return Count(last)
    seen: dict[int, Counter[int]] = {pid: Counter() for pid in written}
    highest = dict.fromkeys(written, 0)
    broken = disordered = 0
    for line in b"".join(path.read_bytes() for path in rotated(log)).splitlines(keepends=True):
        found = _parsed(writer, line)
        if found is None or found[0] not in written or found[1] > written[found[0]]:
            broken += 1
            continue
        pid, number = found
        disordered += number < highest[pid] and not seen[pid][number]
        seen[pid][number] += 1
        highest[pid] = max(highest[pid], number)
    lost = sum(last - len(seen[pid]) for pid, last in written.items())
    doubled = sum(count - 1 for counter in seen.values() for count in counter.values())
    return Count(sum(written.values()), lost, doubled, broken, disordered)


def make_lines(writer: Writer, pid: int, first: int, number: int) -> bytes:
    """`number` lines from the line `first` on."""
    head = f"{writer.name} {pid}".encode()
    pad = b"x" * (writer.width - len(head) - 13)
    return b"".join(b"%s %010d %s\n" % (head, line, pad) for line in range(first, first + number))


def _is_perfect(writer: Writer, log: Path, pid: int, written: int) -> bool:
    """The quick way, where nothing is wrong."""
    following, rest = 1, b""
    for path in rotated(log):
        data = rest + path.read_bytes()
        count = len(data) // writer.width
        whole, rest = data[: count * writer.width], data[count * writer.width :]
        if whole != make_lines(writer, pid, following, count):
            return False
        following += count
    return following == written + 1 and not rest


def _parsed(writer: Writer, line: bytes) -> tuple[int, int] | None:
    """Pid and number of a whole line of this writer."""
    words = line.split(b" ", 3)
    if len(words) != 4 or not words[1].isdigit() or not words[2].isdigit():
        return None
    pid, number = int(words[1]), int(words[2])
    return (pid, number) if line == make_lines(writer, pid, number, 1) else None


def total(counts: Iterable[Count]) -> Count:
    found = Count(0)
    for count in counts:
        found += count
    return found
