"""Who belongs to a spawn: decided from a table of processes, whoever made it.

A process belongs to a spawn when it carries the spawn's id, or is in the process group or the session that one
of the spawn's own processes leads, or is a child of one that belongs. Each alone is not enough: programs
overwrite their environment with their title (nginx), leave their group (`setsid`), and lose their parent.
"""

from collections.abc import Collection, Mapping

from vigild.core.frozen import frozen


@frozen
class Seen:
    """One process in the table. `spawn_id` is '' where none is known; zombies have no business in the table."""

    pid: int
    ppid: int
    pgid: int
    session: int
    start_ticks: int
    spawn_id: str = ""
    name: str = ""


@frozen
class Origin:
    """A spawn: its id and the processes that were it (launcher, main process), as pid and start ticks (0: unknown)."""

    spawn_id: str
    anchors: tuple[tuple[int, int], ...] = ()

    def with_members(self, members: Collection["Seen"]) -> "Origin":
        """The same, and these belong to it whatever happens to their parents."""
        more = {(seen.pid, seen.start_ticks) for seen in members}.difference(self.anchors)
        return Origin(self.spawn_id, (*self.anchors, *sorted(more))) if more else self


class Table(dict[int, Seen]):
    """All processes, by pid, and who shares a parent, a mark, a group or a session: made once, asked by many."""

    __slots__ = ("_children", "_grouped", "_marked", "_sessioned")

    def __init__(self, processes: Mapping[int, Seen]) -> None:
        super().__init__(processes)
        self._children: dict[int, list[Seen]] = {}
        self._grouped: dict[int, list[Seen]] = {}
        self._sessioned: dict[int, list[Seen]] = {}
        self._marked: dict[str, list[Seen]] = {}
        for seen in processes.values():
            self._children.setdefault(seen.ppid, []).append(seen)
            self._grouped.setdefault(seen.pgid, []).append(seen)
            self._sessioned.setdefault(seen.session, []).append(seen)
            if seen.spawn_id:
                self._marked.setdefault(seen.spawn_id, []).append(seen)

    def children(self, pid: int) -> list[Seen]:
        """Those whose parent is `pid`."""
        return self._children.get(pid, [])

    def led_by(self, pid: int) -> list[Seen]:
        """Those in the group or the session that `pid` leads or has led, and `pid` itself."""
        itself = [self[pid]] if pid in self else []
        return [*itself, *self._grouped.get(pid, ()), *self._sessioned.get(pid, ())]

    def marked(self, spawn_id: str) -> list[Seen]:
        """Those that carry the id of that spawn."""
        return self._marked.get(spawn_id, [])


def members_of(origin: Origin, table: Table, others: Collection[int]) -> list[Seen]:
    """All that belongs to the spawn, itself included, oldest first.

    `others`: pids that do not, and whose children do not either: the daemon, and what it supervises besides.
    """
    first = min((ticks for _, ticks in origin.anchors), default=0)
    candidates = list(table.marked(origin.spawn_id))
    for leader in _leaders(origin, table):
        candidates += table.led_by(leader)
    found = {seen.pid: seen for seen in candidates if seen.pid not in others and seen.start_ticks >= first}
    pending = list(found)
    while pending:
        for child in table.children(pending.pop()):
            if child.pid not in found and child.pid not in others:
                found[child.pid] = child
                pending.append(child.pid)
    return sorted(found.values(), key=lambda seen: (seen.start_ticks, seen.pid))


def _leaders(origin: Origin, table: Table) -> set[int]:
    """Pids whose groups and sessions are the spawn's: a pid is not given away anew while one of these exists."""
    leaders = set()
    for pid, ticks in origin.anchors:
        holder = table.get(pid)
        if holder is None or not ticks or holder.start_ticks == ticks:
            leaders.add(pid)
    return leaders


@frozen
class Candidates:
    """Who could be the process that a launcher put in the background: the likeliest first, and is that certain?"""

    pids: tuple[int, ...]
    is_certain: bool


def main_candidates(members: Collection[Seen], strangers: Collection[Seen], daemon_pid: int) -> Candidates:
    """Of what a launcher left behind, the process that is the program now.

    `members` belong to the spawn. `strangers` are orphans of nobody known, young enough to be of this spawn:
    they count only where nobody else does, and only if there is no choice between them.
    """
    tops = [seen for seen in members if seen.ppid == daemon_pid] or list(members)
    if tops:
        parents = {seen.ppid for seen in members}

        def rank(seen: Seen) -> tuple[bool, bool, int, int]:
            return seen.pid not in parents, seen.session != seen.pid, seen.start_ticks, seen.pid

        return Candidates(tuple(seen.pid for seen in sorted(tops, key=rank)), True)
    return Candidates(tuple(sorted(seen.pid for seen in strangers)), len(strangers) == 1)
