"""What httpok does about an answer: pure. Texts that Superlance's users know are Superlance's."""

from collections.abc import Sequence
from typing import NamedTuple

from vigild.client.supervisor import ProcessInfo
from vigild.core.states import ProcessState
from vigild.listeners.daemon_calls import is_named, namespec
from vigild.listeners.units import Budget
from vigild.listeners.web_check import Answer

RUNNING = ProcessState.RUNNING.value
FATAL = ProcessState.FATAL.value


class Settings(NamedTuple):
    """What the flags come to. `own`: the listener's own namespec, which it never restarts."""

    url: str
    programs: tuple[str, ...] = ()
    any: bool = False
    timeout_seconds: int = 10
    statuses: tuple[int, ...] = (200,)
    body: str = ""
    email: str = ""
    sender: str = ""
    core_directory: str = ""
    gcore: str = ""
    eager: bool = True
    name: str | None = None
    grace_seconds: int = 0
    restart_budget: Budget | None = None
    start_fatal: bool = False
    restart_command: str = ""
    own: str = ""


class Trouble(NamedTuple):
    """A wrong answer: the subject of the mail, and its first line."""

    subject: str
    text: str


class Line(NamedTuple):
    """Say it, and put it into the mail."""

    text: str


class CoreDump(NamedTuple):
    """Write a core file."""

    namespec: str
    path: str
    pid: int


class Restart(NamedTuple):
    """Stop and start."""

    namespec: str


class Start(NamedTuple):
    """Start what is FATAL."""

    namespec: str


Step = Line | CoreDump | Restart | Start


class Plan(NamedTuple):
    """Steps in order, and whether a mail tells of them."""

    steps: tuple[Step, ...]
    mails: bool


class Memory(NamedTuple):
    """From tick to tick: when each process was restarted (monotonic seconds), and whose spent budget was told."""

    restarts: dict[str, tuple[float, ...]] = {}  # noqa: RUF012 - never changed in place
    told: frozenset[str] = frozenset()


def trouble(answer: Answer, settings: Settings) -> Trouble | None:
    """What is wrong with the answer; None if it is right."""
    url = settings.url
    if answer.error:
        text = f"error contacting {url}:\n\n {answer.error}"
    else:
        text = f"status contacting {url}: {answer.status} {answer.reason}"
    if answer.error or answer.status not in settings.statuses:
        return Trouble(_subject(settings, f"{url}: bad status returned"), text)
    if settings.body and settings.body.encode("utf-8", "surrogateescape") not in answer.body:
        return Trouble(_subject(settings, f"{url}: bad body returned"), text)
    return None


def _subject(settings: Settings, text: str) -> str:
    return f"httpok: {text}" if settings.name is None else f"httpok [{settings.name}]: {text}"


def decide(
    infos: Sequence[ProcessInfo], memory: Memory, settings: Settings, now: float
) -> tuple[Memory, Plan]:
    """What to do to which process now that the answer was wrong. `now`: monotonic seconds."""
    return _Decision(settings, memory, now).about(infos)


class _Decision:
    def __init__(self, settings: Settings, memory: Memory, now: float) -> None:
        self._settings = settings
        self._now = now
        self._restarts = _recent(memory.restarts, settings.restart_budget, now)
        self._told = memory.told
        self._steps: list[Step] = []
        self._held_by_grace = 0
        self._spent: set[str] = set()
        self._acted = False

    def about(self, infos: Sequence[ProcessInfo]) -> tuple[Memory, Plan]:
        settings = self._settings
        waiting = list(settings.programs)
        if settings.any:
            self._say("Restarting all running processes")
        else:
            self._say(f"Restarting selected processes {list(settings.programs)}")
        for info in infos:
            if namespec(info) == settings.own and settings.any:
                continue  # nobody would start us again
            if settings.any or is_named(info, settings.programs):
                self._one(info)
                waiting = [name for name in waiting if not is_named(info, (name,))]
        if waiting:
            self._say(f"Programs not restarted because they did not exist: {waiting}")
        return Memory(self._restarts, frozenset(self._spent)), Plan(tuple(self._steps), self._mails())

    def _mails(self) -> bool:
        """Superlance mails always. What is held back is told once, and a process in its grace not at all."""
        if self._acted or not (self._spent or self._held_by_grace):
            return True
        return bool(self._spent - self._told)

    def _say(self, text: str) -> None:
        self._steps.append(Line(text))

    def _one(self, info: ProcessInfo) -> None:
        settings, name = self._settings, namespec(info)
        state = info["state"]
        if state == FATAL and settings.start_fatal:
            if self._may(name):
                self._say(f"{name} is in FATAL state, starting")
                self._steps.append(Start(name))
            return
        if state != RUNNING:
            self._say(f"{name} not in RUNNING state, NOT restarting")
            return
        age = info["now"] - info["start"]
        if age < settings.grace_seconds:
            self._held_by_grace += 1
            self._say(
                f"{name} was started {age} s ago, within its grace of {settings.grace_seconds} s, NOT restarting"
            )
            return
        if not self._may(name):
            return
        if settings.core_directory and settings.gcore:
            self._steps.append(CoreDump(name, f"{settings.core_directory.rstrip('/')}/{name}", info["pid"]))
        self._say(f"{name} is in RUNNING state, restarting")
        self._steps.append(Restart(name))

    def _may(self, name: str) -> bool:
        """Is there budget left for it? Takes from it."""
        limit = self._settings.restart_budget
        if limit is not None:
            before = self._restarts.get(name, ())
            if len(before) >= limit.limit:
                self._spent.add(name)
                self._say(
                    f"{name} was restarted {len(before)} times within {limit.seconds} s, NOT restarting"
                )
                return False
            self._restarts[name] = (*before, self._now)
        self._acted = True
        return True


def _recent(
    restarts: dict[str, tuple[float, ...]], limit: Budget | None, now: float
) -> dict[str, tuple[float, ...]]:
    if limit is None:
        return {}
    kept = {
        name: tuple(when for when in times if now - when < limit.seconds) for name, times in restarts.items()
    }
    return {name: times for name, times in kept.items() if times}
