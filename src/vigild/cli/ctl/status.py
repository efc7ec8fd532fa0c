"""status and pid: what runs."""

from typing import TYPE_CHECKING

from vigild.cli.ctl import exits
from vigild.cli.ctl.controller import Controller, Refused
from vigild.cli.ctl.names import matches
from vigild.client.errors import ClientError, FaultError
from vigild.core.errors import Fault
from vigild.core.names import make_namespec, split_namespec
from vigild.core.states import STOPPED_STATES

if TYPE_CHECKING:
    from vigild.client.supervisor import ProcessInfo

NAME_COLUMNS = 30  # at least; the longest name decides
_STOPPED = frozenset(int(state) for state in STOPPED_STATES)


def do_status(ctl: Controller, argument: str) -> None:
    names = argument.split()
    as_json = ctl.stdout_is_data = "--json" in names
    try:
        ctl.require_daemon()
    except Refused:
        ctl.exit_status = exits.STATUS_UNKNOWN
        raise
    names = [name for name in names if name != "--json"]
    infos = ctl.supervisor.all_info()
    chosen = infos if not names or "all" in names else _choose(ctl, infos, names, as_json)
    if as_json:
        _print_json(ctl, chosen)
    else:
        _print_table(ctl, chosen)
        if chosen is infos:
            _explain_what_else(ctl)
    if any(info["state"] in _STOPPED for info in chosen):
        ctl.exit_status = exits.STATUS_NOT_RUNNING


def _choose(
    ctl: Controller, infos: "list[ProcessInfo]", names: list[str], as_json: bool
) -> "list[ProcessInfo]":
    chosen: list[ProcessInfo] = []
    for name in names:
        found = [info for info in infos if matches(name, info["group"], info["name"])]
        chosen.extend(found)
        if not found:
            group_name, process_name = split_namespec(name)
            what = (
                f"{group_name}: ERROR (no such group)"
                if process_name is None
                else f"{name}: ERROR (no such process)"
            )
            if as_json:
                ctl.explain(what)
            else:
                ctl.output(what)
            ctl.exit_status = exits.STATUS_UNKNOWN
    return chosen


def _print_table(ctl: Controller, infos: "list[ProcessInfo]") -> None:
    if not infos:
        return
    namespecs = [make_namespec(info["group"], info["name"]) for info in infos]
    width = max(NAME_COLUMNS, *map(len, namespecs)) + 3
    rows = zip(namespecs, infos, strict=True)
    ctl.output(
        "\n".join(f"{name:<{width}}{info['statename']:<10}{info['description']}" for name, info in rows)
    )


def _explain_what_else(ctl: Controller) -> None:
    """Alerts and forwards that do not arrive, monitors that have failed: for people only, who look at a terminal."""
    if not (ctl.stdout.isatty() and ctl.stderr.isatty()):
        return
    from vigild.cli.standing import standing

    try:
        troubles = standing(ctl.supervisor.rpc).troubles
    except ClientError:  # the programs have been shown, which is what was asked
        return
    for line in troubles:
        ctl.explain(line)


def _print_json(ctl: Controller, infos: "list[ProcessInfo]") -> None:
    import json

    rows = [{"namespec": make_namespec(info["group"], info["name"]), **info} for info in infos]
    ctl.output(json.dumps(rows, indent=2, ensure_ascii=False))


def do_pid(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    names = argument.split()
    if not names:
        ctl.output(str(ctl.supervisor.pid()))
    elif "all" in names:
        for info in ctl.supervisor.all_info():
            ctl.output(str(info["pid"]))
    else:
        for name in names:
            _print_pids(ctl, name)


def _print_pids(ctl: Controller, name: str) -> None:
    for pid in _pids(ctl, name):
        ctl.output(str(pid))
        if pid == 0:
            ctl.exit_status = exits.NOT_RUNNING


def _pids(ctl: Controller, name: str) -> list[int]:
    if "*" in name:
        pids = [
            info["pid"] for info in ctl.supervisor.all_info() if matches(name, info["group"], info["name"])
        ]
        if pids:
            return pids
    try:
        return [ctl.supervisor.info(name)["pid"]]
    except FaultError as fault:
        if fault.code != Fault.BAD_NAME:
            raise
        ctl.fail(f"No such process {name}")
        return []
