"""Which troubles are open, so that each is told once when it begins and once when it is over.

They are in the journal: a new daemon knows what the one before it has told, tells nothing twice, and tells of an end
whose beginning it did not see. Told first and written down then: if we die in between, something is told twice, but
never not at all.
"""

import json
from collections.abc import Mapping, Sequence

from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.history import Details, OutputEnd
from vigild.engine.ports import Ports
from vigild.engine.records import TROUBLE

PROGRAM = "program"
LISTENER = "listener"
DAEMON = "daemon"


class Troubles:
    """All that are open now, by who has them. `entries`: those of the daemon before this one."""

    def __init__(self, ports: Ports, entries: Mapping[str, bytes]) -> None:
        self._ports = ports
        self._open: dict[str, dict[str, float]] = {}  # subject: trouble: since when, in wall time
        for subject, data in entries.items():
            known = _read(data)
            if known:
                self._open[subject] = known

    def since(self, source: str, name: str, trouble: str) -> float:
        """When it began, in seconds since the epoch; 0 where it is not open."""
        known = self._open.get(f"{source}:{name}")
        return known.get(trouble, 0.0) if known is not None else 0.0

    def has_any(self, source: str, name: str) -> bool:
        """Is any trouble of this one open?"""
        return f"{source}:{name}" in self._open

    def of(self, source: str, name: str) -> tuple[str, ...]:
        """All that are open of this one."""
        return tuple(self._open.get(f"{source}:{name}", ()))

    def names(self, source: str) -> list[str]:
        """Who has any."""
        return [subject[len(source) + 1 :] for subject in self._open if subject.startswith(f"{source}:")]

    def begin(
        self,
        kind: EdgeKind,
        severity: Severity,
        source: str,
        name: str,
        trouble: str,
        text: str,
        details: Details,
        outputs: tuple[OutputEnd, ...] = (),
    ) -> None:
        """Tell of a trouble, if it is not open already."""
        if self.since(source, name, trouble):
            return
        at = self._ports.clock.wall()
        self._ports.alerts.tell(Edge(at, kind, severity, source, name, trouble, text, details, outputs))
        subject = f"{source}:{name}"
        self._open.setdefault(subject, {})[trouble] = at
        self._write(subject)

    def end(self, source: str, name: str, troubles: Sequence[str], text: str, *, quiet: bool = False) -> None:
        """These are over, as far as they were open. `quiet`: nobody has to be told."""
        subject = f"{source}:{name}"
        known = self._open.get(subject)
        if known is None:
            return
        at = self._ports.clock.wall()
        for trouble in troubles:
            since = known.pop(trouble, 0.0)
            if since:
                details: Details = {"lasted": round(max(0.0, at - since), 3)}
                self._ports.alerts.tell(
                    Edge(
                        at,
                        EdgeKind.RECOVERED,
                        Severity.INFO,
                        source,
                        name,
                        trouble,
                        text,
                        details,
                        quiet=quiet,
                    )
                )
        self._write(subject)

    def end_all(self, source: str, name: str, text: str) -> None:
        """Whatever it has is over, and nobody has to be told."""
        self.end(source, name, self.of(source, name), text, quiet=True)

    def close(self, text: str) -> None:
        """The daemon ends in good order: nobody watches any more."""
        for subject in list(self._open):
            source, _, name = subject.partition(":")
            self.end_all(source, name, text)

    def _write(self, subject: str) -> None:
        known = self._open.get(subject)
        if known:
            data = json.dumps(known, separators=(",", ":")).encode()
            self._ports.journal.put(TROUBLE, subject, data)
        else:
            self._open.pop(subject, None)
            self._ports.journal.drop(TROUBLE, subject)


def _read(data: bytes) -> dict[str, float]:
    try:
        known = json.loads(data)
    except ValueError:
        return {}
    if not isinstance(known, dict):
        return {}
    return {str(trouble): float(at) for trouble, at in known.items() if isinstance(at, int | float)}
