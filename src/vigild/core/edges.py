"""What people may be told of: edges, each the beginning or the end of a trouble, as plain values.

An edge is made where a trouble is first known (`engine/`), and judged where it is told (`core/alerting.py`: to whom,
when, together with what). Between the two it is written down, so that nobody's death loses it.
"""

from dataclasses import field
from enum import StrEnum

from vigild.core.frozen import frozen
from vigild.core.history import Details, OutputEnd


class EdgeKind(StrEnum):
    """What sort of edge it is: the words of `events` in `[alert:x]`."""

    DOWN = "down"  # a program ended though it should not have
    FATAL = "fatal"  # a program is given up
    FLAPPING = "flapping"  # a program ends again and again
    UNHEALTHY = "unhealthy"  # the health checks of a program fail
    RULE = "rule"  # a rule of a program came true (`memory_max` is one)
    MONITOR = "monitor"  # a rule of a monitor came true
    LISTENER = "listener"  # an event listener does not take its events
    OVERFLOW = "overflow"  # events were dropped
    SCHEDULE = "schedule"  # a scheduled run was missed, or could not begin
    DAEMON = "daemon"  # the daemon itself: killed and back, an upgrade that failed, a full disk
    RECOVERED = "recovered"  # one of the troubles above is over
    TEST = "test"  # somebody asked for it


class Severity(StrEnum):
    """How bad it is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@frozen
class Edge:
    """One edge, at `at` seconds since the epoch.

    `source` is what has the trouble ("program", "monitor", "listener", "daemon") and `name` which one. `trouble` names
    the trouble itself: an edge of kind RECOVERED ends the one of the same source, name and trouble. `text` is one line for
    people; `details` are plain values, nothing secret; `outputs` say where the last lines of output stand.

    `quiet`, of a RECOVERED: nobody has to be told. Somebody stopped or removed what had the trouble, so it is over,
    is not reminded of any more, and may begin anew.
    """

    at: float
    kind: EdgeKind
    severity: Severity
    source: str
    name: str
    trouble: str
    text: str
    details: Details = field(default_factory=dict)
    outputs: tuple[OutputEnd, ...] = ()
    quiet: bool = False

    @property
    def key(self) -> str:
        """The trouble that it begins or ends, unique in one daemon."""
        return f"{self.source}:{self.name}:{self.trouble}"
