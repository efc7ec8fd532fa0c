"""What stands beside the programs and is in trouble: alerts and forwards that do not arrive, monitors that have failed."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from vigild.cli.alert import details_of, state_of
from vigild.cli.forward import state_of as forward_state
from vigild.cli.forward import troubles_of
from vigild.cli.monitors import Monitor, result_words
from vigild.client.errors import FaultError
from vigild.core.errors import Fault
from vigild.core.frozen import frozen

Facts = Mapping[str, Any]

_NOT_KNOWN = (Fault.UNKNOWN_METHOD, Fault.BAD_NAME)  # Supervisor's daemon, or an older one


class Rpc(Protocol):
    """What answers calls."""

    def call(self, method: str, *arguments: object) -> object:
        """Raises ClientError."""


@frozen
class Standing:
    """All that stands beside programs, as the daemon tells of it."""

    alerts: tuple[dict[str, Any], ...] = ()
    monitors: tuple[dict[str, Any], ...] = ()
    forwards: tuple[dict[str, Any], ...] = ()

    @property
    def troubles(self) -> tuple[str, ...]:
        """A line for each that is not as it is wanted."""
        return tuple(
            [
                _line("alert", one["name"], state_of(one), details_of(one))
                for one in self.alerts
                if state_of(one) != "ok"
            ]
            + [
                _line("monitor", one["name"], one["state"], result_words(cast(Monitor, one)))
                for one in self.monitors
                if one["state"] == "failed"
                or (one["unknown_because"] and one["state"] != "disabled" and not one.get("held_because"))
            ]
            + [
                _line("forward", one["name"], one["state"], troubles_of(one))
                for one in self.forwards
                if one["state"] in ("failing", "stopped")
            ]
        )


def standing(rpc: Rpc) -> Standing:
    """Ask for all of it. Raises ClientError."""
    alerts = [{**one, "state": state_of(one)} for one in _all(rpc, "vigil.getAlerts")]
    forwards = [{**one, "state": forward_state(one)} for one in _all(rpc, "vigil.getForwards")]
    return Standing(tuple(alerts), tuple(_all(rpc, "vigil.getMonitors", "")), tuple(forwards))


def _all(rpc: Rpc, method: str, *arguments: object) -> list[dict[str, Any]]:
    try:
        return cast(list[dict[str, Any]], rpc.call(method, *arguments))
    except FaultError as fault:
        if fault.code in _NOT_KNOWN or fault.is_not_allowed:
            return []  # a token for some programs is told of nothing else
        raise


def _line(kind: str, name: str, state: str, text: str) -> str:
    text = text.removeprefix(f"{state}: ")
    between = " " if text.startswith("since ") else ": "
    return f"{kind} {name}: {state}{between}{text}"
