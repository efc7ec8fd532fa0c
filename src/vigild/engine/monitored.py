"""One monitor: what was seen last, what its rules make of it, and who is told.

It decides nothing: readings go to `core.rules`. Its state is *failed* while any rule holds, *passed* while none does, and
*unknown* while nobody knows: before the first reading, while it cannot be looked at, and while the monitor process is
down. What is told (edges, history, events) comes before the journal, and what is done after it: if the daemon dies in
between, something is told twice, but never not at all.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vigild.config.rule_text import read_rules
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.events import monitor_event
from vigild.core.history import Details, Fact, Kind
from vigild.core.monitors import MONITOR_TYPES, MonitorState
from vigild.core.rules import (
    FRESH,
    Act,
    Cleared,
    Raised,
    Reading,
    Rule,
    RuleState,
    Value,
    Verb,
    from_plain,
    judge,
    restarted,
    to_plain,
)

if TYPE_CHECKING:
    from vigild.config.model import MonitorConfig
    from vigild.engine.bus import EventBus
    from vigild.engine.ports import Ports

MONITOR = "monitor"  # kind of journal entry; its key is the name. Also the source of its edges
MAX_VALUES = 100  # of one reading
MAX_CHARS = 500  # of a value that is text, and of an error

Do = Callable[["Monitored", Rule, Act, bool], None]  # the last: because it has recovered


class Monitored:
    """One of them. `do` carries out what its rules demand."""

    def __init__(self, config: "MonitorConfig", ports: "Ports", bus: "EventBus", do: Do) -> None:
        self.config = config
        self.rules = read_rules("\n".join(config.rules), MONITOR_TYPES[config.type].vocabulary)
        self.is_enabled = config.enabled
        self.reading = Reading()
        self.read_at = 0.0  # seconds since the epoch; 0: never
        self.cannot = ""  # why nobody can know
        self.held = ""  # why it is not judged now, though somebody could
        self.held_by: Callable[[], str] = lambda: ""
        self.cycles = 0
        self.since = ports.clock.wall()
        self.memory: Mapping[str, object] = {}  # of the check
        self._known = MonitorState.UNKNOWN
        self._states: dict[str, RuleState] = {}  # by the name of a rule, where it is not at rest
        self._texts: dict[str, str] = {}  # of the rules that hold: what was the matter when they came true
        self._todo: list[tuple[Rule, Act, bool]] = []  # once the journal has it
        self._ports = ports
        self._bus = bus
        self._do = do
        self.on_change: Callable[[Monitored], None] = lambda monitor: None  # its state is another now

    @property
    def name(self) -> str:
        """Of the monitor."""
        return self.config.name

    @property
    def state(self) -> MonitorState:
        """What is thought of it."""
        return self._known if self.is_enabled else MonitorState.DISABLED

    @property
    def raised(self) -> list[str]:
        """The rules that hold."""
        return [rule.name for rule in self.rules if self._states.get(rule.name, FRESH).raised]

    @property
    def trouble(self) -> str:
        """What was the matter when the rules that hold came true; "" while none does."""
        return "; ".join(self._texts.get(name, name) for name in self.raised)

    def order(self) -> dict[str, object]:
        """What the monitor process is told of it."""
        config = self.config
        return {
            "name": config.name,
            "type": config.type,
            "interval_seconds": config.interval_seconds,
            "timeout_seconds": config.timeout_seconds,
            "start_delay_seconds": config.start_delay_seconds,
            "settings": config.settings,
            "memory": self.memory,
        }

    # What is heard.

    def heard(self, message: Mapping[str, object]) -> None:
        """A reading came from the monitor process."""
        if not self.is_enabled:
            return
        at, cannot = message.get("at"), str(message.get("cannot", ""))[:MAX_CHARS]
        self.read_at = float(at) if isinstance(at, int | float) else self._ports.clock.wall()
        self.reading = Reading(_values(message.get("values")), str(message.get("error", ""))[:MAX_CHARS])
        self.cycles += 1
        memory = message.get("memory")
        before, had = (self._states, self._known), self.memory
        self.memory = memory if isinstance(memory, dict) else {}
        self._hold(self.held_by())
        if cannot:
            self._cannot(cannot)
        elif not self.held:
            self.cannot = ""
            self._judge()
        if (self._states, self._known) != before or self.memory != had:
            self._write_down()
            self._act()

    def lost(self, why: str) -> None:
        """The monitor process ended: until the next reading nobody knows."""
        self.cannot = why
        self._become(MonitorState.UNKNOWN)

    def _hold(self, why: str) -> None:
        """Not judged, for now: what holds goes on to hold, and what has not come true yet is counted anew."""
        if bool(why) is not bool(self.held):
            log, name = self._ports.log, self.name
            log.info(f"monitor {name} is not judged: {why}" if why else f"monitor {name} is judged again")
        self.held = why
        if why:
            self._states = {name: restarted(state) for name, state in self._states.items() if state.raised}
            self._todo = []
            self.lost(why)

    def _cannot(self, why: str) -> None:
        if why != self.cannot:
            self._ports.log.warn(f"monitor {self.name} cannot be looked at: {why}")
        self.lost(why)

    def _judge(self) -> None:
        now, before = self._ports.clock.monotonic(), self._states
        self._states, self._todo = dict(before), []
        for rule in self.rules:
            state, effects = judge(rule, before.get(rule.name, FRESH), self.reading, now)
            has_recovered = any(isinstance(effect, Cleared) for effect in effects)
            for effect in effects:
                if isinstance(effect, Act):
                    self._todo.append((rule, effect, has_recovered))
                else:
                    self._tell(rule, effect)
            if any(isinstance(effect, Act) and effect.action.verb in _NEW_BEGINNINGS for effect in effects):
                state = restarted(state)
            self._states[rule.name] = state
            if state == FRESH:
                del self._states[rule.name]
        self._become(MonitorState.FAILED if self.raised else MonitorState.PASSED)

    def _act(self) -> None:
        todo, self._todo = self._todo, []
        for rule, act, has_recovered in todo:
            self._do(self, rule, act, has_recovered)

    def _become(self, state: MonitorState) -> None:
        if state is not self._known:
            self._known, self.since = state, self._ports.clock.wall()
            self.on_change(self)

    # Who is told.

    def _tell(self, rule: Rule, effect: Raised | Cleared) -> None:
        is_raised = isinstance(effect, Raised)
        text = effect.text
        line = self.reading.values.get("line")
        if is_raised and line:  # of a file: what was written there
            text = f"{text}: {line}"
        log, name = self._ports.log, self.name
        if is_raised:
            self._texts[rule.name] = text
            log.warn(f"monitor {name} failed: {text.removeprefix('failed: ')} ({_short(rule)})")
        else:
            self._texts.pop(rule.name, None)
            log.info(f"monitor {name} recovered: {text} ({_short(rule)})")
        at = self._ports.clock.wall()
        details: Details = {
            "rule": rule.name,
            "type": self.config.type,
            "text": text,
            "values": dict(self.reading.values),
        }
        what = "failed" if is_raised else "passed"
        self._ports.history.note(Fact(at, Kind.MONITOR, name, {"what": what, **details}))
        event_type = f"MONITOR_{what.upper()}"
        self._bus.emit_if_wanted(
            event_type, lambda: monitor_event(event_type, name, self.config.type, rule.name, text)
        )
        kind = EdgeKind.MONITOR if is_raised else EdgeKind.RECOVERED
        severity = rule.severity if is_raised else Severity.INFO
        self._ports.alerts.tell(Edge(at, kind, severity, MONITOR, name, f"rule: {rule.name}", text, details))

    def over(self, why: str) -> None:
        """Nobody looks at it any more: what was the matter is over, and nobody has to be told."""
        self._let_go(self.raised, why)
        self._states = {}
        self._become(MonitorState.UNKNOWN)

    def set_enabled(self, is_enabled: bool) -> None:
        """Look at it, or do not."""
        if is_enabled is self.is_enabled:
            return
        self.is_enabled = is_enabled
        if not is_enabled:
            self.over("it is paused")
            self.cannot = self.held = ""
        self.since = self._ports.clock.wall()
        self.on_change(self)
        self._write_down()

    # The life before this one.

    def _write_down(self) -> None:
        record: dict[str, Any] = {"state": self._known.value, "since": self.since, "memory": self.memory}
        if self.is_enabled is not self.config.enabled:
            record["enabled"] = self.is_enabled
        record["texts"] = self._texts
        record["rules"] = {name: to_plain(state) for name, state in self._states.items()}
        self._ports.journal.put(MONITOR, self.name, json.dumps(record).encode())

    def restore(self, data: bytes) -> None:
        """Know what the daemon before this one wrote down; of a record in an unknown form, nothing."""
        try:
            record = json.loads(data)
            states = {str(name): from_plain(plain) for name, plain in record["rules"].items()}
            known, since = MonitorState(record["state"]), float(record["since"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        names = {rule.name for rule in self.rules}
        self._states = {name: state for name, state in states.items() if name in names}
        self._known, self.since = known, since
        texts = record.get("texts")
        self._texts = (
            {str(name): str(text) for name, text in texts.items()} if isinstance(texts, dict) else {}
        )
        self.memory = record["memory"] if isinstance(record.get("memory"), dict) else {}
        self.is_enabled = record.get("enabled", self.is_enabled) is True

    def follow(self, config: "MonitorConfig") -> None:
        """It is configured anew. What it looks at stays the same, or it is another monitor."""
        rules = read_rules("\n".join(config.rules), MONITOR_TYPES[config.type].vocabulary)
        kept = {rule.name for rule in rules}
        self._let_go(
            [name for name in self.raised if name not in kept], "the rule is not configured any more"
        )
        if config.enabled is not self.config.enabled:
            self.set_enabled(config.enabled)
        self.config, self.rules = config, rules
        self._states = {name: state for name, state in self._states.items() if name in kept}
        if not self.raised and self._known is MonitorState.FAILED:
            self._become(MonitorState.UNKNOWN)
        self._write_down()

    def _let_go(self, rules: list[str], why: str) -> None:
        at, kind = self._ports.clock.wall(), EdgeKind.RECOVERED
        for rule in rules:
            trouble = f"rule: {rule}"
            details: Details = {"rule": rule, "type": self.config.type, "text": why}
            edge = Edge(at, kind, Severity.INFO, MONITOR, self.name, trouble, why, details, quiet=True)
            self._ports.alerts.tell(edge)


_NEW_BEGINNINGS = (Verb.RESTART, Verb.START)


def _short(rule: Rule) -> str:
    """Without what follows, which can be long."""
    return rule.name.partition(" then ")[0]


def _values(given: object) -> dict[str, Value]:
    """What came over the pipe, as far as it is values; bounded."""
    if not isinstance(given, dict):
        return {}
    values: dict[str, Value] = {}
    for name, value in list(given.items())[:MAX_VALUES]:
        if isinstance(value, str):
            values[str(name)] = value[:MAX_CHARS]
        elif isinstance(value, bool | int | float):
            values[str(name)] = value
    return values
