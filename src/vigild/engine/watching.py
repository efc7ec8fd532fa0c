"""What a process is asked, and what it says of itself: readiness, health, and systemd's notifications.

There is a `Watch` beside each process whose configuration asks for one, and beside no other. It decides nothing:
answers go to the machine (`BecameReady`, `Renew`) and to `core.health`. It has one timer at a time for asking,
one for the watchdog, and one question under way.
"""

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from vigild.core.events import process_health_event
from vigild.core.health import (
    Answer,
    Change,
    Health,
    HealthPolicy,
    Verdict,
    ask_again_delay,
    check_delay,
    judge,
)
from vigild.core.probe import Probe, Scheme, printable
from vigild.core.process import Alarm, BecameReady, GotMoreTime, Renew
from vigild.core.states import ProcessState
from vigild.engine.own_commands import request_of, run_action
from vigild.engine.ports import ProbeRequest

if TYPE_CHECKING:
    from vigild.engine.bus import EventBus
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports, Timer
    from vigild.engine.settings import Settings

SIGABRT = 6
READY_ANSWER_SECONDS = 5.0  # how long one question about readiness may take
MAX_LINE_BYTES = 16 << 10  # of output, that a log: expression is tried on
MAX_NOTICE_CHARS = 200
MAX_EXTENSION_SECONDS = 24 * 3600.0


