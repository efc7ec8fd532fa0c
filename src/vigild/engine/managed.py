"""One process: runs the machine of `core.process` and carries out its effects through the ports."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.config.model import ProcessConfig
from vigild.core import process as machine
from vigild.core.adoption import Fate, fate
from vigild.core.frozen import replace
from vigild.core.history import is_by_order
from vigild.core.names import make_namespec
from vigild.core.process import Entered, Exited, Input, Process, Refusal, Spawned, SpawnFailed
from vigild.core.states import STOPPED_STATES, ProcessState
from vigild.engine.announcing import announce_flapping, announce_move, announce_steady
from vigild.engine.chronicle import note_step
from vigild.engine.descent import Descent
from vigild.engine.outputs import former_log_name, log_name, make_plans
from vigild.engine.plans import child_environment, child_request, policy_of
from vigild.engine.ports import (
    NO_HISTORY,
    Child,
    CommandProblem,
    Ports,
    Remains,
    SpawnFailure,
    StreamPlan,
    Timer,
)
from vigild.engine.records import PROCESS, ProcessRecord, note_beside, restore_beside
from vigild.engine.words import exit_words, signal_name

if TYPE_CHECKING:
    from vigild.config.model import FcgiSocketConfig
    from vigild.core.descendants import Origin, Seen
    from vigild.engine.bus import EventBus
    from vigild.engine.dependencies import Dependencies, Unmet
    from vigild.engine.kin import Kin
    from vigild.engine.listeners import PoolRunner
    from vigild.engine.ruling import Ruling
    from vigild.engine.scheduling import Job
    from vigild.engine.settings import Settings
    from vigild.engine.watching import Watch

ASK_ONCE_SECONDS = 5.0  # what a program has at least to answer a new daemon that it is ready
WAITING_TO_STOP_SECONDS = 2.0  # how often the log says who is waited for


class ManagedProcess:
    """The process `config.name` of `group_name`: its machine, its child, its alarm and who waits for it."""

    __slots__ = (
        "_alarm",
        "_bus",
        "_child",
        "_dependencies",
        "_descent",
        "_exit_words",
        "_ports",
        "_settings",
        "_stop_sent",
        "_timer",
        "_waiters",
        "config",
        "fcgi_socket",
        "group_name",
        "is_adopted",
        "job",
        "on_pid",
        "plans",
        "policy",
        "pool",
        "process",
        "remembered_wall",
        "restart_count",
        "ruling",
        "spawn_id",
        "started_wall",
        "starts",
        "stderr_logfile",
        "stdout_logfile",
        "stopped_wall",
        "wait_status",
        "watch",
    )

    def __init__(
        self,
        config: ProcessConfig,
        group_name: str,
        ports: Ports,
        bus: "EventBus",
        settings: "Settings",
        on_pid: Callable[[int, "ManagedProcess"], None],
        kin: "Kin",
        on_rest: Callable[["ManagedProcess"], None],
        dependencies: "Dependencies",
        *,
        pool: "PoolRunner | None" = None,
        fcgi_socket: "FcgiSocketConfig | None" = None,
    ) -> None:
        self.config = config
        self.group_name = group_name
        self.process = Process()
        self.policy = policy_of(config)
        self.pool = pool
        self.fcgi_socket = fcgi_socket
        self.on_pid = on_pid
        self.is_adopted = False  # a daemon before this one started what runs now
        self.restart_count = 0  # how often it was started again by itself, since this daemon began
        self.started_wall = 0.0
        self.starts = 0  # how often this daemon began to start it
        self.stopped_wall = 0.0
        self.remembered_wall = 0.0  # when an operator stopped it, in the life of another daemon
        self.stdout_logfile: str | None = None
        self.stderr_logfile: str | None = None
        self.plans: list[StreamPlan] = []
        self._ports = ports
        self._bus = bus
        self._settings = settings
        self._child: Child | None = None
        self._alarm: machine.SetAlarm | None = None
        self._timer: Timer | None = None
        self._waiters: list[asyncio.Future[ProcessState]] = []
        self._exit_words = ""
        self._stop_sent = False
        self.spawn_id = ""
        self.wait_status: int | None = None  # of its last run, as the kernel said it; None where nobody knows
        self._dependencies = dependencies
        self._descent = Descent(self, kin, ports, on_rest)
        self.watch: Watch | None = None
        if config.is_watched:
            from vigild.engine.watching import Watch as NewWatch  # late: most programs are not

            self.watch = NewWatch(self, ports, bus, settings)
        self.job: Job | None = None  # where it has a schedule
        self.ruling: Ruling | None = None
        if config.is_ruled:
            from vigild.engine.ruling import Ruling as NewRuling  # late: as above

            self.ruling = NewRuling(self, ports)

    # What others may ask.

    @property
    def namespec(self) -> str:
        """The name people use for it."""
        return make_namespec(self.group_name, self.config.name)

    @property
    def state(self) -> ProcessState:
        """Where it is now."""
        return self.process.state

    @property
    def stopped(self) -> bool:
        """In a state that counts as stopped (that includes EXITED and FATAL)."""
        return self.process.state in STOPPED_STATES

    @property
    def at_rest(self) -> bool:
        """Stopped, and nothing that it left behind is being ended."""
        return self.stopped and not self.process.ending

    @property
    def is_ready(self) -> bool:
        """RUNNING, which it is only when it is ready if readiness is asked for, and not being ended."""
        return self.process.state is ProcessState.RUNNING and not self.process.condemned

    @property
    def is_healthy(self) -> bool:
        """Ready, and its health checks succeed; without a healthcheck, ready."""
        return self.is_ready and (self.watch is None or self.watch.is_healthy)

    @property
    def alarm_at(self) -> float:
        """When its alarm rings, in monotonic seconds; 0 where none is set."""
        return self._alarm.when if self._alarm is not None else 0.0

    @property
    def waiting_for(self) -> "list[Unmet]":
        """What it waits for before it is spawned; nothing when it does not wait."""
        return self._dependencies.unmet(self)

    @property
    def origin(self) -> "Origin":
        """What its latest spawn is known by."""
        return self._descent.origin

    @property
    def anchors(self) -> tuple[tuple[int, int], ...]:
        """The processes that were its latest spawn: pid and start ticks (0: unknown), the main one last."""
        return self._descent.anchors

    @property
    def leftovers(self) -> "tuple[tuple[Seen, ...], str]":
        """What lives of what it left behind, oldest first, and what to do if it puts itself in the background."""
        return self._descent.leftovers()

    def descendants(self) -> "list[Seen]":
        """All that lives of its latest spawn and of what it left behind, oldest first. Looks at the whole machine."""
        return self._descent.living()

    def next_move(self) -> "asyncio.Future[ProcessState]":
        """Where its next move leads, from now on: whoever waits later still hears of it."""
        waiter: asyncio.Future[ProcessState] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        return waiter

    def wake(self, state: ProcessState | None = None) -> None:
        """Let whoever waits for its next move look at it now: it came to `state`, or has not moved."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(self.state if state is None else state)

    def tell_dependants(self) -> None:
        """Whoever waits for it is to look again."""
        if self._dependencies.is_used:
            self._dependencies.moved(self)
        self.tell_watchers()

    def tell_watchers(self) -> None:
        """Something about it that they are shown is another."""
        if self._settings.observer is not None:
            self._settings.observer.changed(self)

    @property
    def seconds_to_restart(self) -> float | None:
        """How long it still waits for a delayed automatic restart; None when it waits for none."""
        if not self.process.restart_at or not self.policy.may_start:
            return None
        return max(0.0, self.process.restart_at - self._ports.clock.monotonic())

    def find_problem(self) -> CommandProblem | None:
        """Why its command cannot be run, if that can be known without trying."""
        found = self._ports.children.find_command(self.config.command, self.config.environment)
        return found if isinstance(found, CommandProblem) else None

    def write_stdin(self, data: bytes) -> None:
        """Send bytes to its stdin. Raises BrokenPipeError when there is nobody to read them."""
        if self._child is None or self.process.state is ProcessState.STOPPING:
            raise BrokenPipeError("not running")
        self._child.write_stdin(data)

    def send_event(self, data: bytes) -> None:
        """Send a listener an event, so that another daemon can see whether it got it. Raises BrokenPipeError."""
        if self._child is not None:
            self._child.mark_streams(len(data))
        self.write_stdin(data)

    # What happens to it.

    def feed(self, input_: Input) -> Refusal | None:
        """Give the machine an order or a fact, and carry out all that follows. Returns why an order was refused."""
        refusal = None
        inputs = [input_]
        while inputs:
            now = self._ports.clock.monotonic()
            before, told = self.process, inputs.pop(0)
            self.process, effects = machine.step(before, told, now, self.policy)
            if effects and self._ports.history is not NO_HISTORY:
                note_step(self._ports.history, self, before, told, (now, self._ports.clock.wall()), effects)
            if effects and self._settings.alarms is not None:
                self._settings.alarms.note_step(self, before, told, now, effects)
            # Told before it is written down: if we die in between, an event comes twice, but never not at all.
            is_written = self.process is before and not effects
            for effect in effects:
                if not is_written and isinstance(effect, machine.Spawn | machine.Signal):
                    self._stop_sent = False
                    self._write_down(effects)
                    is_written = True
                match effect:
                    case machine.Refuse(reason):
                        refusal = reason
                    case machine.Spawn() if self.process.ending:
                        self._descent.spawn_waits = True
                    case machine.Spawn():
                        inputs.append(self._spawn())
                    case machine.AwaitDependencies():
                        self._exit_words = ""  # those of its last run are not to be said of this one
                        if self._dependencies.may_spawn(self):
                            inputs.append(machine.DependenciesSatisfied())
                    case machine.FindMain():
                        self._descent.find_main()
                    case machine.EndTree():
                        self._descent.end_tree()
                    case machine.Signal(pid, signum, as_group):
                        if not self._signal(pid, signum, as_group):
                            inputs.append(machine.SignalFailed())
                    case machine.SetAlarm():
                        self._arm(effect)
                    case machine.CancelAlarm():
                        self._cancel_alarm()
                    case machine.Entered():
                        if effect.new is ProcessState.STARTING and not is_by_order(told):
                            self.restart_count += 1
                        self._entered(effect)
                    case machine.FlappingBegan():
                        announce_flapping(self, effect, self._bus, self._ports.log)
                    case machine.FlappingCleared():
                        announce_steady(self, effect, self._bus, self._ports.log)
            if not is_written:
                self._write_down(effects)
            elif self._stop_sent and effects:
                self._write_down([])
        if self.config.essential:
            self._descent.note_rest()
        return refusal

    def child_died(self, wait_status: int | None) -> None:
        """The child is dead: take in the rest of its output, then tell the machine. None: nobody knows how."""
        if wait_status is None:
            status, self._exit_words = None, "nobody saw how"
        else:
            status, self._exit_words = exit_words(wait_status)
        self.stopped_wall, self.wait_status = self._ports.clock.wall(), wait_status
        now = self._ports.clock.monotonic()
        if not machine.is_launch_step(self.process, status, now, self.policy):
            self.finish_child()  # else its streams are those of the process that it leaves
            self._descent.note_exit(status)
        # The event a dead listener had goes back to the buffer after its own events are out.
        had = self.pool.child_gone(self) if self.pool is not None else None
        self.feed(Exited(status))
        if had is not None:
            had()

    def finish_child(self) -> None:
        """The last of it is gone: take in the rest of its output, and let go."""
        child, self._child = self._child, None
        if child is not None:
            child.finish()
        if self.fcgi_socket is not None:
            self._ports.sockets.release(self.group_name)

    def follow(self, pid: int) -> None:
        """What its launcher left is the process now: `pid`."""
        if self._child is not None:
            self._ports.children.follow(self._child, pid)
        self.on_pid(pid, self)

    def spawn_again(self) -> None:
        """Carry out the spawn that had to wait, or that the daemon before this one did not come to."""
        self.spawn_id = self._ports.children.new_spawn_id()
        self._write_down([])
        self.feed(self._spawn())

    # The life before this one.

    def restore(self, record: ProcessRecord) -> None:
        """Be what the daemon before this one wrote down; `resume` then goes on from there."""
        self.process = record.process
        self.started_wall, self.stopped_wall = record.started_wall, record.stopped_wall
        self.spawn_id, self._exit_words = record.spawn_id, record.exit_words
        self._descent.anchors = record.anchors
        self._stop_sent = record.stop_sent
        self.stdout_logfile = former_log_name(self, "stdout", record.stdout_logfile, self._ports)
        self.stderr_logfile = former_log_name(self, "stderr", record.stderr_logfile, self._ports)
        restore_beside(self, record)
        if record.alarm is not None:
            self._alarm = machine.SetAlarm(record.alarm, record.alarm_at)

    def resume(self, remains: Remains) -> Fate:
        """Go on from the restored state, with what was found of its child. Says what that came to."""
        decided = fate(self.process, remains.pid)
        if decided in (Fate.ADOPT, Fate.ADOPT_SPAWNED, Fate.MOURN):
            self._take_over(remains)
            self.is_adopted = True
        if decided is Fate.MOURN:
            self.child_died(remains.wait_status)
            return decided
        if self.watch is not None and self.process.pid:
            self.watch.resumed()
        if self.ruling is not None:
            self.ruling.resumed()
        if self._alarm is not None:
            self._arm(self._graced(self._alarm))
        if self.process.waiting:
            self._dependencies.wait_on(self)
        self.tell_dependants()  # of a move that nobody came to look at any more
        if decided is Fate.ADOPT_SPAWNED:
            self.feed(Spawned(remains.pid))
        elif decided is Fate.SPAWN:
            self.spawn_again()
        elif decided is Fate.REST:
            self._descent.note_former_run()
        elif decided is Fate.FIND_MAIN:
            self._take_over(Remains())
            self._descent.find_main()
        elif decided is Fate.END_TREE:
            process = self.process
            self._descent.spawn_waits = process.state is ProcessState.STARTING and not process.waiting
            self._descent.end_tree()
        elif self.process.state is ProcessState.STOPPING and not remains.is_ours and not self._stop_sent:
            # The old daemon may have died before it sent the signal; without it, only SIGKILL would follow.
            self._signal(self.process.pid, self.policy.stop_signal, self.policy.stop_as_group)
        return decided

    def _graced(self, alarm: machine.SetAlarm) -> machine.SetAlarm:
        """It may have become ready while nobody asked: there is time for one answer at least."""
        if alarm.alarm is not machine.Alarm.READY:
            return alarm
        return replace(alarm, when=max(alarm.when, self._ports.clock.monotonic() + ASK_ONCE_SECONDS))

    def _take_over(self, remains: Remains) -> None:
        if self.fcgi_socket is not None:
            self._ports.sockets.adopt(self.group_name, self.fcgi_socket)
        if not self.plans:
            self.plans = make_plans(self, self._bus, self._settings, self._ports.log)
        stderr = self.plans[1] if len(self.plans) > 1 else None
        self._child = self._ports.children.adopt(
            remains, self.namespec, self.spawn_id, self.plans[0], stderr, has_stdin=self.fcgi_socket is None
        )
        if self.pool is not None:  # also when it is dead: it may have answered before
            self.pool.child_adopted(self, self._child.traces())
        if remains.pid:
            self._descent.adopted(self._child, is_ours=remains.is_ours)
            self.on_pid(remains.pid, self)

    def forget(self) -> None:
        """It leaves the configuration: the next daemon need not know of it."""
        if self.watch is not None:
            self.watch.close()
        self._ports.journal.drop(PROCESS, self.namespec)
        self._descent.forget()
        if self._settings.alarms is not None:
            self._settings.alarms.removed(self)

    def _write_down(self, effects: list[machine.Effect]) -> None:
        """Tell the journal where things stand, before `effects` are carried out."""
        for effect in effects:
            if isinstance(effect, machine.SetAlarm):
                self._alarm = effect
            elif isinstance(effect, machine.CancelAlarm):
                self._alarm = None
            elif isinstance(effect, machine.Spawn) and not self.process.ending:
                self.spawn_id = self._ports.children.new_spawn_id()
        alarm = self._alarm
        record = ProcessRecord(
            self.process,
            self.spawn_id,
            self._child.start_ticks if self._child is not None else 0,
            alarm.alarm if alarm is not None else None,
            alarm.when if alarm is not None else 0.0,
            self.started_wall,
            self.stopped_wall,
            self.stdout_logfile,
            self.stderr_logfile,
            self._exit_words,
            self._descent.anchors,
            self._stop_sent,
        )
        note_beside(self, record)
        self._ports.journal.put(PROCESS, self.namespec, record.encode())

    def write_down(self) -> None:
        """What is known of it beside its state has changed: tell the journal."""
        self._write_down([])
        self.tell_watchers()

    def forbid_restarts(self) -> None:
        """The daemon is going down: from now on it starts only when told to."""
        self.policy = replace(self.policy, may_start=False)

    def make_logs(self) -> None:
        """Decide the names of the log files; AUTO ones are made now. Raises OSError."""
        self.stdout_logfile = log_name(self.config, "stdout", self._ports.logs)
        self.stderr_logfile = log_name(self.config, "stderr", self._ports.logs)

    def release_logs(self) -> None:
        """It leaves the configuration: nothing is written to its logs any more."""
        for plan in self.plans:
            self._ports.children.close_logs(plan)

    # Effects.

    def _spawn(self) -> Spawned | SpawnFailed:
        config, self.wait_status, self.is_adopted = self.config, None, False
        environment = self.child_environment()
        if self.watch is not None:
            try:
                self.watch.prepare(environment)
            except OSError as error:
                return self.spawn_failed(f"cannot listen for notifications: {error.strerror or error}")
        command = self._ports.children.find_command(config.command, config.environment)
        if isinstance(command, CommandProblem):
            return self.spawn_failed(command.text)
        stdin_fd = None
        if self.fcgi_socket is not None:
            try:
                stdin_fd = self._ports.sockets.acquire(self.group_name, self.fcgi_socket)
            except OSError as error:
                return self.spawn_failed(
                    f"cannot listen on {self.fcgi_socket.url}: {error.strerror or error}"
                )
        if not self.plans:
            self.plans = make_plans(self, self._bus, self._settings, self._ports.log)
        stderr = self.plans[1] if len(self.plans) > 1 else None
        request = child_request(command, config, self.namespec, environment, self.plans[0], stderr, stdin_fd)
        request.spawn_id = self.spawn_id
        child = self._ports.children.spawn(request)
        if isinstance(child, SpawnFailure):
            if self.fcgi_socket is not None:
                self._ports.sockets.release(self.group_name)
            return self.spawn_failed(child.text)
        self._child = child
        self._descent.spawned(child, command.filename)
        if self.pool is not None:
            self.pool.child_started(self)
        self.on_pid(child.pid, self)
        self._ports.log.info(f"spawned: '{config.name}' with pid {child.pid}")
        return Spawned(child.pid)

    def child_environment(self) -> dict[str, str]:
        """What it is spawned with, but for what only a child can know."""
        return child_environment(self.config, self.group_name, self._settings, self.spawn_id)

    def spawn_failed(self, text: str) -> SpawnFailed:
        """Log why, and say it as the machine is told."""
        self._exit_words = ""
        self._ports.log.info(f"spawnerr: {text}")
        return SpawnFailed(text)

    def _signal(self, pid: int, signum: int, as_group: bool) -> bool:
        log, name = self._ports.log, self.config.name
        is_ending = self.process.state is ProcessState.STOPPING or self.process.condemned
        if signum == machine.SIGKILL and is_ending:
            log.warn(f"killing '{name}' ({pid}) with SIGKILL")
        where = "process group " if as_group else ""
        log.debug(f"sending {signal_name(signum)} to {where}{name} (pid {pid})")
        try:
            self._ports.children.kill(pid, signum, as_group)
        except ProcessLookupError:
            log.debug(f"{name} (pid {pid}) is gone already; its exit is on the way")
        except OSError as error:
            log.critical(f"cannot send {signal_name(signum)} to {name} (pid {pid}): {error.strerror}")
            return False
        self._stop_sent = self.process.state is ProcessState.STOPPING
        return True

    def _arm(self, order: machine.SetAlarm) -> None:
        self._cancel_alarm()
        self._alarm = order
        self._timer = self._ports.clock.call_at(order.when, lambda: self._rang(order.alarm))
        if self.watch is not None:
            self.watch.alarm_set(order.alarm)

    def _rang(self, alarm: machine.Alarm) -> None:
        self._timer = self._alarm = None
        self.feed(machine.AlarmRang(alarm, self.watch.answer if self.watch is not None else ""))

    def _cancel_alarm(self) -> None:
        self._alarm = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _entered(self, move: Entered) -> None:
        if move.new is ProcessState.STOPPING:
            self._descent.note_stop()
        if move.new is ProcessState.STARTING:
            self.started_wall = self._ports.clock.wall()
            self.starts += 1
        if self._settings.on_move is not None:
            self._settings.on_move()
        if self._settings.observer is not None:
            self._settings.observer.moved(self, move)
        announce_move(self, move, self._exit_words, self._bus, self._ports.log)
        if self.watch is not None:
            self.watch.moved(move.new)
        if self.ruling is not None:
            self.ruling.moved(move.new)
        if self.job is not None:
            self.job.moved(move)
        if move.new is ProcessState.RUNNING and self.pool is not None:
            self.pool.dispatch()
        if self._dependencies.is_used:
            self._dependencies.moved(self)
        if self._waiters:
            self.wake(move.new)
