"""What descends from one process: the one that its launcher leaves, and what it leaves behind itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.config.model import KillMode
from vigild.core import process as machine
from vigild.engine.essential import has_ended_by_itself

if TYPE_CHECKING:
    from vigild.core.descendants import Origin, Seen
    from vigild.engine.kin import Kin
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Child, Ports

Anchors = tuple[tuple[int, int], ...]


class Descent:
    """Beside each process: the pids its latest spawn is known by, and the spawn that waits for the end of a tree."""

    __slots__ = ("_executable", "_is_ours", "_kin", "_on_rest", "_owner", "_ports", "anchors", "spawn_waits")

    def __init__(
        self,
        owner: "ManagedProcess",
        kin: "Kin",
        ports: "Ports",
        on_rest: Callable[["ManagedProcess"], None],
    ) -> None:
        self._owner = owner
        self._kin = kin
        self._ports = ports
        self._on_rest = on_rest
        self._executable = ""
        self._is_ours = True
        self.anchors: Anchors = ()
        self.spawn_waits = False

    @property
    def origin(self) -> "Origin":
        """What the latest spawn is known by."""
        from vigild.core.descendants import Origin

        return Origin(self._owner.spawn_id, self.anchors)

    def spawned(self, child: "Child", executable: str) -> None:
        """There is a new child; all that descends from it is known by it."""
        self._executable = executable
        self._is_ours = True
        self.anchors = ((child.pid, child.start_ticks),)

    def adopted(self, child: "Child", *, is_ours: bool) -> None:
        """The daemon before this one spawned it; perhaps it wrote down who else belongs to it."""
        self._is_ours = is_ours
        anchor = (child.pid, child.start_ticks)
        if anchor not in self.anchors:
            self.anchors += (anchor,)

    def note_rest(self) -> None:
        """An essential process has moved: is it at rest by itself?"""
        if has_ended_by_itself(self._owner):
            self._kin.essential_ended(self._owner)

    # From a launcher to the process.

    def find_main(self) -> None:
        """Find the process that the launcher has left in the background."""
        from vigild.engine.forking import MainFinder

        config = self._owner.config
        pidfile = config.pidfile
        if pidfile is not None and not pidfile.startswith("/") and config.directory:
            pidfile = f"{config.directory}/{pidfile}"
        MainFinder(
            self._owner,
            self.origin,
            pidfile,
            self._executable,
            self._kin,
            self._ports,
            self._main_found,
            self._no_main_found,
        )

    def _main_found(self, pid: int) -> None:
        owner = self._owner
        self._ports.log.info(f"'{owner.config.name}' runs in the background with pid {pid}")
        self.anchors += ((pid, self._ports.table.start_ticks(pid)),)
        owner.follow(pid)
        owner.feed(machine.MainPid(pid))

    def _no_main_found(self, words: str) -> None:
        owner = self._owner
        owner.finish_child()
        owner.feed(owner.spawn_failed(words))
        self._on_rest(owner)

    # The tree.

    def note_exit(self, status: int | None) -> None:
        """It has ended: what it leaves behind is looked for soon, unless that is ended with it anyhow."""
        if self._owner.config.kill_mode is not KillMode.TREE:
            leftovers = self._kin.leftovers
            leftovers.note_exit(self._owner, status, self._executable, is_ours=self._is_ours)

    def note_former_run(self) -> None:
        """The daemon before this one saw its end, and can tell nobody any more what it left behind."""
        if self.anchors and self._owner.config.kill_mode is not KillMode.TREE:
            self._kin.leftovers.note_former_run(self._owner)

    def leftovers(self) -> "tuple[tuple[Seen, ...], str]":
        """What lives of what it left behind, and a hint for one that puts itself in the background."""
        leftovers = self._kin.leftovers
        return leftovers.of(self._owner), leftovers.hint(self._owner)

    def living(self) -> "list[Seen]":
        """All that lives of the latest spawn, and what was left behind before, oldest first."""
        if not self._owner.spawn_id:
            return []
        members = {
            seen.pid: seen for seen in self._kin.members(self.origin, self._owner, self._kin.recent_table())
        }
        members.update((seen.pid, seen) for seen in self.leftovers()[0])
        return sorted(members.values(), key=lambda seen: (seen.start_ticks, seen.pid))

    def forget(self) -> None:
        """Its process leaves the configuration."""
        self._kin.leftovers.forget(self._owner)

    def note_stop(self) -> None:
        """It is about to be told to stop: later, some of its tree may not be known as its own any more."""
        if self._owner.config.kill_mode is KillMode.TREE:
            members = self._kin.members(self.origin, self._owner, self._kin.recent_table())
            self.anchors = self.origin.with_members(members).anchors

    def end_tree(self) -> None:
        """End what it left behind, and then spawn it if that was to be done meanwhile."""
        from vigild.engine.tree_end import TreeEnd

        TreeEnd(self._owner, self.origin, self._kin, self._ports, self._tree_ended)

    def _tree_ended(self) -> None:
        owner = self._owner
        owner.feed(machine.TreeEnded())
        if self.spawn_waits:
            self.spawn_waits = False
            if owner.process.wanted is machine.Wanted.DOWN:
                owner.feed(machine.SpawnFailed("stopped before it was started"))
            else:
                owner.spawn_again()
        self._on_rest(owner)
