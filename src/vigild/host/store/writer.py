"""The history's writer: facts wait in a bounded queue, and a thread of its own takes them to the store.

The loop only appends. A moment after the first fact of a row a timer wakes the thread, so that a process which is
respawned at once does not share the interpreter with it, and many facts become one transaction. When nothing
happens there is no timer, and the thread sleeps: an idle daemon makes no wake-ups.

SQLite is imported and the file opened by the thread, some seconds after the daemon's start, or when somebody asks.
Where the store cannot be used that is said once, and the daemon goes on without: facts are counted and let go.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

from vigild.core.errors import Fault, VigilError
from vigild.core.frozen import plain
from vigild.core.history import Details, Fact, HistoryQuery, Kind
from vigild.engine.ports import Log

if TYPE_CHECKING:
    from vigild.core.machine import MachineMoment, MachineSample
    from vigild.core.samples import Moment, Recent, Sample, SampleQuery
    from vigild.host.store.store import Store

T = TypeVar("T")

MAX_WAITING = 16_384  # facts, or steps of a process with a few facts each; what comes while so many wait is counted and let go
MAX_PASSES = 64  # of samples that wait for the thread; what comes while so many wait is counted and let go
SAMPLES_SECONDS = 300.0  # after so long the thread takes them, or when so many samples wait
MAX_SAMPLES = 4096
MAX_QUESTIONS = 64
BATCH = 256  # of those in one transaction
GATHER_SECONDS = 0.05
OPEN_AFTER_SECONDS = 2.0  # after the daemon's start
ANSWER_SECONDS = 10.0
CLOSE_SECONDS = 5.0
PRUNE_SECONDS = 3600.0
RETRY_SECONDS = 10.0  # between two tries to open a store that could not be opened


@plain
class _Question:
    """What somebody on the loop wants to know of the store."""

    ask: "Callable[[Store], Any]"
    answer: "asyncio.Future[Any]" = field(repr=False)


class HistoryWriter:
    """The `History` port, and who answers questions about it. Its methods belong to the loop's thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, path: str, *, max_bytes: int, max_seconds: float, log: Log
    ) -> None:
        self.path = path
        self._loop = loop
        self._log = log
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._waiting: deque[Fact | Callable[[], list[Fact]]] = deque()
        self._passes: deque[tuple[float, Mapping[str, Sample], MachineSample | None]] = deque()
        self._samples_waiting = 0
        self._passes_taken_at = loop.time()
        self._questions: deque[_Question] = deque()
        self._sayings: deque[tuple[str, str]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._begun = loop.time()
        self.overflowed = 0  # facts that were lost because too many waited
        self.unsampled = 0  # passes of samples that are not kept
        self.unwritten = 0  # facts that were lost because they could not be written; the thread counts these
        self.on_trouble: Callable[[str], None] = lambda trouble: (
            None
        )  # it cannot be kept, or ("") can be again
        self._told_lost = 0  # of both, as far as the history says so
        # The thread's own.
        self._store: Store | None = None
        self._trouble = ""
        self._tried_at = -RETRY_SECONDS
        self._pruned_at = 0.0
        self._oom_kills: int | None = None

    # For the loop.

    def note(self, fact: Fact) -> None:
        """Keep this, some time soon."""
        self._add(fact)

    def note_all(self, make: Callable[[], list[Fact]]) -> None:
        """Keep what `make` will give, in the thread."""
        self._add(make)

    def note_samples(
        self, at: float, samples: "Mapping[str, Sample]", machine: "MachineSample | None" = None
    ) -> None:
        """Keep these, some time: an idle daemon is to wake up as rarely as can be."""
        if len(self._passes) >= MAX_PASSES:
            self.unsampled += 1
        else:
            self._passes.append((at, samples, machine))
            self._samples_waiting += len(samples)
        now = self._loop.time()
        is_late = now - self._passes_taken_at >= SAMPLES_SECONDS
        if is_late or self._samples_waiting >= MAX_SAMPLES or len(self._passes) >= MAX_PASSES // 2:
            self._passes_taken_at, self._samples_waiting = now, 0
            self._kick_soon()

    def _add(self, entry: Fact | Callable[[], list[Fact]]) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self.overflowed += 1
            return
        self._waiting.append(entry)
        self._kick_soon()

    def _kick_soon(self) -> None:
        if self._timer is None:
            delay = max(GATHER_SECONDS, self._begun + OPEN_AFTER_SECONDS - self._loop.time())
            self._timer = self._loop.call_later(delay, self._kick)

    @property
    def waiting(self) -> int:
        """How many facts are not written yet."""
        return len(self._waiting)

    @property
    def lost(self) -> int:
        """How many facts are not in the history."""
        return self.overflowed + self.unwritten

    async def read(self, query: HistoryQuery) -> list[Details]:
        """What the store knows, what was noted just now included. FAILED where it cannot be asked."""
        return await self._ask(lambda store: store.read(query))

    async def read_samples(self, query: "SampleQuery") -> "list[Moment]":
        """What programs used, but for the minute that is not over. FAILED where it cannot be asked."""
        return await self._ask(lambda store: store.samples.read(query))

    async def read_recent(self, names: "Collection[str]", now: float, minutes: int) -> "dict[str, Recent]":
        """What these used in the last minutes. FAILED where it cannot be asked."""
        return await self._ask(lambda store: store.samples.recent(names, now, minutes))

    async def read_machine(self, query: "SampleQuery") -> "list[MachineMoment]":
        """What the machine used, likewise. FAILED where it cannot be asked."""
        return await self._ask(lambda store: store.machine.read(query))

    async def _ask(self, ask: "Callable[[Store], T]") -> T:
        if len(self._questions) >= MAX_QUESTIONS:
            raise VigilError(Fault.FAILED, "too many ask for the history at once; try again in a moment")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._questions.append(_Question(ask, answer))
        self._kick()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            raise VigilError(
                Fault.FAILED, f"the disk of {self.path} did not answer within {ANSWER_SECONDS:g} seconds"
            ) from None

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Write what waits and close the file, but do not wait for the disk for ever. `note` opens it again."""
        if self._thread is None and not self._waiting and not self._passes:
            return
        self._closing = True
        self._kick()
        if self._thread is not None:
            self._thread.join(seconds)
            if self._thread.is_alive():
                self._sayings.append(
                    ("critical", f"the disk of {self.path} does not answer; the end of the history is lost")
                )
            else:
                self._thread = None
        self._closing = False
        self._tell()

    def _kick(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="history", daemon=True)
            self._thread.start()
        self._wake.set()

    def _tell(self) -> None:
        """Logs belong to the loop's thread."""
        while self._sayings:
            level, text = self._sayings.popleft()
            getattr(self._log, level)(text)

    # In the thread.

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            is_last = self._closing
            try:
                self._write_all()
                self._answer_all()
            except Exception as error:  # a defect must not end the thread silently
                self._say("error", f"defect in Vigil, please report it: the history's writer: {error!r}")
                self._let_go()
            if is_last:
                self._close_store()
                return

    def _write_all(self) -> None:
        while self._waiting:
            batch: list[Fact] = []
            for _ in range(min(BATCH, len(self._waiting))):
                entry = self._waiting.popleft()
                batch += [entry] if isinstance(entry, Fact) else entry()
            if batch:
                self._write([self._with_oom_kills(fact) for fact in batch])
        if self._passes:
            self._keep_samples()
        self._prune()

    def _keep_samples(self) -> None:
        import sqlite3

        store = self._open()
        while self._passes:
            at, samples, machine = self._passes.popleft()
            if store is None:
                self.unsampled += 1
                continue
            try:
                store.samples.add(at, samples)
                if machine is not None:
                    store.machine.add(machine)
            except (sqlite3.Error, OSError) as error:
                self.unsampled += 1
                self._failed(error)
                store = self._store

    def _write(self, batch: list[Fact]) -> None:
        import sqlite3

        store = self._open()
        if store is None:
            self.unwritten += len(batch)
            return
        lost = self.lost - self._told_lost
        if lost:
            batch = [*batch, Fact(batch[-1].at, Kind.LOST, "", {"count": lost})]
        try:
            store.add(batch)
        except (sqlite3.Error, OSError) as error:
            self.unwritten += len(batch) - bool(lost)
            self._failed(error)
            return
        self._told_lost += lost
        if self._trouble:
            self._trouble = ""
            self._call_soon(self.on_trouble, "")
            self._say("warn", f"the history can be kept again in {self.path}; {lost} facts were lost")

    def _prune(self) -> None:
        import sqlite3

        store, now = self._store, time.monotonic()
        if store is None:
            return
        try:
            is_due = now - self._pruned_at >= PRUNE_SECONDS or not self._pruned_at
            if is_due or store.bytes_used > self._max_bytes:
                self._pruned_at = now
                store.prune(time.time() - self._max_seconds if is_due else None)
                if is_due and store.has_samples:
                    store.samples.prune(time.time(), self._max_seconds)
                    store.machine.prune(time.time(), self._max_seconds)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def _answer_all(self) -> None:
        import sqlite3

        while self._questions:
            question = self._questions.popleft()
            self._write_all()  # what was noted before it was asked belongs to the answer
            store = self._open()
            outcome: object
            if store is None:
                outcome = VigilError(Fault.FAILED, f"there is no history: {self._trouble}")
            else:
                try:
                    outcome = question.ask(store)
                except (sqlite3.Error, OSError, ValueError) as error:
                    self._failed(error)
                    outcome = VigilError(Fault.FAILED, f"the history cannot be read: {_words(error)}")
            self._call_soon(_settle, question.answer, outcome)

    def _open(self) -> "Store | None":
        if self._store is not None:
            return self._store
        now = time.monotonic()
        if self._trouble and now - self._tried_at < RETRY_SECONDS:
            return None
        self._tried_at = now
        import sqlite3

        from vigild.host.store.store import Store

        try:
            self._store = Store(self.path, self._max_bytes)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            if self._trouble:
                return None
            try:
                self._store = Store(self.path, self._max_bytes)
            except (sqlite3.Error, OSError) as second:
                self._unusable(second)
        return self._store

    def _failed(self, error: Exception) -> None:
        """Say it once. A file that is damaged is set aside, and the next fact begins another."""
        from vigild.host.store.aside import set_aside
        from vigild.host.store.store import is_of_no_use

        if not is_of_no_use(error):
            self._unusable(error)
            return
        self._let_go()
        try:
            aside = set_aside(self.path)
        except OSError as second:
            self._unusable(second)
            return
        self._say(
            "critical",
            f"cannot use {self.path}: {_words(error)}; it is set aside as {aside}, and the history begins anew",
        )

    def _unusable(self, error: Exception) -> None:
        words = _words(error)
        if words != self._trouble:
            self._trouble = words
            self._call_soon(self.on_trouble, f"{self.path}: {words}")
            self._say(
                "critical",
                f"cannot keep the history in {self.path}: {words}; all else goes on without it; make room or make "
                "the directory writable, name another with state_dir=, or say history=false",
            )

    def _let_go(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _close_store(self) -> None:
        try:
            self._let_go()
        except Exception as error:
            self._say("error", f"cannot close {self.path}: {error}")

    def _with_oom_kills(self, fact: Fact) -> Fact:
        """Was it the kernel, out of memory? Its counter says so, where there is one."""
        if fact.kind is Kind.EXIT and fact.details.get("signal") == "SIGKILL":
            from vigild.host.store.oom import oom_kills

            count = oom_kills()
            if count is not None and self._oom_kills is not None and count > self._oom_kills:
                fact.details["oom_kills"] = count - self._oom_kills
            self._oom_kills = count
        elif self._oom_kills is None and fact.kind is Kind.DAEMON:
            from vigild.host.store.oom import oom_kills

            self._oom_kills = oom_kills()
        return fact

    def _say(self, level: str, text: str) -> None:
        self._sayings.append((level, text))
        self._call_soon(self._tell)

    def _call_soon(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            pass  # the loop is closed; nobody waits any more


def _settle(answer: "asyncio.Future[Any]", outcome: object) -> None:
    if answer.done():
        return
    if isinstance(outcome, VigilError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or repr(error)
