"""The rows of `vigil top`: what the daemon tells of processes, in columns, sorted and filtered. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from vigild.cli.terminal import cut, padded
from vigild.core.names import make_namespec

Facts = dict[str, object]


class Row(NamedTuple):
    """One process. None where it does not run, or nobody measured."""

    name: str
    state: str
    health: str
    cpu_percent: float | None
    memory_bytes: int | None
    pss_bytes: int | None  # what it shares with others is counted in part
    threads: int | None
    files: int | None
    uptime_seconds: float | None
    restarts: int
    remark: str  # what `supervisorctl status` says of it


class Column(NamedTuple):
    """One column: its heading, its width (0: what is left), how a row is shown in it, and by what rows are sorted."""

    title: str
    width: int
    show: Callable[[Row], str]
    order: Callable[[Row], object]
    is_descending: bool  # at first: the most is what people look for


def rows_of(facts: Iterable[Facts]) -> list[Row]:
    """What `vigil.getAllProcessInfo` told."""
    return [_row(each) for each in facts]


def _row(facts: Facts) -> Row:
    state = str(facts["statename"])
    now, start = cast(int, facts["now"]), cast(int, facts["start"])
    is_up = bool(facts.get("pid"))
    restarts = facts.get("restart_count", 0)
    return Row(
        make_namespec(str(facts["group"]), str(facts["name"])),
        state,
        str(facts.get("health", "")),
        cast("float | None", facts.get("cpu_percent")),
        cast("int | None", facts.get("rss_bytes")),
        cast("int | None", facts.get("pss_bytes")),
        cast("int | None", facts.get("threads")),
        cast("int | None", facts.get("open_files")),
        max(0.0, now - start) if is_up else None,
        restarts if isinstance(restarts, int) else 0,
        str(facts.get("description", "")),
    )


def bytes_text(count: int | None) -> str:
    """Four characters and a unit at most: 980K, 12.4M, 1.31G."""
    if count is None:
        return "-"
    value = count / 1024
    for unit in "KMGT":
        if value < 1000 or unit == "T":
            digits = 0 if unit == "K" or value >= 100 else 1 if value >= 10 else 2
            return f"{value:.{digits}f}{unit}"
        value /= 1024
    raise AssertionError("T is the last")


def uptime_text(seconds: float | None) -> str:
    """Eight characters at most: 59s, 12m05s, 3h04m, 12d03h."""
    if seconds is None:
        return "-"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}h"


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _least(value: float | None) -> float:
    """Where nothing is known, less than nothing."""
    return -1.0 if value is None else float(value)


COLUMNS: tuple[Column, ...] = (
    Column("NAME", 0, lambda row: row.name, lambda row: row.name, False),
    Column("STATE", 8, lambda row: row.state, lambda row: row.state, False),
    Column("HEALTH", 9, lambda row: row.health or "-", lambda row: row.health, True),
    Column("CPU%", 6, lambda row: _number(row.cpu_percent, 1), lambda row: _least(row.cpu_percent), True),
    Column("MEM", 5, lambda row: bytes_text(row.memory_bytes), lambda row: _least(row.memory_bytes), True),
    Column("PSS", 5, lambda row: bytes_text(row.pss_bytes), lambda row: _least(row.pss_bytes), True),
    Column("THR", 4, lambda row: _number(row.threads), lambda row: _least(row.threads), True),
    Column("FILES", 5, lambda row: _number(row.files), lambda row: _least(row.files), True),
    Column("UPTIME", 7, lambda row: uptime_text(row.uptime_seconds), lambda row: _least(row.uptime_seconds), False),
    Column("RST", 4, lambda row: str(row.restarts), lambda row: row.restarts, True),
)  # fmt: skip
LEFT = ("NAME", "STATE", "HEALTH")  # text; all else is numbers, which stand at the right
TITLES = tuple(column.title for column in COLUMNS)


def name_width(total: int) -> int:
    """What is left for names in a line of so many characters, a blank between columns."""
    return max(8, total - sum(column.width + 1 for column in COLUMNS if column.width))


def cells_of(row: Row, width_of_name: int) -> tuple[str, ...]:
    """A row in columns, each as wide as its column."""
    return tuple(_fit(column, column.show(row), width_of_name) for column in COLUMNS)


def headings(width_of_name: int) -> tuple[str, ...]:
    """The titles, likewise."""
    return tuple(_fit(column, column.title, width_of_name) for column in COLUMNS)


def _fit(column: Column, text: str, width_of_name: int) -> str:
    width = column.width or width_of_name
    return padded(cut(text, width), width, is_right=column.title not in LEFT)


def arranged(rows: Iterable[Row], title: str, is_descending: bool, pattern: str = "") -> list[Row]:
    """Those whose name, state or health has `pattern` in it, sorted by the column of that title, then by name."""
    wanted = pattern.lower()
    chosen = [
        row for row in rows if wanted in row.name.lower() or wanted in f"{row.state} {row.health}".lower()
    ]
    order = COLUMNS[TITLES.index(title)].order
    chosen.sort(key=lambda row: row.name)
    chosen.sort(key=order, reverse=is_descending)  # type: ignore[arg-type]
    return chosen


def summary(rows: Sequence[Row]) -> str:
    """How many there are, in which states, and what they use together."""
    running = sum(row.state == "RUNNING" for row in rows)
    bad = sum(row.state in ("FATAL", "BACKOFF") or row.health == "unhealthy" for row in rows)
    cpu = sum(row.cpu_percent or 0.0 for row in rows)
    memory = sum(row.memory_bytes or 0 for row in rows)
    trouble = f", {bad} in trouble" if bad else ""
    return f"{len(rows)} programs, {running} running{trouble}; CPU {cpu:.1f}%, memory {bytes_text(memory)}"


def machine_text(facts: Facts) -> str:
    """The whole machine on a line, "" where the daemon does not tell."""
    known = {name: value for name, value in facts.items() if isinstance(value, int | float)}
    if "load1" not in known:
        return ""

    def part(name: str) -> str:
        return f"{name} {_bytes(known, f'{name}_bytes')} of {_bytes(known, f'{name}_total_bytes')}"

    words = [
        f"load {' '.join(f'{known.get(name, 0.0):.2f}' for name in ('load1', 'load5', 'load15'))}",
        part("memory"),
    ]
    if "cpu_percent" in known:
        words.insert(0, f"CPU {known['cpu_percent']:.1f}%")
    if known.get("swap_total_bytes"):
        words.append(part("swap"))
    return f"machine: {', '.join(words)}"


def _bytes(known: Mapping[str, float], name: str) -> str:
    return bytes_text(int(known.get(name, 0)))


def table_text(rows: Sequence[Row], total: int) -> str:
    """All of it as lines for a terminal or a file."""
    width = min(name_width(total), max(len(name) for name in ("NAME", *(row.name for row in rows))))
    lines = [headings(width), *(cells_of(row, width) for row in rows)]
    return "\n".join(" ".join(cells).rstrip() for cells in lines)
