"""The rules of one process: judged at each sample of it, and carried out.

There is a `Ruling` beside each process that has rules or a `memory_max` (which is one rule more), and beside no other. It
decides nothing: samples go to `core.rules`, and what comes back is told (log, history, alerts) and done.

A process is judged while it is RUNNING. A new run counts its cycles anew; what had come true stays so until a cycle
is good. When the process comes to rest there is nothing left to judge, and everything is over, which nobody is told.
"""

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.config.rule_text import read_rules
from vigild.core.access import Caller, Role, current_caller
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.history import Details, Fact, Kind
from vigild.core.orders import Renew, Stop
from vigild.core.program_metrics import PROGRAM, values_of
from vigild.core.rules import (
    FRESH,
    Act,
    Action,
    Cleared,
    Condition,
    Operator,
    Raised,
    Reading,
    Rule,
    RuleState,
    Unit,
    Verb,
    from_plain,
    judge,
    restarted,
    to_plain,
)
from vigild.core.states import STOPPED_STATES, ProcessState
from vigild.engine.own_commands import run_action

if TYPE_CHECKING:
    from vigild.config.model import ProcessConfig
    from vigild.core.samples import Sample
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports

MEMORY_MAX = "memory_max"
HOUR_SECONDS = 3600.0
MAX_RESTARTS = 1000  # of the last hour, that are remembered
SOURCE = "program"
A_RULE = Caller("a rule", Role.OPERATOR)  # who stops a program, in the history


def rules_of(config: "ProcessConfig") -> tuple[Rule, ...]:
    """All that is to be judged: `memory_max` first."""
    rules = read_rules("\n".join(config.rules), PROGRAM)
    if not config.memory_max_bytes:
        return rules
    condition = Condition("memory", Operator.GREATER, float(config.memory_max_bytes), Unit.BYTES)
    return (Rule(MEMORY_MAX, (condition,), (Action(Verb(config.on_memory_max)),)), *rules)


