"""Operations on processes and groups, with Supervisor's answers and faults."""

import asyncio
import signal as signals
from collections.abc import Awaitable, Callable

from vigild.control.facade import Facts, Info, StatusStruct
from vigild.control.info import process_facts, process_info
from vigild.control.lookup import find_group, find_group_or_process, find_process, those_within
from vigild.core.errors import Fault, VigilError
from vigild.core.events import remote_communication_event
from vigild.core.names import split_namespec
from vigild.core.process import Refusal, SendSignal, Start, Stop
from vigild.core.states import RUNNING_STATES, SIGNALLABLE_STATES, STOPPED_STATES, ProcessState
from vigild.engine.engine import Engine, Group
from vigild.engine.managed import WAITING_TO_STOP_SECONDS, ManagedProcess
from vigild.engine.ports import Timer

Deferred = Callable[[], Awaitable[None]]


def signal_number(text: str) -> int:
    """`TERM`, `SIGTERM`, `15` or `term` as a number. BAD_SIGNAL."""
    word = str(text).strip().upper()
    if not word.isdigit():
        number = getattr(signals, word if word.startswith("SIG") else f"SIG{word}", None)
    else:
        number = int(word)
    # 0 is no signal but a question: is there such a process, and may it be signalled?
    if not isinstance(number, int) or (number not in signals.valid_signals() and word != "0"):
        raise VigilError(Fault.BAD_SIGNAL, text)
    return int(number)


def is_up(process: ManagedProcess) -> bool:
    """It runs, or will try to again without being told to."""
    return process.state in RUNNING_STATES or process.process.pausing


def _status(process: ManagedProcess, error: VigilError | None = None) -> StatusStruct:
    return {
        "name": process.config.name,
        "group": process.group_name,
        "status": int(error.fault if error else Fault.SUCCESS),
        "description": str(error) if error else "OK",
    }


