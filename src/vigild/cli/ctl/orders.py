"""start, stop, restart, signal, clear: one order for many processes, and what became of it for each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vigild.cli.ctl import exits
from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.names import expand, is_pattern, matches
from vigild.client.errors import FaultError, is_not_allowed
from vigild.core.errors import Fault
from vigild.core.names import make_namespec, split_namespec

if TYPE_CHECKING:
    from vigild.client.supervisor import ProcessStatus

_START_ERRORS = {
    Fault.BAD_NAME: "no such process",
    Fault.NO_FILE: "no such file",
    Fault.NOT_EXECUTABLE: "file is not executable",
    Fault.ALREADY_STARTED: "already started",
    Fault.SPAWN_ERROR: "spawn error",
    Fault.ABNORMAL_TERMINATION: "abnormal termination",
}
_SIGNAL_ERRORS = {
    Fault.BAD_NAME: "no such process",
    Fault.BAD_SIGNAL: "bad signal name",
    Fault.NOT_RUNNING: "not running",
}
_CLEAR_ERRORS = {Fault.BAD_NAME: "no such process", Fault.FAILED: "failed"}


@dataclass(slots=True)
class Order:
    """One order: how to give it to one, a group or all, and how to tell what became of it.

    `done` is the word for success; `harmless` the fault that leaves the exit status alone;
    `show_failed` prints the daemon's own words for FAILED; `bad_group` is the exit status for a group
    that does not exist.
    """

    verb: str
    done: str
    errors: dict[Fault, str]
    one: Callable[[str], None]
    group: "Callable[[str], list[ProcessStatus]] | None"
    all: "Callable[[], list[ProcessStatus]]"
    harmless: Fault | None = None
    show_failed: bool = False
    bad_group: int = exits.GENERIC

    def describe(self, group: str, name: str, code: int, text: str) -> str:
        """The line for one process. ValueError for a fault that this order cannot meet with."""
        namespec = make_namespec(group, name)
        if code == Fault.SUCCESS:
            return f"{namespec}: {self.done}"
        if (code == Fault.FAILED and self.show_failed) or is_not_allowed(code, text):
            return text
        words = self.errors.get(code)  # type: ignore[call-overload]
        if words is None:
            raise ValueError(f"Unknown result code {code} for {namespec}")
        return f"{namespec}: ERROR ({words})"


def do_start(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    if not argument:
        ctl.fail("Error: start requires a process name", exits.INVALID_ARGUMENTS)
        ctl.show_help("start")
        return
    _carry_out(ctl, _start(ctl), argument.split())


def do_stop(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    if not argument:
        ctl.fail("Error: stop requires a process name")
        ctl.show_help("stop")
        return
    _carry_out(ctl, _stop(ctl), argument.split())


def do_restart(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    if not argument:
        ctl.fail("Error: restart requires a process name")
        ctl.show_help("restart")
        return
    # What a pattern matches is settled once: what was stopped is what is started.
    names = argument.split()
    names = names if "all" in names else expand(names, ctl.supervisor.all_info)
    _carry_out(ctl, _stop(ctl), names)
    _carry_out(ctl, _start(ctl), names)


def do_signal(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    signal, *names = argument.split() or [""]
    if not names:
        ctl.fail("Error: signal requires a signal name and a process name")
        ctl.show_help("signal")
        return
    supervisor = ctl.supervisor
    order = Order(
        "signal",
        "signalled",
        _SIGNAL_ERRORS,
        one=lambda name: supervisor.signal(name, signal),
        group=lambda name: supervisor.signal_group(name, signal),
        all=lambda: supervisor.signal_all(signal),
        show_failed=True,
    )
    _carry_out(ctl, order, names)


def do_clear(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    names = argument.split()
    if not names:
        ctl.fail("Error: clear requires a process name")
        ctl.show_help("clear")
        return
    supervisor = ctl.supervisor
    order = Order(
        "clear",
        "cleared",
        _CLEAR_ERRORS,
        one=supervisor.clear_logs,
        group=None,
        all=supervisor.clear_all_logs,
    )
    if "all" not in names:
        names = _members(ctl, names)
    _carry_out(ctl, order, names)


def _start(ctl: Controller) -> Order:
    supervisor = ctl.supervisor
    return Order(
        "start",
        "started",
        _START_ERRORS,
        one=supervisor.start,
        group=supervisor.start_group,
        all=supervisor.start_all,
        harmless=Fault.ALREADY_STARTED,
        bad_group=exits.INVALID_ARGUMENTS,
    )


def _stop(ctl: Controller) -> Order:
    supervisor = ctl.supervisor
    return Order(
        "stop",
        "stopped",
        _SIGNAL_ERRORS,
        one=supervisor.stop,
        group=supervisor.stop_group,
        all=supervisor.stop_all,
        harmless=Fault.NOT_RUNNING,
        show_failed=True,
    )


def _members(ctl: Controller, names: list[str]) -> list[str]:
    """Groups and patterns replaced by their members, for an order that the daemon has no group form of."""
    result: list[str] = []
    for name in names:
        found: list[str] = []
        if is_pattern(name) or split_namespec(name)[1] is None:
            found = [
                make_namespec(info["group"], info["name"])
                for info in ctl.supervisor.all_info()
                if matches(name, info["group"], info["name"])
            ]
        result.extend(found or [name])
    return result


def _carry_out(ctl: Controller, order: Order, names: list[str]) -> None:
    if "all" in names:
        try:
            _report(ctl, order, order.all())
        except KeyboardInterrupt:
            ctl.explain(f"\ninterrupted: asked to {order.verb} all; the daemon goes on with it (see status)")
            raise
        return
    names = expand(names, ctl.supervisor.all_info)
    for index, name in enumerate(names):
        try:
            _carry_out_one(ctl, order, name)
        except KeyboardInterrupt:
            _tell_interrupted(ctl, order, names, index)
            raise


def _carry_out_one(ctl: Controller, order: Order, name: str) -> None:
    group_name, process_name = split_namespec(name)
    try:
        if process_name is None and order.group is not None:
            _report(ctl, order, order.group(group_name))
            return
        order.one(name)
    except FaultError as fault:
        if process_name is None:
            if fault.code != Fault.BAD_NAME:
                raise
            ctl.fail(f"{group_name}: ERROR (no such group)", order.bad_group)
            return
        ctl.output(order.describe(group_name, process_name, fault.code, fault.text))
        ctl.note_fault(fault.code, order.harmless)
        return
    ctl.output(f"{make_namespec(group_name, process_name or '*')}: {order.done}")


def _report(ctl: Controller, order: Order, results: "list[ProcessStatus]") -> None:
    for result in results:
        ctl.output(order.describe(result["group"], result["name"], result["status"], result["description"]))
        ctl.note_fault(result["status"], order.harmless)


def _tell_interrupted(ctl: Controller, order: Order, names: list[str], index: int) -> None:
    done = " ".join(names[:index]) or "none"
    left = " ".join(names[index + 1 :]) or "none"
    ctl.explain(
        f"\ninterrupted at {order.verb} {names[index]}: the daemon has the order and goes on with it (see status)\n"
        f"  finished before: {done}\n  not asked for: {left}"
    )