class Watch:
    """Beside one process. `health` is None where no healthcheck is configured."""

    __slots__ = (
        "_ask_timer",
        "_bus",
        "_log_seen",
        "_number",
        "_owner",
        "_pattern",
        "_phase",
        "_policy",
        "_ports",
        "_question",
        "_running_at",
        "_settings",
        "_tails",
        "_watchdog_seconds",
        "_watchdog_timer",
        "answer",
        "health",
        "is_reloading",
        "is_stopping",
        "notice",
    )

    def __init__(
        self, owner: "ManagedProcess", ports: "Ports", bus: "EventBus", settings: "Settings"
    ) -> None:
        config = owner.config
        self._owner = owner
        self._ports = ports
        self._bus = bus
        self._settings = settings
        self._policy = HealthPolicy(config.healthcheck_retries, config.healthcheck_start_period_seconds)
        self._phase = zlib.crc32(owner.namespec.encode()) / 2**32
        self._ask_timer: Timer | None = None
        self._question: Timer | None = None
        self._number = 0
        self._running_at = 0.0
        self._watchdog_timer: Timer | None = None
        self._watchdog_seconds = config.watchdog_seconds
        self._pattern: re.Pattern[bytes] | None = None
        self._log_seen = False
        self._tails: dict[str, bytes] = {}
        self.answer = ""  # the last about readiness
        self.health: Health | None = Health() if config.healthcheck is not None else None
        self.notice = ""
        self.is_reloading = False
        self.is_stopping = False

    # What happens to the process.

    def prepare(self, environment: dict[str, str]) -> None:
        """It is about to be spawned with this environment. Raises OSError where notifications cannot be heard."""
        self.notice, self.answer, self._log_seen = "", "", False
        self.is_reloading = self.is_stopping = False
        self._tails.clear()
        self._watchdog_seconds = self._owner.config.watchdog_seconds
        if self.health is not None:
            self.health = Health()
        if self._owner.config.is_notified:
            environment["NOTIFY_SOCKET"] = self._ports.prober.listen()
            if self._watchdog_seconds:
                environment["WATCHDOG_USEC"] = str(int(self._watchdog_seconds * 1_000_000))

    def alarm_set(self, alarm: Alarm) -> None:
        """From now on readiness is asked for, or something else is waited for."""
        if alarm is Alarm.KILL:
            self.close()
            process = self._owner.process
            if process.state is ProcessState.STARTING and process.condemned:
                self._ports.log.warn(f"ending {self._owner.config.name}: {process.condemned}")
        elif alarm is Alarm.READY and self._ask_timer is None and self._question is None:
            self._number = 0
            self._ask_for_readiness()

    def moved(self, state: ProcessState) -> None:
        """It entered a state."""
        self._stop_asking()
        if state is ProcessState.RUNNING:
            self._begin()
        else:
            self._stop_watchdog()

    @property
    def is_healthy(self) -> bool:
        """Do its health checks succeed? Also where there are none."""
        return self.health is None or self.health.verdict is Verdict.HEALTHY

    def health_record(self) -> tuple[str | int | float, ...]:
        """Its health in plain values, for the journal; nothing where none is known."""
        health = self.health
        if health is None:
            return ()
        return health.verdict.value, health.failures, health.since, health.answer, health.seconds

    def restore(self, notice: str, record: tuple[str | int | float, ...]) -> None:
        """Know what the daemon before this one wrote down; of a record in an unknown form, nothing."""
        self.notice = notice
        match record:
            case (
                str(verdict),
                int(failures),
                int() | float() as since,
                str(answer),
                int() | float() as seconds,
            ) if self.health is not None and verdict in (known.value for known in Verdict):
                self.health = Health(Verdict(verdict), failures, since, answer, seconds)
            case _:
                pass

    def resumed(self) -> None:
        """The daemon before this one watched it; it runs."""
        if self._owner.config.is_notified:
            try:
                self._ports.prober.listen()
            except OSError as error:
                name, reason = self._owner.namespec, error.strerror or error
                self._ports.log.critical(f"cannot listen for notifications of {name}: {reason}")
        if self._owner.state is ProcessState.RUNNING and not self._owner.process.condemned:
            self._begin()

    def close(self) -> None:
        """Nobody is asked any more."""
        self._stop_asking()
        self._stop_watchdog()

    def _begin(self) -> None:
        self._running_at = self._ports.clock.monotonic()
        self._number = 0
        if self.health is not None:
            self._check_later()
        self._feed_watchdog()

    # Asking.

    def _ask_for_readiness(self) -> None:
        self._ask_timer = None
        probe = self._owner.config.readiness
        if probe is None or probe.scheme is Scheme.NOTIFY:
            return
        if probe.scheme is Scheme.LOG:
            if self._log_seen:  # it was written before anybody asked
                self._ask_timer = self._later(0, self._tell_ready)
            return
        request = self._request(probe, READY_ANSWER_SECONDS)
        self._question = self._ports.prober.ask(request, self._heard_of_readiness)

    def _tell_ready(self) -> None:
        self._log_seen = False
        self._owner.feed(BecameReady())

    def _heard_of_readiness(self, answer: Answer) -> None:
        self._question = None
        self.answer = answer.text
        if answer.ok:
            self._owner.feed(BecameReady())
            return
        self._ask_timer = self._later(ask_again_delay(self._number), self._ask_for_readiness)
        self._number += 1

    def _check_later(self) -> None:
        delay = check_delay(self._number, self._phase, self._owner.config.healthcheck_interval_seconds)
        if self._number == 0 and self._is_log(self._owner.config.healthcheck):
            delay = self._owner.config.healthcheck_interval_seconds  # there is nothing in the log yet
        self._number += 1
        self._ask_timer = self._later(delay, self._check)

    def _check(self) -> None:
        self._ask_timer = None
        config = self._owner.config
        probe = config.healthcheck
        assert probe is not None
        if probe.scheme is Scheme.LOG:
            seen, self._log_seen = self._log_seen, False
            self._heard_of_health(
                Answer(seen, "a line that matches" if seen else f"no line matches {probe.target}")
            )
            return
        request = self._request(probe, config.healthcheck_timeout_seconds, of_health=True)
        self._question = self._ports.prober.ask(request, self._heard_of_health)

    def _heard_of_health(self, answer: Answer) -> None:
        self._question = None
        if self.health is None:
            return
        before, clock = self.health, self._ports.clock
        up_seconds = clock.monotonic() - self._running_at
        self.health, change = judge(before, answer, up_seconds, clock.wall(), self._policy)
        self._check_later()
        if change is not None or self.health.failures != before.failures:
            self._owner.write_down()
        if change is not None:
            self._announce(change)

    def _announce(self, change: Change) -> None:
        health, owner = self.health, self._owner
        assert health is not None
        name, log = owner.config.name, self._ports.log
        if change.new is Verdict.HEALTHY:
            log.info(f"healthy: {name} ({health.answer})")
        else:
            log.warn(
                f"unhealthy: {name} ({health.failures} checks failed in a row, the last: {health.answer})"
            )
        event_type = f"PROCESS_HEALTH_{change.new.name}"
        self._bus.emit_if_wanted(
            event_type,
            lambda: process_health_event(
                change.new.value,
                name,
                owner.group_name,
                owner.process.pid,
                change.old.value,
                health.failures,
                health.answer,
            ),
        )
        owner.tell_dependants()
        if self._settings.alarms is not None:
            self._settings.alarms.health_changed(owner, health)
        if change.new is Verdict.UNHEALTHY:
            self._act(health)

    def _act(self, health: Health) -> None:
        owner = self._owner
        for action in owner.config.on_unhealthy:
            if action.startswith("exec:"):
                self._run(action.removeprefix("exec:"), health)
        if "restart" in owner.config.on_unhealthy:
            self._renew(f"unhealthy: {health.answer}", owner.policy.stop_signal)

    def _renew(self, reason: str, signum: int) -> None:
        self._ports.log.warn(f"restarting {self._owner.config.name}: {reason}")
        self._owner.feed(Renew(reason, signum))

    def _run(self, command: str, health: Health) -> None:
        variables = {"VIGIL_HEALTH": health.verdict.value, "VIGIL_ANSWER": health.answer}
        variables["VIGIL_PID"] = str(self._owner.process.pid)
        run_action(self._owner, self._ports, "on_unhealthy", command, variables)

    def _request(self, probe: Probe, timeout_seconds: float, *, of_health: bool = False) -> ProbeRequest:
        config = self._owner.config
        request = request_of(self._owner, probe, timeout_seconds)
        if not of_health:
            return request
        return replace(
            request,
            expect_status=config.healthcheck_expect_status,
            expect_body=config.healthcheck_expect_body,
        )

    def _later(self, seconds: float, callback: Callable[[], None]) -> "Timer":
        clock = self._ports.clock
        return clock.call_at(clock.monotonic() + seconds, callback)

    def _stop_asking(self) -> None:
        for pending in (self._ask_timer, self._question):
            if pending is not None:
                pending.cancel()
        self._ask_timer = self._question = None

    # Its output.

    @property
    def reads_output(self) -> bool:
        """Is there a log: expression to be tried on what it writes?"""
        config = self._owner.config
        return self._is_log(config.readiness) or self._is_log(config.healthcheck)

    def _is_log(self, probe: Probe | None) -> bool:
        return probe is not None and probe.scheme is Scheme.LOG

    def wrote(self, channel: str, data: bytes) -> None:
        """A piece of its output. Looked at only while a line of it could answer a question."""
        process = self._owner.process
        config = self._owner.config
        probe = config.readiness if process.state is ProcessState.STARTING else config.healthcheck
        if probe is None or probe.scheme is not Scheme.LOG or self._log_seen:
            self._tails.pop(channel, None)
            return
        lines = (self._tails.get(channel, b"") + data).split(b"\n")
        self._tails[channel] = lines[-1][-MAX_LINE_BYTES:]
        if self._pattern is None or self._pattern.pattern != probe.target.encode():
            self._pattern = re.compile(probe.target.encode())
        if not any(self._pattern.search(line[:MAX_LINE_BYTES]) for line in lines[:-1]):
            return
        self._log_seen = True
        if process.state is ProcessState.STARTING and process.pid and not process.launching:
            self._log_seen = False
            self._tails.clear()
            self._owner.feed(BecameReady())

    # Its notifications.

    def notified(self, message: dict[str, str]) -> None:
        """It sent a message of systemd's protocol."""
        owner, changed = self._owner, False
        notice = printable(message.get("STATUS", self.notice)[:MAX_NOTICE_CHARS])
        if notice != self.notice:
            self.notice, changed = notice, True
        if message.get("RELOADING") == "1":
            self.is_reloading = True
        if message.get("STOPPING") == "1":
            self.is_stopping = True
        if changed:
            owner.write_down()
        microseconds = _number(message.get("EXTEND_TIMEOUT_USEC"))
        if microseconds:
            seconds = min(microseconds / 1_000_000, MAX_EXTENSION_SECONDS)
            until = self._ports.clock.monotonic() + seconds
            owner.feed(GotMoreTime(max(until, owner.alarm_at)))
        if message.get("READY") == "1":
            self.is_reloading = False
            readiness = owner.config.readiness
            if readiness is not None and readiness.scheme is Scheme.NOTIFY:
                owner.feed(BecameReady())
        if self._watchdog_seconds:
            self._notified_watchdog(message)

    def _notified_watchdog(self, message: dict[str, str]) -> None:
        microseconds = _number(message.get("WATCHDOG_USEC"))
        if microseconds:
            self._watchdog_seconds = min(microseconds / 1_000_000, MAX_EXTENSION_SECONDS)
        match message.get("WATCHDOG"):
            case "1":
                self._feed_watchdog()
            case "trigger":
                self._bark("it asked for it (WATCHDOG=trigger)")
            case _:
                pass

    def _feed_watchdog(self) -> None:
        self._stop_watchdog()
        if self._watchdog_seconds and self._owner.state is ProcessState.RUNNING:
            self._watchdog_timer = self._later(self._watchdog_seconds, self._missed_watchdog)

    def _missed_watchdog(self) -> None:
        self._watchdog_timer = None
        self._bark(f"no WATCHDOG=1 within {self._watchdog_seconds:g} seconds")

    def _bark(self, why: str) -> None:
        if self._owner.state is ProcessState.RUNNING and not self._owner.process.condemned:
            self._renew(f"watchdog: {why}", SIGABRT)

    def _stop_watchdog(self) -> None:
        if self._watchdog_timer is not None:
            self._watchdog_timer.cancel()
            self._watchdog_timer = None


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 18 else 0