class Processes:
    """See `control.facade.ProcessControl`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stopping: asyncio.Future[list[StatusStruct]] | None = (
            None  # nobody waits for it, so keep it here
        )

    # Looking.

    def info(self, name: str) -> Info:
        """One process. BAD_NAME."""
        return process_info(find_process(self._engine, name), self._engine.ports.clock.wall())

    def all_info(self) -> list[Info]:
        """All processes, by names of group and process."""
        now = self._engine.ports.clock.wall()
        return [process_info(process, now) for process in self._sorted()]

    def facts(self, name: str) -> Facts:
        """One process, with what is known past Supervisor's struct. BAD_NAME."""
        return self._facts(find_process(self._engine, name), self._engine.ports.clock.wall())

    def all_facts(self) -> list[Facts]:
        """All processes, by names of group and process, with what is known past Supervisor's struct."""
        now = self._engine.ports.clock.wall()
        return [self._facts(process, now) for process in self._sorted()]

    def _sorted(self) -> list[ManagedProcess]:
        groups = self._engine.groups
        return those_within(
            groups[group].processes[name]
            for group in sorted(groups)
            for name in sorted(groups[group].processes)
        )

    def _facts(self, process: ManagedProcess, now_wall: float) -> Facts:
        return process_facts(process, now_wall, self._engine.latest_sample(process))

    # Starting.

    def set_schedule(self, name: str, is_enabled: bool) -> None:
        """Let its schedule start it, or not until somebody says so. BAD_NAME, FAILED."""
        process = find_process(self._engine, name)
        scheduling, job = self._engine.scheduling, process.job
        if scheduling is None or job is None:
            raise VigilError(Fault.FAILED, f"{name} has no schedule")
        scheduling.set_paused(job, not is_enabled)

    async def start(self, name: str, wait: bool = True) -> bool | list[StatusStruct]:
        """Start one process (True when it runs) or a group. BAD_NAME, NO_FILE, NOT_EXECUTABLE,
        ALREADY_STARTED, SPAWN_ERROR, ABNORMAL_TERMINATION, FAILED."""
        found = find_group_or_process(self._engine, name)
        if isinstance(found, Group):
            return await self.start_group(found.config.name, wait)
        rest = self._begin_start(found, name, wait)
        if rest is not None:
            await rest()
        return True

    async def start_group(self, name: str, wait: bool = True) -> list[StatusStruct]:
        """Start all of a group that do not run. BAD_NAME."""
        members = find_group(self._engine, name).by_priority
        return await self._start_many(members, wait)

    async def start_all(self, wait: bool = True) -> list[StatusStruct]:
        """Start everything that does not run."""
        return await self._start_many(those_within(self._engine.all_processes()), wait)

    async def _start_many(self, members: list[ManagedProcess], wait: bool) -> list[StatusStruct]:
        chosen = [process for process in members if process.state not in RUNNING_STATES]
        return await self._each(chosen, lambda process: self._begin_start(process, process.namespec, wait))

    def _begin_start(self, process: ManagedProcess, name: str, wait: bool) -> Deferred | None:
        problem = process.find_problem()
        if problem is not None:
            fault = Fault.NO_FILE if problem.kind == "not_found" else Fault.NOT_EXECUTABLE
            raise VigilError(fault, problem.text)
        match process.feed(Start()):
            case Refusal.ALREADY_STARTED:
                raise VigilError(Fault.ALREADY_STARTED, name)
            case Refusal.STATE_UNKNOWN:
                raise VigilError(Fault.FAILED, f"{name} is in an unknown process state")
            case Refusal.GOING_DOWN:
                raise VigilError(Fault.SHUTDOWN_STATE)
            case Refusal.STILL_STOPPING:
                raise VigilError(Fault.ABNORMAL_TERMINATION, name)
            case _:
                pass
        self._engine.remembered.start_ordered(process)
        self._engine.dependencies.pull(process)
        if process.process.spawn_error:
            raise VigilError(Fault.SPAWN_ERROR, name)
        if not wait or process.state is ProcessState.RUNNING:
            return None

        async def until_running() -> None:
            state = process.state
            while state is not ProcessState.RUNNING:
                if process.process.spawn_error or state is ProcessState.BACKOFF:
                    raise VigilError(Fault.SPAWN_ERROR, name)
                if state is not ProcessState.STARTING or self._engine.dependencies.is_stuck(process):
                    raise VigilError(Fault.ABNORMAL_TERMINATION, name)
                state = await process.next_move()

        return until_running

    # Stopping.

    async def stop(self, name: str, wait: bool = True) -> bool | list[StatusStruct]:
        """Stop one process (True when it has stopped) or a group. BAD_NAME, NOT_RUNNING, FAILED."""
        found = find_group_or_process(self._engine, name)
        if isinstance(found, Group):
            return await self.stop_group(found.config.name, wait)
        rest = self._begin_stop(found, name, wait)
        if rest is not None:
            await rest()
        return True

    async def stop_group(self, name: str, wait: bool = True) -> list[StatusStruct]:
        """Stop all of a group that run. BAD_NAME."""
        members = find_group(self._engine, name).by_priority
        for process in members:
            if not is_up(process):
                self._engine.remembered.stop_ordered(process, was_running=False)
        return await self._stop_many(members, wait, as_group=True)

    async def stop_all(self, wait: bool = True) -> list[StatusStruct]:
        """Stop everything that runs."""
        return await self._stop_many(those_within(self._engine.all_processes()), wait)

    async def _stop_many(
        self, members: list[ManagedProcess], wait: bool, *, as_group: bool = False
    ) -> list[StatusStruct]:
        chosen = [process for process in members if is_up(process)]
        waves = self._engine.dependencies.waves_to_stop(chosen)

        if len(waves) > 1 and not wait:
            # What depends on others is stopped before them, also for one who does not wait for it.
            self._stopping = asyncio.ensure_future(self._stop_waves(waves, True, as_group))
            return [_status(process) for process in chosen]
        return await self._stop_waves(waves, wait, as_group)

    async def _stop_waves(
        self, waves: list[list[ManagedProcess]], wait: bool, as_group: bool
    ) -> list[StatusStruct]:
        def begin(process: ManagedProcess) -> Deferred | None:
            if len(waves) > 1 and not is_up(process):
                return None  # it has ended while others were waited for
            return self._begin_stop(process, process.namespec, wait, as_group=as_group)

        results: list[StatusStruct] = []
        for wave in waves:
            results += await self._each(wave, begin)
        return results

    def _begin_stop(
        self, process: ManagedProcess, name: str, wait: bool, *, as_group: bool = False
    ) -> Deferred | None:
        refusal = process.feed(Stop())
        taken = refusal is None or self._engine.cancel_autostart(process)
        self._engine.remembered.stop_ordered(process, was_running=taken, as_group=as_group)
        if not taken:
            raise VigilError(Fault.NOT_RUNNING, name)
        if refusal is not None:
            return None  # stopped before its turn to be started came
        if process.state is ProcessState.UNKNOWN:
            raise VigilError(Fault.FAILED, f"cannot signal {name}: the log says why")
        if not wait or process.stopped:
            return None
        moved = process.next_move()  # asked for now: the one who waits for it may be late
        return lambda: self._until_stopped(process, moved)

    async def _until_stopped(self, process: ManagedProcess, moved: "asyncio.Future[ProcessState]") -> None:
        # The log says now, and then every two seconds, who is waited for.
        clock = self._engine.ports.clock
        timers: list[Timer] = []

        def report() -> None:
            self._engine.ports.log.info(f"waiting for {process.config.name} to stop")
            timers[:] = [clock.call_at(clock.monotonic() + WAITING_TO_STOP_SECONDS, report)]

        report()
        try:
            while await moved not in STOPPED_STATES:
                moved = process.next_move()
        finally:
            timers[0].cancel()

    async def _each(
        self, processes: list[ManagedProcess], begin: Callable[[ManagedProcess], Deferred | None]
    ) -> list[StatusStruct]:
        """Begin with all of them, then wait for those that need time. Answers: at once first, then the waited for."""
        results: list[StatusStruct] = []
        waiting: list[tuple[ManagedProcess, Deferred]] = []
        for index, process in enumerate(processes):
            try:
                rest = begin(process)
            except VigilError as error:
                results.append(_status(process, error))
                continue
            if rest is None:
                results.append(_status(process))
            else:
                waiting.append((process, rest))
            if index % 32 == 31:
                await asyncio.sleep(0)  # a thousand spawns must not keep the loop from serving others
        outcomes = await asyncio.gather(*(rest() for _, rest in waiting), return_exceptions=True)
        for (process, _), outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, VigilError):
                results.append(_status(process, outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                results.append(_status(process))
        return results

    # Signals and input.

    def signal(self, name: str, signal: str) -> bool | list[StatusStruct]:
        """Send a signal. BAD_NAME, BAD_SIGNAL, NOT_RUNNING, FAILED."""
        found = find_group_or_process(self._engine, name)
        if isinstance(found, Group):
            return self.signal_group(split_namespec(name)[0], signal)
        self._signal_one(found, name, signal)
        return True

    def signal_group(self, name: str, signal: str) -> list[StatusStruct]:
        """Signal all of a group that run. BAD_NAME."""
        return self._signal_many(find_group(self._engine, name).by_priority, signal)

    def signal_all(self, signal: str) -> list[StatusStruct]:
        """Signal everything that runs."""
        return self._signal_many(those_within(self._engine.all_processes()), signal)

    def _signal_many(self, members: list[ManagedProcess], signal: str) -> list[StatusStruct]:
        results = []
        for process in members:
            if process.state in SIGNALLABLE_STATES:
                try:
                    self._signal_one(process, process.namespec, signal)
                except VigilError as error:
                    results.append(_status(process, error))
                else:
                    results.append(_status(process))
        return results

    def _signal_one(self, process: ManagedProcess, name: str, signal: str) -> None:
        number = signal_number(signal)
        if process.feed(SendSignal(number)) is not None:
            raise VigilError(Fault.NOT_RUNNING, name)
        if process.state is ProcessState.UNKNOWN:
            raise VigilError(Fault.FAILED, f"cannot signal {name}: the log says why")

    def send_stdin(self, name: str, data: bytes) -> None:
        """Write to its stdin. BAD_NAME, NOT_RUNNING, NO_FILE (its stdin is closed)."""
        process = find_process(self._engine, name)
        if not process.process.pid or process.state is ProcessState.STOPPING:
            raise VigilError(Fault.NOT_RUNNING, name)
        try:
            process.write_stdin(data)
        except BrokenPipeError:
            raise VigilError(Fault.NO_FILE, name) from None

    def send_remote_event(self, type_: str, data: str) -> None:
        """Tell the listeners of REMOTE_COMMUNICATION."""
        self._engine.bus.emit_if_wanted(
            "REMOTE_COMMUNICATION", lambda: remote_communication_event(type_, data)
        )
