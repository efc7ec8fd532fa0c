"""A deliverer on a machine of values: the clock is moved by hand, and receivers do what they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from vigild.alerts.deliverer import Deliverer, Ticket
from vigild.alerts.outbox import Outbox
from vigild.alerts.sending import DELIVERED, Message, Origin, Outcome, Receiver
from vigild.alerts.settings import AlertSettings
from vigild.core.digest import Digest
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.quiet import OffsetAt
from vigild.wire.edges import edge_to_struct

DOWN = Outcome(False, False, "connection refused")
NOON = 12 * 3600.0


def edge(name: str = "web", *, ends: bool = False, at: float = NOON, kind: EdgeKind = EdgeKind.DOWN) -> Edge:
    text = f"{name} is up again" if ends else f"{name} ended"
    kind = EdgeKind.RECOVERED if ends else kind
    severity = Severity.INFO if ends else Severity.WARNING
    return Edge(at, kind, severity, "program", name, "down", text)


def alert(name: str = "ops", *urls: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "urls": list(urls or ("https://one.example.com/SECRET",)), **more}


@dataclass
class FakeMachine:
    """`outcomes`: what a receiver does by its host, DELIVERED where nothing is said; None: it hangs."""

    wall: float = NOON
    told: list[dict[str, Any]] = field(default_factory=list)
    sent: list[tuple[str, Digest]] = field(default_factory=list)
    outcomes: dict[str, Outcome | None] = field(default_factory=dict)
    arrivals: list[tuple[Ticket, Outcome]] = field(default_factory=list)
    hanging: list[Ticket] = field(default_factory=list)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    composed: int = 0

    def now(self) -> float:
        return self.wall

    def chance(self) -> float:
        return 0.5

    def new_identity(self) -> str:
        self.composed += 1
        return f"identity-{self.composed}"

    def offset_at(self, zone: str) -> OffsetAt | None:
        return (lambda _: 0.0) if zone in ("", "UTC") else None

    def last_lines(self, edge: Edge) -> dict[str, tuple[str, ...]]:
        return self.lines

    def tell(self, message: Mapping[str, Any]) -> None:
        self.told.append(dict(message))

    def compose(self, digest: Digest, origin: Origin, settings: AlertSettings) -> Message:
        return Message(digest.identity, "title", "text", digest.severity, digest.at, origin, digest=digest)

    def send(self, ticket: Ticket, receiver: Receiver, message: Message, timeout_seconds: float) -> None:
        host = receiver.url.split("/")[2].split(".")[0]
        assert message.digest is not None
        self.sent.append((host, message.digest))
        outcome = self.outcomes.get(host, DELIVERED)
        if outcome is None:
            self.hanging.append(ticket)
        else:
            self.arrivals.append((ticket, outcome))

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """What the daemon was told of this kind."""
        return [message for message in self.told if message["type"] == kind]

    @property
    def report(self) -> dict[str, Any]:
        """The last."""
        reports = self.heard("report")
        assert reports
        alerts = reports[-1]["alerts"]
        assert isinstance(alerts, dict)
        return alerts


class Scene:
    """One deliverer after the other on the same outbox. All are in `scenes`, so that a fixture can close them."""

    scenes: ClassVar[list["Scene"]] = []

    def __init__(self, folder: Path, *alerts: Mapping[str, Any]) -> None:
        self.scenes.append(self)
        self.path = str(folder / "state" / "alerts-x.db")
        self.machine = FakeMachine()
        self.number = 0
        self.alerts: Sequence[Mapping[str, Any]] = alerts or [alert()]
        self.begin()

    def begin(self) -> None:
        """A new deliverer, told the configuration."""
        self.deliverer = Deliverer(self.machine, Outbox)
        self.configure(*self.alerts)

    def configure(self, *alerts: Mapping[str, Any]) -> None:
        self.alerts = alerts
        daemon = {"identifier": "supervisor", "host": "box", "outbox": self.path}
        self.deliverer.take([{"type": "config", "daemon": daemon, "alerts": list(alerts)}])
        self.settle()

    def kill(self) -> None:
        """It dies, with whatever it had not written down."""
        self.deliverer.close()
        self.machine.arrivals.clear()
        self.machine.hanging.clear()

    def hear(self, *edges: Edge) -> None:
        """The daemon tells of these at once."""
        messages = []
        for one in edges:
            self.number += 1
            messages.append({"type": "edge", "id": self.number, "edge": edge_to_struct(one)})
        self.deliverer.take(messages)
        self.settle()

    def settle(self) -> float | None:
        """Do what is due now; in how many seconds there is more."""
        wait = self.deliverer.tick()
        for _ in range(10_000):
            if self.machine.arrivals:
                self.deliverer.arrived(*self.machine.arrivals.pop(0))
            elif wait is None or wait > 0:
                return wait
            wait = self.deliverer.tick()
        raise AssertionError("it never comes to rest")

    def advance(self, seconds: float) -> None:
        """Time passes, and everything is done when it is due."""
        end = self.machine.wall + seconds
        while (wait := self.settle()) is not None and self.machine.wall + wait <= end:
            self.machine.wall += wait
        self.machine.wall = end
        self.settle()

    @property
    def names_sent(self) -> list[tuple[str, list[str]]]:
        """Receivers' hosts and the programs that they were told of, in order; an end has a minus."""
        return [
            (host, [f"{'-' * (item.ended > 0)}{item.edge.name}" for item in digest.tellings])
            for host, digest in self.machine.sent
        ]
