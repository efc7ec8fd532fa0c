"""Orders that take their time: begun at once, then waited for, looked at or given up, by their id.

What an operation ordered goes on when the operation is cancelled: a process that is starting goes on starting. Only what
it has not come to yet is left out. Nothing of this outlives the daemon.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from vigild.control.facade import Facts
from vigild.control.lookup import find_group_or_process, find_process, those_within
from vigild.control.processes import Processes, is_up
from vigild.core.access import current_caller
from vigild.core.errors import Fault, VigilError
from vigild.engine.engine import Engine, Group
from vigild.engine.managed import ManagedProcess

MAX_RUNNING = 64
MAX_FINISHED = 200  # kept to be asked for
MAX_KEPT_OUTCOMES = 20_000  # of all finished ones together
MAX_NOTED = 20  # names of which the history is told why they failed
BATCH = 16  # begun in one turn of the loop, so that exits and clients are served in between
EVERYTHING = "*"


class Action(StrEnum):
    """What can be done to many processes."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    SIGNAL = "signal"
    CLEAR_LOGS = "clear_logs"


@dataclass(slots=True)
class Operation:
    """One order and what has come of it so far. `outcomes`: one for each name that is done with."""

    id: str
    action: str
    names: tuple[str, ...]
    by: str
    started_at: float
    finished_at: float = 0.0
    state: str = "running"  # running, done, failed, cancelled
    outcomes: list[Facts] = field(default_factory=list)
    error: VigilError | None = None
    notes_end: bool = True  # False while a door waits for it, which tells the history itself
    task: "asyncio.Task[None] | None" = None

    def note(self, name: str, error: VigilError | None = None) -> None:
        """This name is done with."""
        fault = error.fault.name if error is not None else ""
        detail = str(error.detail) if error is not None and error.detail is not None else ""
        self.outcomes.append({"name": name, "ok": error is None, "fault": fault, "detail": detail})


