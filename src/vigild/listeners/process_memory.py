"""Resident memory of processes and of all that descends from them, from /proc; from `ps` where there is none (macOS)."""

import os
from collections.abc import Iterable
from typing import NamedTuple


class Usage(NamedTuple):
    """One process in the table."""

    parent: int
    rss_bytes: int


def resident(pids: Iterable[int], cumulative: bool, root: str = "/proc") -> dict[int, int]:
    """Bytes of resident memory by pid, with `cumulative` those of all descendants added. Without those that are gone."""
    wanted = list(pids)
    if not os.path.exists(f"{root}/self/stat"):
        everything = _from_ps()
    elif cumulative:
        everything = _table(root, (name for name in os.listdir(root) if name.isdecimal()))
    else:
        everything = _table(root, map(str, wanted))
    if cumulative:
        return trees(everything, wanted)
    return {pid: everything[pid].rss_bytes for pid in wanted if pid in everything}


def trees(everything: dict[int, Usage], pids: Iterable[int]) -> dict[int, int]:
    """The sums over each pid and its descendants."""
    children: dict[int, list[int]] = {}
    for pid, usage in everything.items():
        children.setdefault(usage.parent, []).append(pid)
    sums: dict[int, int] = {}
    for pid in pids:
        if pid not in everything:
            continue
        seen = {pid}
        ahead = [pid]
        while ahead:
            fresh = [child for child in children.get(ahead.pop(), ()) if child not in seen]
            seen.update(fresh)
            ahead += fresh
        sums[pid] = sum(everything[one].rss_bytes for one in seen)
    return sums


def parse_stat(text: bytes, page_bytes: int) -> Usage | None:
    """One line of /proc/PID/stat: fields 4 and 24. The name, in parentheses, may hold blanks and parentheses."""
    fields = text[text.rfind(b")") + 2 :].split()
    return Usage(int(fields[1]), int(fields[21]) * page_bytes) if len(fields) > 21 else None


def parse_ps(text: str) -> dict[int, Usage]:
    """Lines of `ps -o pid=,ppid=,rss=`, which counts in KiB."""
    rows = (line.split() for line in text.splitlines())
    return {int(row[0]): Usage(int(row[1]), int(row[2]) * 1024) for row in rows if len(row) == 3}


def _table(root: str, names: Iterable[str]) -> dict[int, Usage]:
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    found: dict[int, Usage] = {}
    for name in names:
        try:
            with open(f"{root}/{name}/stat", "rb", buffering=0) as file:
                usage = parse_stat(file.read(4096), page_bytes)
        except OSError:
            continue  # it is gone
        if usage is not None:
            found[int(name)] = usage
    return found


def _from_ps() -> dict[int, Usage]:
    from vigild.listeners.commands import run
    from vigild.listeners.offshoot import in_child

    return parse_ps(in_child(lambda: run("ps", ["-axo", "pid=,ppid=,rss="]), 30.0).text)
