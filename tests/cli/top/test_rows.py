"""What is shown of processes, in columns."""

import pytest

from vigild.cli.terminal import width_of
from vigild.cli.top.rows import (
    Facts,
    Row,
    arranged,
    bytes_text,
    cells_of,
    headings,
    machine_text,
    name_width,
    rows_of,
    summary,
    table_text,
    uptime_text,
)


def facts(name: str, state: str = "RUNNING", **more: object) -> Facts:
    pid = 7 if state == "RUNNING" else 0
    return {
        "name": name,
        "group": name,
        "statename": state,
        "pid": pid,
        "now": 100,
        "start": 40,
        "description": "",
        "health": "",
        "restart_count": 2,
        **more,
    }


WEB = facts(
    "web", cpu_percent=12.34, rss_bytes=5 << 20, pss_bytes=4 << 20, threads=3, open_files=9, health="healthy"
)
DB = facts("db", group="data", cpu_percent=50.0, rss_bytes=2 << 30, threads=30, open_files=90)
JOB = facts("job", "FATAL")
ROWS = rows_of([WEB, DB, JOB])


def test_a_row_has_what_is_known() -> None:
    assert Row("web", "RUNNING", "healthy", 12.34, 5 << 20, 4 << 20, 3, 9, 60.0, 2, "") == ROWS[0]
    assert Row("job", "FATAL", "", None, None, None, None, None, None, 2, "") == ROWS[2]
    assert "data:db" == ROWS[1].name
    assert 0 == rows_of([{**JOB, "restart_count": "x"}])[0].restarts


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"),
        (0, "0K"),
        (980 << 10, "980K"),
        (1023 << 10, "1.00M"),
        (int(12.44 * (1 << 20)), "12.4M"),
        (500 << 20, "500M"),
        (3 << 30, "3.00G"),
        (5000 << 40, "5000T"),
    ],
)
def test_bytes(count: int | None, text: str) -> None:
    assert text == bytes_text(count)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (59.9, "59s"), (725, "12m05s"), (3 * 3600 + 240, "3h04m"), (12 * 86400 + 3600 * 3, "12d03h")],
)  # fmt: skip
def test_uptimes(seconds: float | None, text: str) -> None:
    assert text == uptime_text(seconds)


def test_all_columns_fit_into_80() -> None:
    width = name_width(80)
    assert width >= 18
    lines = [" ".join(headings(width)), *(" ".join(cells_of(row, width)) for row in ROWS)]
    assert [80] * 4 == [len(line) for line in lines]
    assert 8 == name_width(10)


def test_a_name_in_chinese_takes_as_many_places_as_any() -> None:
    for name in ("订单", "订单:订单处理服务_042", "web"):
        cell = cells_of(rows_of([facts(name)])[0], 14)[0]
        assert 14 == width_of(cell), cell


def test_the_most_comes_first_and_what_is_unknown_last() -> None:
    assert ["data:db", "web", "job"] == [row.name for row in arranged(ROWS, "CPU%", True)]
    assert ["job", "web", "data:db"] == [row.name for row in arranged(ROWS, "MEM", False)]
    assert ["data:db", "job", "web"] == [row.name for row in arranged(ROWS, "NAME", False)]
    assert ["data:db", "job", "web"] == [row.name for row in arranged(ROWS, "RST", True)]  # equal: by name


@pytest.mark.parametrize(("pattern", "names"), [("WE", ["web"]), ("fatal", ["job"]), ("healthy", ["web"]), ("zzz", [])])  # fmt: skip
def test_names_states_and_health_are_filtered(pattern: str, names: list[str]) -> None:
    assert names == [row.name for row in arranged(ROWS, "NAME", False, pattern)]


def test_a_summary() -> None:
    assert "3 programs, 2 running, 1 in trouble; CPU 62.3%, memory 2.00G" == summary(ROWS)
    assert "0 programs, 0 running; CPU 0.0%, memory 0K" == summary([])


def test_a_table_is_as_narrow_as_its_names() -> None:
    heading, first, *_ = table_text(ROWS, 200).splitlines()
    assert heading.startswith("NAME    STATE    HEALTH")
    assert "web     RUNNING  healthy     12.3 5.00M 4.00M    3     9   1m00s    2" == first


def test_the_machine_on_a_line() -> None:
    facts: dict[str, object] = {
        "cpu_percent": 12.34,
        "load1": 0.5,
        "load5": 1.25,
        "load15": 2,
        "memory_bytes": 3 << 30,
        "memory_total_bytes": 8 << 30,
        "swap_bytes": 0,
        "swap_total_bytes": 0,
    }
    assert machine_text(facts) == "machine: CPU 12.3%, load 0.50 1.25 2.00, memory 3.00G of 8.00G"
    del facts["cpu_percent"]
    facts |= {"swap_total_bytes": 2 << 30, "swap_bytes": 1 << 30}
    assert machine_text(facts) == "machine: load 0.50 1.25 2.00, memory 3.00G of 8.00G, swap 1.00G of 2.00G"
    assert machine_text({}) == ""