class Operations:
    """All of one daemon."""

    def __init__(
        self,
        engine: Engine,
        processes: Processes,
        clear_logs: Callable[[str], None],
        note: Callable[[str, str, list[str], str], None] = lambda method, name, arguments, result: None,
    ) -> None:
        self._note = note  # `note_order` of the history
        self._engine = engine
        self._processes = processes
        self._clear_logs = clear_logs
        self._known: dict[str, Operation] = {}
        self.on_change: Callable[[Operation], None] = lambda operation: None

    def expand(self, names: Sequence[str]) -> list[str]:
        """The processes that these names mean: NAME, GROUP:NAME, GROUP:*, or * for all. BAD_NAME."""
        found: dict[str, None] = {}
        for name in names:
            for process in self._meant(name):
                found[process.namespec] = None
        return list(found)

    def _meant(self, name: str) -> list[ManagedProcess]:
        if name == EVERYTHING:
            return those_within(self._engine.all_processes())
        meant = find_group_or_process(self._engine, name)
        return meant.by_priority if isinstance(meant, Group) else [meant]

    def begin(self, action: Action, names: Sequence[str], signal: str = "") -> Operation:
        """Do this to these processes (as from `expand`). FAILED when too much is under way."""
        match action:
            case Action.START:
                return self.run(action, names, lambda operation: self._start(operation, names))
            case Action.STOP:
                return self.run(action, names, lambda operation: self._stop(operation, names))
            case Action.RESTART:
                return self.run(action, names, lambda operation: self._restart(operation, names))
            case Action.SIGNAL:
                return self.run(
                    action, names, lambda operation: self._each_now(operation, names, self._signaller(signal))
                )
            case _:
                return self.run(
                    action, names, lambda operation: self._each_now(operation, names, self._clear_logs)
                )

    def run(
        self, action: str, names: Sequence[str], work: Callable[[Operation], Awaitable[None]]
    ) -> Operation:
        """Begin any work as an operation. FAILED when too much is under way."""
        if self.running >= MAX_RUNNING:
            raise VigilError(Fault.FAILED, f"{MAX_RUNNING} operations are under way already")
        now = self._engine.ports.clock.wall()
        operation = Operation(os.urandom(8).hex(), str(action), tuple(names), current_caller.get().words, now)
        self._known[operation.id] = operation
        operation.task = asyncio.ensure_future(self._carry_out(operation, work))
        self.on_change(operation)
        return operation

    async def _carry_out(self, operation: Operation, work: Callable[[Operation], Awaitable[None]]) -> None:
        state = "failed"
        try:
            await work(operation)
            state = "done" if all(outcome["ok"] for outcome in operation.outcomes) else "failed"
        except VigilError as error:
            operation.error = error
        except asyncio.CancelledError:
            state = "cancelled"
        except Exception as error:  # a defect: the one who waits must not wait for ever
            operation.error = VigilError(Fault.FAILED, f"a defect in Vigil: {error!r}")
            self._engine.ports.log.critical(
                f"defect in Vigil, please report it: {operation.action}: {error!r}"
            )
        finally:
            operation.task = None
            operation.state = state
            operation.finished_at = self._engine.ports.clock.wall()
            if state != "done" and operation.notes_end:
                self._note_end(operation)
            self._forget_oldest()
            self.on_change(operation)

    def _note_end(self, operation: Operation) -> None:
        """The order itself is in the history; that it was not done, and why, is noted when that is known."""
        failed = [f"{one['name']}: {one['fault']}" for one in operation.outcomes if not one["ok"]]
        more = f" and {len(failed) - MAX_NOTED} more" if len(failed) > MAX_NOTED else ""
        result = "; ".join(failed[:MAX_NOTED]) + more or str(operation.error or operation.state)
        name = operation.names[0] if len(operation.names) == 1 else ""
        self._note("operation", name, [operation.action, operation.id], result)

    def _forget_oldest(self) -> None:
        finished = [known for known in self._known.values() if known.task is None]
        outcomes = sum(len(known.outcomes) for known in finished)
        while len(finished) > MAX_FINISHED or (outcomes > MAX_KEPT_OUTCOMES and len(finished) > 1):
            oldest = finished.pop(0)
            outcomes -= len(oldest.outcomes)
            del self._known[oldest.id]

    @property
    def running(self) -> int:
        """How many are under way."""
        return sum(1 for known in self._known.values() if known.task is not None)

    def get(self, id_: str) -> Operation | None:
        """One of them, while it is known."""
        return self._known.get(id_)

    def all(self) -> list[Operation]:
        """Those that are known, oldest first."""
        return list(self._known.values())

    async def wait(self, operation: Operation, seconds: float) -> None:
        """Return when it has finished, or after that time."""
        if operation.task is not None and seconds > 0:
            await asyncio.wait([operation.task], timeout=seconds)

    def cancel(self, operation: Operation) -> None:
        """Wait for nothing more, and begin nothing more. What was ordered goes on."""
        if operation.task is not None:
            operation.task.cancel()

    # What is done.

    async def _start(self, operation: Operation, names: Sequence[str]) -> None:
        await self._each(operation, names, self._processes.start)

    async def _stop(self, operation: Operation, names: Sequence[str]) -> None:
        for wave in self._waves(names):
            await self._each(operation, wave, self._processes.stop)

    async def _restart(self, operation: Operation, names: Sequence[str]) -> None:
        broken: set[str] = set()
        silent = Operation("", "", (), "", 0.0)
        for wave in self._waves(names):
            up = [name for name in wave if is_up(find_process(self._engine, name))]
            await self._each(silent, up, self._processes.stop)
        for outcome in silent.outcomes:
            if not outcome["ok"] and outcome["fault"] != Fault.NOT_RUNNING.name:
                broken.add(str(outcome["name"]))
                operation.outcomes.append(outcome)
        await self._each(operation, [name for name in names if name not in broken], self._processes.start)

    def _waves(self, names: Sequence[str]) -> list[list[str]]:
        processes = [process for name in names for process in self._meant(name)]
        waves = self._engine.dependencies.waves_to_stop(processes)
        return [[process.namespec for process in wave] for wave in waves]

    async def _each(
        self, operation: Operation, names: Sequence[str], order: Callable[[str], Awaitable[object]]
    ) -> None:
        async def one(name: str) -> None:
            try:
                await order(name)
            except VigilError as error:
                operation.note(name, error)
            else:
                operation.note(name)

        async with asyncio.TaskGroup() as group:
            for index, name in enumerate(names):
                group.create_task(one(name))
                if index % BATCH == BATCH - 1:
                    await asyncio.sleep(0)

    async def _each_now(
        self, operation: Operation, names: Sequence[str], order: Callable[[str], object]
    ) -> None:
        for index, name in enumerate(names):
            try:
                order(name)
            except VigilError as error:
                operation.note(name, error)
            else:
                operation.note(name)
            if index % BATCH == BATCH - 1:
                await asyncio.sleep(0)

    def _signaller(self, signal: str) -> Callable[[str], object]:
        return lambda name: self._processes.signal(name, signal)
