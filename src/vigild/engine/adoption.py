"""From the journal of the daemon before this one to groups that go on from there.

A group of which something still runs goes on with the configuration it was started with, whatever the file
says by now: `reread` then shows it as changed, or as removed, and `update` brings the new one. Everything
else is read from the file, and only remembers where it stood (a job that is done is not done again).
"""

from collections.abc import Sequence
from dataclasses import field

from vigild.config.diff import same_group
from vigild.config.model import GroupConfig
from vigild.config.snapshot import SnapshotError, from_json
from vigild.core.adoption import Fate
from vigild.core.frozen import plain
from vigild.core.names import make_namespec
from vigild.core.states import ProcessState
from vigild.engine.engine import Engine
from vigild.engine.ports import Journal, Log, Ports, Remains
from vigild.engine.records import ENDING, GROUP, PROCESS, ProcessRecord, decode_record

Entries = dict[str, dict[str, bytes]]


@plain
class Adoption:
    """What the old daemon left, and what was made of it."""

    groups: list[GroupConfig] = field(default_factory=list)  # to run, in the order of the file
    records: dict[str, ProcessRecord] = field(default_factory=dict)  # by namespec
    remains: dict[str, Remains] = field(default_factory=dict)
    outcomes: dict[str, Fate] = field(default_factory=dict)
    changed: list[str] = field(
        default_factory=list
    )  # groups that run with another configuration than the file's
    removed: list[str] = field(default_factory=list)  # groups that run and are no longer in the file
    waiting: list[str] = field(default_factory=list)  # new groups with what still runs under another name
    kept: frozenset[str] = frozenset()  # processes whose output a service manager kept while no daemon ran
    was_ending: bool = False  # the old daemon was killed while it stopped everything

    @property
    def logfiles(self) -> frozenset[str]:
        """Log files that go on: they must not be cleaned away."""
        names = (
            name
            for record in self.records.values()
            for name in (record.stdout_logfile, record.stderr_logfile)
        )
        return frozenset(name for name in names if name is not None)

    def report(self) -> list[str]:
        """What happened, for the log; nothing if there was nothing to adopt."""
        adopted = self.count(Fate.ADOPT, Fate.ADOPT_SPAWNED)
        dead = [name for name, outcome in self.outcomes.items() if outcome is Fate.MOURN]
        lines = []
        if adopted or dead:
            what = "1 running process" if adopted == 1 else f"{adopted} running processes"
            lines.append(f"adopted {what} of the daemon before this one")
        lines += [f"{name} ended while no daemon ran; {self.last_words(name)}" for name in dead]
        if self.changed:
            lines.append(
                f"{', '.join(self.changed)}: running with an older configuration; `supervisorctl update` applies the new"
            )
        if self.removed:
            lines.append(
                f"{', '.join(self.removed)}: running, but no longer configured; `supervisorctl update` ends that"
            )
        if self.waiting:
            lines.append(
                f"{', '.join(self.waiting)}: not started, because the same command still runs under a name that is "
                "no longer configured; `supervisorctl update` ends that and starts this"
            )
        return lines

    def last_words(self, name: str) -> str:
        """What became of the last that it wrote, of a process that ended while no daemon ran."""
        if name in self.kept:
            return "what it wrote was kept by the service manager, and is in its log"
        return "the last it wrote, at most one pipe full, may be missing in its log"

    def count(self, *fates: Fate) -> int:
        """How many processes came to one of these."""
        return sum(1 for outcome in self.outcomes.values() if outcome in fates)


