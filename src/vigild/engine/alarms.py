"""From what happens to programs to what people are told: when a trouble of one begins, and when it is over.

    down       it ended though it should not have, or could not be started; it may be started again by itself
    fatal      it is given up
    flapping   it ends again and again
    unhealthy  its health checks fail, and `on_unhealthy` says alert

A trouble that lasts is told once: a program that cannot be started for a day is `down` once, with thousands of tries.
While it flaps, no further end of it is told. It has recovered, from all of it at once, when it is RUNNING again and not
flapping; one that went down several times within the hour has to stay up longer for that, twice as long each time, or it
would be told of without an end. What is stopped or removed by somebody has no trouble any more, and nobody is told. An exit that is
expected is none, nor is a stop.

There is an `Alarms` only where somebody wants to be told; a process that is respawned pays for nothing else.
"""

import os
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from vigild.core.edges import EdgeKind, Severity
from vigild.core.effects import (
    Alarm,
    Cleared,
    Effect,
    Entered,
    FlappingBegan,
    FlappingCleared,
    SetAlarm,
    Spawn,
)
from vigild.core.health import Health, Verdict
from vigild.core.history import Details, OutputEnd
from vigild.core.orders import Exited, Input, SpawnFailed
from vigild.core.process import TOO_QUICKLY, Autorestart, Process, Wanted
from vigild.core.restarts import OnFlapping
from vigild.core.states import ProcessState
from vigild.engine.chronicle import log_ends
from vigild.engine.pool_alarms import PoolAlarms
from vigild.engine.troubles import LISTENER, PROGRAM, Troubles
from vigild.engine.words import duration_words, signal_name

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports, Timer

DOWN, FATAL, FLAPPING, UNHEALTHY = "down", "fatal", "flapping", "unhealthy"
RECENT_SECONDS = 3600.0  # in which earlier ends are counted
RECENT_MAX = 64  # of one program; "64 or more"
FREE_ENDS = 1  # as many within the hour, and RUNNING is enough to have recovered
UNPROVEN_SECONDS = 1.0  # of one that is RUNNING as soon as it is spawned
FIRST_STEADY_SECONDS = 60.0  # after one more; twice as long for each further one
MAX_STEADY_SECONDS = 300.0

_STOPPED = "it was stopped"
_REMOVED = "it was removed"


