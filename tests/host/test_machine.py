"""What Linux tells of the whole machine."""

from pathlib import Path

import psutil
import pytest

from vigild.core.machine import MachineUsage
from vigild.host.machine import parse_meminfo, parse_stat, read_machine

STAT = b"cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 10 20 30 400\n"
MEMINFO = b"MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 40 kB\nBuffers: 1 kB\nSwapTotal: 8 kB\nSwapFree: 5 kB\nDirty: 0 kB\n"


def test_the_times_of_all_cpus() -> None:
    assert parse_stat(STAT) == (81, 531)
    for wrong in (b"", b"intr 1 2\n", b"cpu a b\n"):
        with pytest.raises(ValueError, match=r"\w"):
            parse_stat(wrong)


def test_lines_of_memory() -> None:
    assert parse_meminfo(MEMINFO) == {
        "MemTotal": 100 << 10,
        "MemFree": 10 << 10,
        "MemAvailable": 40 << 10,
        "SwapTotal": 8 << 10,
        "SwapFree": 5 << 10,
    }


def test_files_to_a_reading(tmp_path: Path) -> None:
    assert read_machine(str(tmp_path)) is None
    (tmp_path / "stat").write_bytes(STAT)
    (tmp_path / "meminfo").write_bytes(MEMINFO)
    found = read_machine(str(tmp_path))
    assert found is not None
    assert found[:2] + found[5:] == (81, 531, 60 << 10, 100 << 10, 3 << 10, 8 << 10)
    (tmp_path / "meminfo").write_bytes(MEMINFO.replace(b"MemAvailable", b"MemOther"))  # of an old kernel
    old = read_machine(str(tmp_path))
    assert old is not None
    assert old.memory_bytes == 90 << 10
    (tmp_path / "meminfo").write_bytes(b"")
    assert read_machine(str(tmp_path)) is None


def test_this_machine() -> None:
    found = read_machine()
    assert isinstance(found, MachineUsage)
    assert 0 < found.busy_ticks < found.total_ticks
    assert found.memory_total_bytes == psutil.virtual_memory().total
    assert 0 < found.memory_bytes < found.memory_total_bytes
    assert found.swap_total_bytes == psutil.swap_memory().total
