"""All groups of one daemon: what runs, what is added and removed, and how everything starts and ends.

Order: groups start by priority, lowest first, without waiting for one another, and end highest first.
A wave of groups with equal priority ends together; the next wave begins when the last process of this
one has stopped. (Supervisor ends groups of equal priority one after the other; see docs/compatibility.md.)
What depends on others (`depends_on`) starts after them, whatever the priorities say, and ends before them.
"""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from vigild.config.model import GroupConfig, GroupKind, KillMode, ProcessConfig
from vigild.config.snapshot import to_json
from vigild.core.dependency import node_of, stop_waves
from vigild.core.events import process_group_event, supervisor_state_event
from vigild.core.process import SendSignal, ShutDown, Start, Stop
from vigild.core.states import SupervisorState
from vigild.engine.bus import EventBus
from vigild.engine.dependencies import Dependencies
from vigild.engine.essential import exit_status_of
from vigild.engine.event_records import LISTENER
from vigild.engine.kin import Kin
from vigild.engine.listeners import PoolRunner, ResultHandler, default_result_handler
from vigild.engine.managed import ManagedProcess
from vigild.engine.ports import Ports, Sender, StopStore, Timer
from vigild.engine.records import ENDING, GROUP, ProcessRecord
from vigild.engine.remembered import NoStopStore, Remembered
from vigild.engine.settings import Settings
from vigild.engine.ticks import Ticks
from vigild.engine.words import exit_words

if TYPE_CHECKING:
    from vigild.core.samples import Sample
    from vigild.engine.sampling import Sampling
    from vigild.engine.scheduling import Scheduling

NO_RECORDS: Mapping[str, ProcessRecord] = {}
SPAWN_SLICE = 16  # programs started in one turn of the loop, so that exits and clients are served in between
RULES = "rules"  # who wants samples
FIRST_SAMPLE_SECONDS = 1.0  # after the first process with rules became RUNNING
SHUTDOWN_REPORT_SECONDS = 3.0  # how often the log says who has not ended yet


class Group:
    """One running group: its configuration, its processes by name in order, its pool if it listens."""

    __slots__ = ("config", "pool", "processes")

    def __init__(self, config: GroupConfig, processes: list[ManagedProcess], pool: PoolRunner | None) -> None:
        self.config = config
        self.processes = {process.config.name: process for process in processes}
        self.pool = pool

    @property
    def by_priority(self) -> list[ManagedProcess]:
        """Its processes in the order in which orders are carried out: lowest priority first, else as configured."""
        return sorted(self.processes.values(), key=lambda process: process.config.priority)

    @property
    def unstopped(self) -> list[ManagedProcess]:
        """Those that still run, or try to."""
        return [process for process in self.processes.values() if not process.stopped]