def machine_memory_bytes() -> int:
    """How much memory this machine has; 0 where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 0


class Ruling:
    """Beside one process. `on_running` is called when it begins to be judged: samples are needed from then on."""

    __slots__ = (
        "_machine_bytes",
        "_owner",
        "_ports",
        "_restarts",
        "_seen_restarts",
        "_states",
        "on_running",
        "rules",
    )

    def __init__(self, owner: "ManagedProcess", ports: "Ports") -> None:
        self._owner = owner
        self._ports = ports
        self._machine_bytes = machine_memory_bytes()
        self.rules = rules_of(owner.config)
        self._states: dict[str, RuleState] = {}  # by the name of a rule, where it is not at rest
        self._restarts: list[float] = []  # when it was started again by itself, in monotonic time
        self._seen_restarts = 0
        self.on_running: Callable[[], None] = lambda: None

    # What happens to the process.

    def moved(self, state: ProcessState) -> None:
        """It entered a state."""
        if state is ProcessState.STARTING:
            self._note_restarts()
            self._states = {name: restarted(kept) for name, kept in self._states.items() if kept.raised}
        elif state is ProcessState.RUNNING:
            self.on_running()
        elif state in STOPPED_STATES and self._owner.stopped and not self._owner.process.pausing:
            self._forget()

    def sampled(self, sample: "Sample") -> None:
        """Judge it by what it uses."""
        owner, now = self._owner, self._ports.clock.monotonic()
        if owner.state is not ProcessState.RUNNING or owner.process.condemned:
            return
        self._note_restarts()
        uptime_seconds = now - owner.process.started_at
        reading = Reading(values_of(sample, self._machine_bytes, uptime_seconds, len(self._restarts)))
        before = self._states
        self._states, todo = dict(before), list[tuple[Rule, list[Raised | Cleared | Act]]]()
        for rule in self.rules:
            state, effects = judge(rule, before.get(rule.name, FRESH), reading, now)
            self._states[rule.name] = state
            if state == FRESH:
                del self._states[rule.name]
            if effects:
                todo.append((rule, effects))
        self._carry_out(todo, is_changed=self._states != before)

    def _note_restarts(self) -> None:
        now, count = self._ports.clock.monotonic(), self._owner.restart_count
        self._restarts += [now] * min(count - self._seen_restarts, MAX_RESTARTS)
        self._seen_restarts = count
        self._restarts = [at for at in self._restarts if at > now - HOUR_SECONDS][-MAX_RESTARTS:]

    def _forget(self) -> None:
        """It rests: what was the matter is over."""
        states, self._states = self._states, {}
        for rule in self.rules:
            if states.get(rule.name, FRESH).raised:
                self._tell(
                    rule, EdgeKind.RECOVERED, f"{self._owner.namespec} does not run any more", quiet=True
                )

    # The life before this one.

    def record(self) -> str:
        """What the next daemon has to know, '' for nothing."""
        if not self._states and not self._restarts:
            return ""
        states = {name: to_plain(state) for name, state in self._states.items()}
        return json.dumps([states, self._restarts])

    def restore(self, record: str) -> None:
        """Know what the daemon before this one wrote down; of a record in an unknown form, nothing."""
        try:
            states, restarts = json.loads(record or "[{}, []]")
            known = {str(name): from_plain(plain) for name, plain in states.items()}
            self._states = {name: state for name, state in known.items() if state != FRESH}
            self._restarts = [float(at) for at in restarts][-MAX_RESTARTS:]
        except (ValueError, TypeError, AttributeError):
            self._states, self._restarts = {}, []

    def resumed(self) -> None:
        """It runs, and the daemon before this one judged it."""
        if self._owner.state is ProcessState.RUNNING:
            self.on_running()

    # Effects.

    def _carry_out(
        self, todo: "list[tuple[Rule, list[Raised | Cleared | Act]]]", *, is_changed: bool
    ) -> None:
        """Whoever dies in between: what came true is told by the next daemon again, which the deliverer knows, rather than
        never; an order is written down with that it was given; and a command is run once at most."""
        acts = [
            (rule, effect, isinstance(effects[0], Cleared))
            for rule, effects in todo
            for effect in effects
            if isinstance(effect, Act)
        ]
        for rule, effects in todo:
            for effect in effects:
                self._say(rule, effect)
        for rule, act, has_recovered in acts:
            if act.action.verb is not Verb.EXEC:
                self._do(rule, act.action, act.text, has_recovered=has_recovered)
        if is_changed:
            self._owner.write_down()
        for rule, act, has_recovered in acts:
            if act.action.verb is Verb.EXEC:
                self._do(rule, act.action, act.text, has_recovered=has_recovered)

    def _say(self, rule: Rule, effect: "Raised | Cleared | Act") -> None:
        name, log = self._owner.config.name, self._ports.log
        match effect:
            case Raised(text):
                log.warn(f"rule: {name}: {_said(rule, text)}{_quoted(rule)}")
                self._tell(rule, EdgeKind.RULE, text)
            case Cleared(text):
                log.info(f"rule is over: {name}: {_said(rule, text)}{_quoted(rule)}")
                self._tell(rule, EdgeKind.RECOVERED, text)
            case _:
                pass

    def _do(self, rule: Rule, action: Action, text: str, *, has_recovered: bool) -> None:
        owner, log = self._owner, self._ports.log
        reason = _said(rule, text)
        match action.verb:
            case Verb.EXEC:
                variables = {"VIGIL_RULE": rule.name, "VIGIL_TEXT": text, "VIGIL_PID": str(owner.process.pid)}
                variables["VIGIL_EVENT"] = "recovered" if has_recovered else "rule"
                run_action(owner, self._ports, "a rule", action.argument, variables)
            case Verb.RESTART:
                log.warn(f"restarting {owner.config.name}: {reason}")
                owner.feed(Renew(reason, owner.policy.stop_signal))
            case _:  # STOP; the vocabulary of programs has no START
                log.warn(f"stopping {owner.config.name}: {reason}")
                token = current_caller.set(A_RULE)
                try:
                    owner.feed(Stop())
                finally:
                    current_caller.reset(token)

    def _tell(self, rule: Rule, kind: EdgeKind, text: str, *, quiet: bool = False) -> None:
        at, name = self._ports.clock.wall(), self._owner.namespec
        is_raised = kind is EdgeKind.RULE
        details: Details = {"rule": rule.name, "text": text}
        self._ports.history.note(
            Fact(at, Kind.RULE, name, {"what": "raised" if is_raised else "cleared", **details})
        )
        severity = rule.severity if is_raised else Severity.INFO
        said = _said(rule, text) + (_consequence(rule) if is_raised else "")
        edge = Edge(at, kind, severity, SOURCE, name, f"rule: {rule.name}", said, details, quiet=quiet)
        self._ports.alerts.tell(edge)


def _said(rule: Rule, text: str) -> str:
    """`memory_max: 2.1 GB > 2 GB`, `rule: cpu 95% > 90%`."""
    if rule.name == MEMORY_MAX:
        return f"{MEMORY_MAX}: {text.removeprefix('memory ')}"
    return f"rule: {text}"


def _consequence(rule: Rule) -> str:
    """What becomes of the program, for those who are told."""
    verbs = {action.verb for action in rule.actions}
    if Verb.RESTART in verbs:
        return "; it is restarted"
    return "; it is stopped" if Verb.STOP in verbs else ""


def _quoted(rule: Rule) -> str:
    return "" if rule.name == MEMORY_MAX else f" ({rule.name})"