class Alarms:
    """Of one engine. `entries`: the open troubles of the daemon before this one, by subject."""

    def __init__(self, ports: "Ports", entries: Mapping[str, bytes]) -> None:
        self._ports = ports
        self.troubles = Troubles(ports, entries)
        self.pools = PoolAlarms(ports.clock, self.troubles)
        self._ends: dict[
            str, deque[tuple[float, bool]]
        ] = {}  # when programs ended, in wall time, and if they were up
        self._timers: dict[str, Timer] = {}  # of programs that may have recovered
        self._begins: dict[str, tuple[OutputEnd, ...]] = {}  # how far logs were written when a run began

    # From the machines.

    def note_step(
        self,
        process: "ManagedProcess",
        before: Process,
        input_: Input,
        now: float,
        effects: list[Effect],
    ) -> None:
        """A step of a machine, before its effects are carried out."""
        after = process.process
        if after.wanted is Wanted.DOWN:
            if before.wanted is Wanted.UP:
                self._over(process, _STOPPED)
            return
        if not process.policy.may_start:  # the daemon goes down
            return
        gives_up = any(isinstance(effect, Entered) and effect.new is ProcessState.FATAL for effect in effects)
        for effect in effects:
            if isinstance(effect, Entered):
                if effect.new is ProcessState.FATAL:
                    self._gave_up(process, before, input_, now)
                elif effect.new is ProcessState.BACKOFF or not effect.expected:
                    if not gives_up:
                        self._went_down(process, before, input_, now, effects)
                elif effect.new is ProcessState.RUNNING:
                    self._is_up(process, now)
                elif effect.new is ProcessState.EXITED:
                    self._has_done_its_work(process)
            elif isinstance(effect, FlappingBegan):
                self._flaps(process, effect, _end_of(process, before, input_, now))
            elif isinstance(effect, FlappingCleared):
                self._flaps_no_more(process, effect.why, now)
            elif isinstance(effect, Spawn):
                self._begins[process.namespec] = log_ends(process)

    def health_changed(self, process: "ManagedProcess", health: Health) -> None:
        """The verdict on its health has changed."""
        name = process.namespec
        if health.verdict is Verdict.UNHEALTHY:
            if "alert" in process.config.on_unhealthy:
                text = f"{name} is unhealthy: {health.failures} checks failed in a row, the last: {health.answer}"
                details: Details = {
                    "answer": health.answer,
                    "failures": health.failures,
                    "pid": process.process.pid,
                }
                self.troubles.begin(
                    EdgeKind.UNHEALTHY,
                    Severity.CRITICAL,
                    PROGRAM,
                    name,
                    UNHEALTHY,
                    text,
                    details,
                    self._outputs(process),
                )
        elif health.verdict is Verdict.HEALTHY:
            text = f"{name} is healthy again: {health.answer}"
            self.troubles.end(PROGRAM, name, (UNHEALTHY,), text)

    def removed(self, process: "ManagedProcess") -> None:
        """It leaves the configuration."""
        self._over(process, _REMOVED)
        self._ends.pop(process.namespec, None)
        self._begins.pop(process.namespec, None)

    def adopted(self, processes: Iterable["ManagedProcess"], pools: Iterable[str]) -> None:
        """All that there is runs on: what became of the troubles that the daemon before this one told of?"""
        known = {process.namespec: process for process in processes}
        for name in self.troubles.names(PROGRAM):
            process = known.get(name)
            if process is None:
                self.troubles.end_all(PROGRAM, name, _REMOVED)
            elif process.process.wanted is Wanted.DOWN:
                self.troubles.end_all(PROGRAM, name, _STOPPED)
            elif process.state is ProcessState.RUNNING:
                self._is_up(process, self._ports.clock.monotonic())
        for name in set(self.troubles.names(LISTENER)).difference(pools):
            self.troubles.end_all(LISTENER, name, _REMOVED)

    def close(self) -> None:
        """The daemon ends in good order."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.pools.close()
        self.troubles.close("the daemon ended")

    # What they come to.

    def _over(self, process: "ManagedProcess", text: str) -> None:
        self._cancel(process.namespec)
        self.troubles.end_all(PROGRAM, process.namespec, f"{process.namespec}: {text}")

    def _went_down(
        self,
        process: "ManagedProcess",
        before: Process,
        input_: Input,
        now: float,
        effects: list[Effect],
    ) -> None:
        name, earlier = process.namespec, self._count_end(process.namespec, before)
        self._cancel(name)
        if before.condemned.startswith(("memory_max:", "rule:")):
            return  # the rule that ended it has been told
        if any(self.troubles.since(PROGRAM, name, trouble) for trouble in (DOWN, FATAL, FLAPPING)):
            return
        when = _next_start(effects, now)
        details: Details = {**_end_of(process, before, input_, now), "before": earlier}
        if when is not None:
            details["restart_in"] = round(when, 1)
        text = f"{name} {_end_words(details)}; {_next_words(when)}{_earlier_words(earlier)}"
        severity = Severity.CRITICAL if when is None else Severity.WARNING
        outputs = self._outputs(process)
        self.troubles.begin(EdgeKind.DOWN, severity, PROGRAM, name, DOWN, text, details, outputs)

    def _gave_up(self, process: "ManagedProcess", before: Process, input_: Input, now: float) -> None:
        name = process.namespec
        earlier = self._count_end(name, before)
        self._cancel(name)
        reason = process.process.spawn_error or "it could not be started"
        end = _end_of(process, before, input_, now)
        last = _last_end_words(end)
        if last:
            reason_words = last if reason == TOO_QUICKLY else f"{reason}; the last time it {last}"
        else:
            reason_words = reason
        details: Details = {
            **end,
            "reason": reason,
            "tries": before.tries + 1,
            "before": earlier,
        }
        self.troubles.begin(
            EdgeKind.FATAL,
            Severity.CRITICAL,
            PROGRAM,
            name,
            FATAL,
            f"{name} is given up (FATAL){_tries_words(details)}: {reason_words}",
            details,
            self._outputs(process),
        )

    def _flaps(self, process: "ManagedProcess", began: FlappingBegan, end: Details) -> None:
        name, action = process.namespec, process.policy.pace.on_flapping
        then = "it is given up" if action is OnFlapping.FATAL else "it is restarted later and later"
        last = _last_end_words(end)
        text = f"{name} flaps: {began.restarts} restarts within {began.window_seconds:.0f} seconds"
        text = f"{text}{', the last time it ' if last else ''}{last}; {then}"
        details: Details = {
            **end,
            "restarts": began.restarts,
            "window": began.window_seconds,
            "action": action.value,
            "before": len(self._recent(name)),
        }
        self.troubles.begin(
            EdgeKind.FLAPPING,
            Severity.CRITICAL,
            PROGRAM,
            name,
            FLAPPING,
            text,
            details,
            self._outputs(process),
        )

    def _flaps_no_more(self, process: "ManagedProcess", why: Cleared, now: float) -> None:
        """Where it is down besides, it recovers from both at once."""
        name = process.namespec
        if why is not Cleared.QUIET or not self._is_down(name):
            text = f"{name} does not flap any more"
            self.troubles.end(PROGRAM, name, (FLAPPING,), text, quiet=why is not Cleared.QUIET)
        self._is_up(process, now, process.process.started_at)

    def _outputs(self, process: "ManagedProcess") -> tuple[OutputEnd, ...]:
        """Where the last lines of this run stand in its logs."""
        begins = {
            (one.path, one.device, one.inode): one.size for one in self._begins.get(process.namespec, ())
        }
        ends = log_ends(process)
        found = [begins.get((one.path, one.device, one.inode), 0) for one in ends]
        return tuple(
            replace(one, begin=begin) if 0 < begin <= one.size else one
            for one, begin in zip(ends, found, strict=True)
        )

    def _has_done_its_work(self, process: "ManagedProcess") -> None:
        """It ended as it should. One that is started again has recovered only when it is RUNNING."""
        if process.state is ProcessState.EXITED and not process.process.pausing:
            name = process.namespec
            text = f"{name} has ended as it should"
            self.troubles.end(PROGRAM, name, self._over_with_it(process), text)
            self.troubles.end(PROGRAM, name, (UNHEALTHY,), text, quiet=True)
        self._cancel(process.namespec)

    # Recovering.

    def _is_up(self, process: "ManagedProcess", now: float, since: float | None = None) -> None:
        """It is RUNNING, since now or `since`: it has recovered, or will have if it stays so for a while.

        Not a job that a schedule started: that has recovered when a run of it has ended as it should.
        """
        name = process.namespec
        if process.config.schedule and process.config.autorestart is not Autorestart.ALWAYS:
            return
        if process.state is not ProcessState.RUNNING or not self._is_down(name) or name in self._timers:
            return

        def steadied() -> None:
            self._timers.pop(name, None)
            if process.state is ProcessState.RUNNING and not process.process.flapping:
                self._recovered(process)

        at = (now if since is None else since) + self._steady_seconds(process)
        if at <= now:
            steadied()
        else:
            self._timers[name] = self._ports.clock.call_at(at, steadied)

    def _is_down(self, name: str) -> bool:
        return any(self.troubles.since(PROGRAM, name, trouble) for trouble in (DOWN, FATAL))

    def _over_with_it(self, process: "ManagedProcess") -> tuple[str, ...]:
        """Its troubles that are over when it is up, or has done its work."""
        return (DOWN, FATAL) if process.process.flapping else (DOWN, FATAL, FLAPPING)

    def _steady_seconds(self, process: "ManagedProcess") -> float:
        """How long it has to stay up, beyond what makes it RUNNING. A start that failed says nothing of how long one lasts."""
        count = sum(was_up for _, was_up in self._recent(process.namespec))
        proven = process.policy.start_seconds > 0 or bool(process.policy.readiness)
        if count <= FREE_ENDS:
            return 0.0 if proven else UNPROVEN_SECONDS
        doublings = max(0, count - FREE_ENDS - 1)
        return min(FIRST_STEADY_SECONDS * 2.0 ** min(doublings, 16), MAX_STEADY_SECONDS)

    def _recovered(self, process: "ManagedProcess") -> None:
        name = process.namespec
        if not self._is_down(name):
            return
        since = min(at for trouble in (DOWN, FATAL) if (at := self.troubles.since(PROGRAM, name, trouble)))
        lasted = duration_words(max(0.0, self._ports.clock.wall() - since))
        how = "ready" if process.policy.readiness else "up"
        self.troubles.end(
            PROGRAM, name, self._over_with_it(process), f"{name} is {how} again, after {lasted}"
        )

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    # Counting.

    def _count_end(self, name: str, before: Process) -> int:
        """One more; how many there were within the hour before it."""
        recent = self._recent(name)
        count = len(recent)
        if not recent:
            recent = self._ends[name] = deque(maxlen=RECENT_MAX)
        recent.append((self._ports.clock.wall(), before.state is ProcessState.RUNNING))
        return count

    def _recent(self, name: str) -> deque[tuple[float, bool]]:
        recent = self._ends.get(name)
        if recent is None:
            return deque()
        begin = self._ports.clock.wall() - RECENT_SECONDS
        while recent and recent[0][0] < begin:
            recent.popleft()
        if not recent:
            del self._ends[name]
        return recent


def _end_of(process: "ManagedProcess", before: Process, input_: Input, now: float) -> Details:
    """How it ended, if it did, as plain values."""
    if isinstance(input_, SpawnFailed):
        return {"error": input_.text}
    if not isinstance(input_, Exited):
        return {}
    details: Details = {
        "pid": before.pid,
        "state": before.state.name,
        "ran": round(max(0.0, now - before.started_at), 3),
    }
    status = process.wait_status
    if status is None:
        details["unseen"] = True
    elif os.WIFEXITED(status):
        details["status"] = os.WEXITSTATUS(status)
    else:
        details["signal"] = signal_name(os.WTERMSIG(status))
        details["core"] = os.WCOREDUMP(status)
    if before.condemned:
        details["reason"] = before.condemned
    return details


def _end_words(details: Details) -> str:
    ran = details.get("ran")
    after = f" after {duration_words(ran)}" if isinstance(ran, float) else ""
    if "reason" in details:
        return f"was ended{after}: {details['reason']}"
    if "signal" in details:
        core = ", and left a core" if details["core"] else ""
        return f"was killed by {details['signal']}{after}{core}"
    if "status" in details:
        early = ", before it was up" if details["state"] == "STARTING" else ""
        return f"exited with status {details['status']}{after}{early}"
    if "unseen" in details:
        return "ended, and nobody saw how"
    if "error" in details:
        return f"cannot be started: {details['error']}"
    return "is down"


def _last_end_words(details: Details) -> str:
    """How its last run ended; "" where that is not what happened."""
    return _end_words(details) if "ran" in details and "unseen" not in details else ""


def _tries_words(details: Details) -> str:
    tries = details["tries"]
    return f" after {tries} tries" if isinstance(tries, int) and tries > 1 else ""


def _next_start(effects: list[Effect], now: float) -> float | None:
    """In how many seconds it is started again; None where it is not."""
    for effect in effects:
        if isinstance(effect, SetAlarm) and effect.alarm is Alarm.RETRY:
            return max(0.0, effect.when - now)
        if isinstance(effect, Entered) and effect.new is ProcessState.STARTING:
            return 0.0
    return None


def _next_words(seconds: float | None) -> str:
    if seconds is None:
        return "it is not started again"
    return f"it is started again in {duration_words(seconds)}" if seconds >= 1 else "it is started again"


def _earlier_words(count: int) -> str:
    if not count:
        return ""
    often = "once" if count == 1 else f"{count} times"
    return f" (so ended {often} before, within the hour)"