def plan_adoption(
    entries: Entries, configured: Sequence[GroupConfig], ports: Ports, *, keep_all: bool = False
) -> Adoption:
    """Find out what still runs, and which configuration each group goes on with.

    `keep_all`: the daemon executes itself anew, and every group goes on as it was; the file changes nothing.
    """
    adoption = Adoption(was_ending=bool(entries.get(ENDING)))
    _read_records(entries, adoption, ports)
    if adoption.was_ending:
        _forget_what_ended(adoption)
    recorded = _read_groups(entries, ports.log)
    alive = {name.partition(":")[0] for name in _running(adoption)}
    kept = set(recorded) if keep_all else alive & set(recorded)
    in_file = {group.name: group for group in configured}
    renamed = set[tuple[str, str | None]]()
    for name in kept:
        now = in_file.get(name)
        renamed |= _commands(recorded[name], adoption) - (_commands(now) if now is not None else set())
    for group in configured:
        old = recorded.get(group.name)
        if old is None and not keep_all and renamed & _commands(group):
            adoption.waiting.append(group.name)
        elif old is None or group.name not in kept or same_group(group, old):
            if not keep_all or old is not None or not recorded:
                adoption.groups.append(group)
        else:
            adoption.changed.append(group.name)
            adoption.groups.append(old)
    for name in sorted(kept - in_file.keys()):
        adoption.removed.append(name)
        adoption.groups.append(recorded[name])
    return adoption


def _commands(group: GroupConfig, adoption: Adoption | None = None) -> set[tuple[str, str | None]]:
    """What its processes run, and where; with `adoption`, only of those that do run."""
    return {
        (process.command, process.directory)
        for process in group.processes
        if adoption is None or _runs(adoption, make_namespec(group.name, process.name))
    }


def _runs(adoption: Adoption, namespec: str) -> bool:
    remains = adoption.remains.get(namespec)
    return remains is not None and remains.pid > 0


def adopt(engine: Engine, adoption: Adoption) -> None:
    """Go on with every recorded process of the groups that were added with `adoption.records`."""
    # Before a dead member is started again, which would make another socket.
    for name, found in adoption.remains.items():
        owner = engine.groups.get(name.partition(":")[0])
        if found.pid and owner is not None and owner.config.socket is not None:
            engine.ports.sockets.take_back(owner.config.name, owner.config.socket, found.pid)
    for group in list(engine.groups.values()):
        for process in group.by_priority:
            remains = adoption.remains.get(process.namespec)
            if remains is not None:
                adoption.outcomes[process.namespec] = process.resume(remains)
                if (
                    adoption.was_ending
                    and process.state is ProcessState.STOPPING
                    and process.config.autostart
                ):
                    # The daemon stopped it, nobody else: it is to run as after any start of a daemon.
                    engine.start_when_stopped(process)


def _forget_what_ended(adoption: Adoption) -> None:
    """What the daemon's own end has stopped starts as at any start of a daemon."""
    for name, remains in list(adoption.remains.items()):
        if not remains.pid:
            del adoption.remains[name], adoption.records[name]


def forget_strangers(engine: Engine, journal: Journal) -> None:
    """Drop what the journal says of groups and processes that are no more."""
    known = {process.namespec for process in engine.all_processes()}
    for name in set(journal.entries.get(PROCESS, {})) - known:
        journal.drop(PROCESS, name)
    for name in set(journal.entries.get(GROUP, {})) - set(engine.groups):
        journal.drop(GROUP, name)
    journal.drop(ENDING, "")


def _read_records(entries: Entries, adoption: Adoption, ports: Ports) -> None:
    for name, data in entries.get(PROCESS, {}).items():
        try:
            record = decode_record(data)
        except SnapshotError as error:
            ports.log.critical(f"the journal's record of {name} is of no use, so it is not adopted: {error}")
            continue
        adoption.records[name] = record
        if record.process.pid or record.process.state is ProcessState.STARTING:
            adoption.remains[name] = ports.children.find(
                record.process.pid, record.start_ticks, record.spawn_id
            )
        else:
            adoption.remains[name] = Remains()


def _read_groups(entries: Entries, log: Log) -> dict[str, GroupConfig]:
    groups: dict[str, GroupConfig] = {}
    for name, data in entries.get(GROUP, {}).items():
        try:
            groups[name] = from_json(data, GroupConfig)
        except SnapshotError as error:
            log.critical(
                f"the journal's configuration of group {name} is of no use; the file's is taken: {error}"
            )
    return groups


def _running(adoption: Adoption) -> list[str]:
    return [name for name, remains in adoption.remains.items() if remains.pid]
