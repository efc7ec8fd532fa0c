"""What goes over a block device."""

import os
from pathlib import Path

import pytest

from support.until import until
from vigild.checks.disks import DiskCounters, DiskTraffic, parse_counters, traffic
from vigild.checks.reading import Values

LINE = "   100  5  2000  300  200  9  4000  700  0  450  1000 0 0 0 0 0 0\n"


def counters(at: float, reads: int, writes: int, waited_ms: int = 0, busy_ms: int = 0) -> DiskCounters:
    return DiskCounters(at, 1, reads, reads * 4096, writes, writes * 512, waited_ms, busy_ms)


def test_a_line_of_the_kernel() -> None:
    assert parse_counters(3.0, 7, LINE) == DiskCounters(3.0, 7, 100, 1_024_000, 200, 2_048_000, 1000, 450)
    with pytest.raises(ValueError, match="no line of a block device"):
        parse_counters(3.0, 7, "1 2 3")


def test_rates_are_of_the_time_between() -> None:
    assert traffic(counters(10, 0, 0), counters(20, 100, 300, 800, 2500)) == {
        "read_rate": 40960.0,
        "write_rate": 15360.0,
        "read_operations": 10.0,
        "write_operations": 30.0,
        "busy": 25.0,
        "service_time": 0.002,
    }


def test_an_idle_device_has_no_service_time_and_none_is_busier_than_all_the_time() -> None:
    assert "service_time" not in traffic(counters(0, 5, 5), counters(1, 5, 5))
    assert traffic(counters(0, 5, 5), counters(1, 5, 5, 0, 1040))["busy"] == 100.0


def test_counters_that_began_anew_say_nothing() -> None:
    assert traffic(counters(0, 5, 5), counters(1, 4, 9)) == {}


def a_device(folder: Path, number: int, line: str = LINE) -> Path:
    place = folder / f"{os.major(number)}:{os.minor(number)}"
    place.mkdir()
    (place / "stat").write_text(line)
    return place / "stat"


def second_look(disk: DiskTraffic, path: str, device: str = "") -> Values:
    """The look before it counted; the next is not compared with it before some time has passed."""
    assert disk.look(path, device) == {}
    found = until(lambda: disk.look(path, device) or None, what="some time to pass")
    assert found is not None
    return found


def test_the_device_that_the_filesystem_is_on(tmp_path: Path) -> None:
    a_device(tmp_path, os.stat(tmp_path).st_dev)
    values = second_look(DiskTraffic(str(tmp_path)), str(tmp_path))
    assert (values["read_rate"], values["busy"]) == (0.0, 0.0)


def test_another_device_is_compared_with_nothing(tmp_path: Path) -> None:
    first = DiskCounters(0.0, 12345, 1, 1, 1, 1, 1, 1)
    a_device(tmp_path, os.stat(tmp_path).st_dev)
    disk = DiskTraffic(str(tmp_path))
    disk._before = first
    assert disk.look(str(tmp_path), "") == {}


def test_without_a_device_or_a_kernel_that_tells_nothing_is_told(tmp_path: Path) -> None:
    disk = DiskTraffic(str(tmp_path))
    assert disk.look(str(tmp_path), "tmpfs") == {}
    assert disk.look(str(tmp_path), "/dev/null") == {}
    assert disk.look(str(tmp_path), "/nonexistent") == {}
    a_device(tmp_path, os.stat(tmp_path).st_dev, "no numbers")
    assert disk.look(str(tmp_path), "") == {}


def test_the_device_of_the_table_stands_in_where_the_filesystem_has_a_number_of_its_own(
    tmp_path: Path,
) -> None:
    a_device(tmp_path, os.stat("/dev/null").st_rdev)  # any that there is
    assert second_look(DiskTraffic(str(tmp_path)), str(tmp_path), "/dev/null")["write_rate"] == 0.0


def test_what_is_written_here_is_seen(tmp_path: Path) -> None:
    disk = DiskTraffic()
    disk.look(str(tmp_path), "")
    if disk._before is None:
        pytest.skip("the kernel does not tell of the device under the temporary directory")

    def seen() -> bool:
        with open(tmp_path / "file", "wb") as file:
            file.write(os.urandom(1 << 20))
            file.flush()
            os.fsync(file.fileno())
        values = disk.look(str(tmp_path), "")
        return values.get("write_rate", 0) > 0 and values.get("write_operations", 0) > 0  # type: ignore[operator]

    until(seen, what="a write to be counted")