class Engine:
    """The groups, the bus and the mood of the daemon."""

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        result_handlers: Callable[[str], ResultHandler] = lambda spec: default_result_handler,
        stops: StopStore | None = None,
    ) -> None:
        self.ports = ports
        self.settings = settings
        self.bus = EventBus(ports.journal)
        self.remembered = Remembered(stops or NoStopStore(), ports.clock)
        self.groups: dict[str, Group] = {}
        self.mood = SupervisorState.RUNNING
        self._ticks = Ticks(ports.clock, self.bus)
        self._by_pid: dict[int, ManagedProcess] = {}
        self.dependencies = Dependencies(ports.clock, ports.log, self._is_to_start)
        self._kin = Kin(ports, self._by_pid)
        self._kin.essential_ended = self._essential_ended
        ports.prober.hear(self._notified)
        self.exit_status = 0  # the daemon's, when all have ended
        self.on_essential_end: Callable[[], None] = lambda: None
        self._result_handlers = result_handlers
        self._written: set[str] = set()  # groups that are in the journal
        self._start_again: set[ManagedProcess] = set()  # when they have stopped
        self._to_start: list[ManagedProcess] = []
        self._slice_timer: Timer | None = None
        self._waves: list[list[ManagedProcess]] = []  # the next is the last
        self._stopping: set[ManagedProcess] = set()  # the wave that is ending now
        self._when_stopped: Callable[[], None] | None = None
        self._report_timer: Timer | None = None
        self._sampling: Sampling | None = None
        self._judges = False  # rules, at each sample
        self.scheduling: Scheduling | None = None  # where a program has a schedule

    # Groups.

    def add_group(self, config: GroupConfig, records: Mapping[str, ProcessRecord] = NO_RECORDS) -> bool:
        """Take in a group and start what is to start by itself. False if there is one of that name.

        Processes with a record (by namespec) are as it says, and are not started by themselves: `engine.adoption`
        resumes them.
        """
        if config.name in self.groups:
            return False
        pool = None
        if config.kind is GroupKind.EVENTLISTENER:
            handler = self._result_handlers(config.result_handler)
            pool = PoolRunner(config, self.settings, self.bus, self.ports.log, handler)
        processes = [self._make_process(process, config, pool) for process in config.processes]
        self.groups[config.name] = group = Group(config, processes, pool)
        self.dependencies.add(config.name, group.processes)
        self._ticks.refresh()
        new = [process for process in processes if not self._restore(process, records)]
        if len(new) == len(processes):
            self.bus.emit_if_wanted("PROCESS_GROUP_ADDED", lambda: process_group_event("ADDED", config.name))
        else:
            self._write_down(config)
        self._to_start.extend(new)
        self._schedule_slice()
        if self.settings.observer is not None:
            self.settings.observer.regrouped(config.name, "added")
        return True

    def remove_group(self, name: str) -> bool:
        """Let go of a group whose processes have all stopped. False if one still runs. Raises KeyError."""
        group = self.groups[name]
        if group.unstopped:
            return False
        if group.pool is not None:
            group.pool.close()
        for process in group.processes.values():
            process.forbid_restarts()  # an order that is still on its way must not start what nobody sees any more
            self.cancel_autostart(process)
            if process.process.pausing:
                process.feed(Stop())  # nothing waits any more for the restart of what is no more
            process.release_logs()
            process.forget()
            if self.scheduling is not None:
                self.scheduling.remove(process)
        self.ports.journal.drop(GROUP, name)
        self._written.discard(name)
        self.remembered.group_removed(group.processes.values())
        del self.groups[name]
        self._end_judging()
        for dependant in self.dependencies.remove(name):
            self.ports.log.warn(
                f"{name} is removed, but {dependant} depends on it: once it ends or is stopped, it cannot start "
                "before there is such a program again"
            )
        self._ticks.refresh()
        self.bus.emit_if_wanted("PROCESS_GROUP_REMOVED", lambda: process_group_event("REMOVED", name))
        if self.settings.observer is not None:
            self.settings.observer.regrouped(name, "removed")
        return True

    def _restore(self, process: ManagedProcess, records: Mapping[str, ProcessRecord]) -> bool:
        record = records.get(process.namespec)
        if record is not None:
            process.restore(record)
        return record is not None

    def _write_down(self, config: GroupConfig) -> None:
        """For the next daemon: what this group runs with. Before its first process, and no earlier than needed."""
        if config.name not in self._written:
            self._written.add(config.name)
            self.ports.journal.put(GROUP, config.name, to_json(config))

    @property
    def needs_orphans(self) -> bool:
        """Must orphans come to us from the first program on, because one is followed by its descendants?"""
        return any(
            config.forking or config.kill_mode is KillMode.TREE
            for group in self.groups.values()
            for config in group.config.processes
        )

    def hand_over(self) -> dict[str, dict[str, bytes]]:
        """What the journal does not say, for the daemon that this one executes itself as: entries by kind."""
        pools = [group.pool for group in self.groups.values() if group.pool is not None]
        return {LISTENER: {name: value for pool in pools for name, value in pool.hand_over().items()}}

    def all_processes(self) -> list[ManagedProcess]:
        """Every process, groups and members in order of priority."""
        groups = sorted(self.groups.values(), key=lambda group: group.config.priority)
        return [process for group in groups for process in group.by_priority]

    def _make_process(
        self, config: ProcessConfig, group: GroupConfig, pool: PoolRunner | None
    ) -> ManagedProcess:
        process = ManagedProcess(
            config,
            group.name,
            self.ports,
            self.bus,
            self.settings,
            self._by_pid.__setitem__,
            self._kin,
            self._came_to_rest,
            self.dependencies,
            pool=pool,
            fcgi_socket=group.socket,
        )
        if process.ruling is not None:
            process.ruling.on_running = self._begin_judging
        if config.schedule:
            if self.scheduling is None:
                from vigild.engine.scheduling import (
                    Scheduling as NewScheduling,
                )  # late: few programs have one

                self.scheduling = NewScheduling(self.ports, self.dependencies.pull)
            process.job = self.scheduling.add(process)
        return process

    # What processes use.

    def _begin_judging(self) -> None:
        """A process with rules runs. Not at once: programs that are to be started come first."""
        if not self._judges:
            self._judges = True
            clock = self.ports.clock
            clock.call_at(clock.monotonic() + FIRST_SAMPLE_SECONDS, self._want_samples)

    def _want_samples(self) -> None:
        if self._judges and self.mood is SupervisorState.RUNNING:
            self.sampling.on_sample(_judge)
            self.sampling.want(RULES)

    def _end_judging(self) -> None:
        """Some group has gone: does any with rules still run?"""
        if self._judges and not any(process.ruling for process in self.all_processes()):
            self._judges = False
            self.sampling.want_no_more(RULES)

    @property
    def sampling(self) -> "Sampling":
        """Samples of what processes use. Imported when first asked for; nothing is sampled before anybody wants it."""
        if self._sampling is None:
            from vigild.engine.sampling import Sampling

            self._sampling = Sampling(self.ports, self.all_processes)
        return self._sampling

    def latest_sample(self, process: ManagedProcess) -> "Sample | None":
        """What a process used last, as far as that is known; cheap."""
        return self._sampling.latest(process) if self._sampling is not None else None

    # Starting.

    def announce_running(self) -> None:
        """The daemon is up: listeners are told."""
        self.bus.emit_if_wanted("SUPERVISOR_STATE_CHANGE_RUNNING", lambda: supervisor_state_event("RUNNING"))

    @property
    def starting(self) -> bool:
        """Are there still programs to be started by themselves?"""
        return bool(self._to_start)

    def _is_to_start(self, process: ManagedProcess) -> bool:
        """Is it likely to be started by itself soon, for the first time?"""
        return self.starting and process.config.autostart and process.started_wall == 0

    def cancel_autostart(self, process: ManagedProcess) -> bool:
        """Do not start it by itself. True if it was still waiting for its turn."""
        self._start_again.discard(process)
        if process not in self._to_start:
            return False
        self._to_start.remove(process)
        return True

    def start_when_stopped(self, process: ManagedProcess) -> None:
        """Start it by itself as soon as the stop that is under way is over."""
        self._start_again.add(process)

    def start_slice(self) -> None:
        """Start the next few of those that are waiting to be started by themselves."""
        self._slice_timer = None
        batch, self._to_start = self._to_start[:SPAWN_SLICE], self._to_start[SPAWN_SLICE:]
        for process in batch:
            if self.mood < SupervisorState.RUNNING:
                break
            self._prepare(process)
            if process.config.autostart and process.started_wall == 0 and process.stopped:
                self._start_unless_remembered(process)
        if self._to_start:
            self._schedule_slice()

    def _start_unless_remembered(self, process: ManagedProcess) -> None:
        mark = self.remembered.mark_of(process) if process.config.remember else None
        if mark is None:
            process.feed(Start())
            self.dependencies.pull(process)
            return
        process.remembered_wall = mark.at
        self.ports.log.info(
            f"not started: '{process.config.name}', which an operator stopped, says remember=true"
        )

    def _prepare(self, process: ManagedProcess) -> None:
        self._write_down(self.groups[process.group_name].config)
        try:
            process.make_logs()
        except OSError as error:
            self.ports.log.critical(
                f"cannot make a log file for {process.namespec}: {error.strerror} ({error.filename}); "
                "its output is not kept; make childlogdir writable and restart it"
            )

    def _schedule_slice(self) -> None:
        if self._slice_timer is None and self.mood is SupervisorState.RUNNING:
            clock = self.ports.clock
            self._slice_timer = clock.call_at(clock.monotonic(), self.start_slice)

    # Facts from the host.

    def child_died(self, pid: int, wait_status: int | None) -> None:
        """A child has ended; `wait_status` is None where nobody can say how."""
        process = self._by_pid.pop(pid, None)
        if process is None:
            owner = self._kin.leftovers.reaped(pid)
            of = f"pid {pid}, left behind by {owner.namespec}" if owner is not None else f"unknown pid {pid}"
            self.ports.log.debug(f"reaped {of} ({exit_words(wait_status or 0)[1]})")
            return
        process.child_died(wait_status)
        self._came_to_rest(process)

    def _notified(self, sender: Sender, message: dict[str, str]) -> None:
        """A program sent a message of systemd's protocol. Believed only from a process of its own."""
        process = self._sender_process(sender)
        if process is None or process.watch is None or not process.config.is_notified:
            self.ports.log.debug(
                f"ignored a notification of pid {sender.pid}, which belongs to no program that sends any"
            )
            return
        process.watch.notified(message)

    def _sender_process(self, sender: Sender) -> ManagedProcess | None:
        for pid in (sender.pid, *sender.ancestors):
            process = self._by_pid.get(pid)
            if process is not None:
                return process
        if sender.spawn_id:  # what it put in the background; the mark alone could be anybody's
            for process in self.all_processes():
                if process.spawn_id == sender.spawn_id and sender.uid in (
                    0,
                    os.geteuid(),
                    process.config.uid,
                ):
                    return process
        return None

    def _came_to_rest(self, process: ManagedProcess) -> None:
        """It may have: is there something that waited for it?"""
        if process in self._start_again and process.stopped:
            self._start_again.discard(process)
            process.feed(Start())
        if self._when_stopped is not None and process.at_rest:
            self._stopping.discard(process)
            if not self._stopping:
                self._next_wave()

    def expect_orphans(self) -> None:
        """Programs run: from now on they may leave something behind. Loads what that takes before it is in a hurry."""
        self._kin.leftovers  # noqa: B018

    def _essential_ended(self, process: ManagedProcess) -> None:
        if self.mood < SupervisorState.RUNNING:
            return
        self.exit_status = exit_status_of(process)
        self.ports.log.critical(
            f"{process.namespec} is essential and has ended ({process.state.name}): "
            f"shutting down, to exit with status {self.exit_status}"
        )
        self.on_essential_end()

    def signal_essential(self, signum: int) -> None:
        """Hand a signal on to the essential programs."""
        for process in self.all_processes():
            if process.config.essential:
                process.feed(SendSignal(signum))

    # Ending.

    def stop_everything(self, mood: SupervisorState, when_stopped: Callable[[], None]) -> None:
        """Stop all groups, highest priority first, then call back once. `mood`: SHUTDOWN or RESTARTING."""
        if self.mood < SupervisorState.RUNNING:
            self.mood = min(self.mood, mood)  # a shutdown outranks a restart that is under way
            return
        self.mood = mood
        if self.settings.observer is not None:
            self.settings.observer.mood_changed()
        self.ports.journal.put(
            ENDING, "", b""
        )  # before anything is stopped that nobody wanted to stay stopped
        self._when_stopped = when_stopped
        self._to_start.clear()
        if self.scheduling is not None:
            self.scheduling.hold()
        self.bus.emit_if_wanted(
            "SUPERVISOR_STATE_CHANGE_STOPPING", lambda: supervisor_state_event("STOPPING")
        )
        for group in self.groups.values():
            for process in group.processes.values():
                process.forbid_restarts()
        self._waves = self._make_waves()[::-1]
        self._report_later()
        self._next_wave()
        self._report()

    def _make_waves(self) -> list[list[ManagedProcess]]:
        """Everything, in the order in which it ends."""
        if not self.dependencies.is_used:
            by_priority: dict[int, list[ManagedProcess]] = {}
            for group in self.groups.values():
                by_priority.setdefault(group.config.priority, []).extend(group.by_priority)
            return [by_priority[priority] for priority in sorted(by_priority, reverse=True)]
        processes, priorities = {}, {}
        for group in self.groups.values():
            for process in group.by_priority:
                node = node_of(process.group_name, process.config.name)
                processes[node], priorities[node] = process, group.config.priority
        waves = stop_waves(self.dependencies.edges(), priorities)
        return [[processes[node] for node in wave] for wave in waves]

    def _next_wave(self) -> None:
        """Begin waves until there is one whose processes need time to stop; end when there are no more."""
        while not self._stopping and self._waves:
            members = self._waves.pop()
            for process in sorted(members, key=lambda member: member.config.priority)[::-1]:
                if not process.stopped:
                    process.feed(ShutDown())
            self._stopping = {process for process in members if not process.at_rest}
        if not self._stopping and self._when_stopped is not None:
            when_stopped, self._when_stopped = self._when_stopped, None
            if self._report_timer is not None:
                self._report_timer.cancel()
            self._ticks.stop()
            self._kin.close()
            if self._sampling is not None:
                self._sampling.close()
            if self.scheduling is not None:
                self.scheduling.close()
            when_stopped()

    def _report_later(self) -> None:
        clock = self.ports.clock
        self._report_timer = clock.call_at(clock.monotonic() + SHUTDOWN_REPORT_SECONDS, self._report_again)

    def _report_again(self) -> None:
        # One that the kernel will not let us kill ends up UNKNOWN; it must not hold up the rest for ever.
        self._stopping = {process for process in self._stopping if not process.at_rest}
        self._report()
        self._report_later()
        self._next_wave()

    def _report(self) -> None:
        names = ", ".join(process.config.name for process in self.all_processes() if not process.at_rest)
        if names:
            self.ports.log.info(f"waiting for {names} to die")


def _judge(process: ManagedProcess, sample: "Sample") -> None:
    if process.ruling is not None:
        process.ruling.sampled(sample)
