"""avail, reread, add, remove, update: the configuration as read and as running."""

from vigild.cli.ctl import exits
from vigild.cli.ctl.controller import Controller
from vigild.client.errors import FaultError
from vigild.core.errors import Fault
from vigild.core.names import make_namespec

Changes = tuple[list[str], list[str], list[str]]


def do_avail(ctl: Controller, argument: str) -> None:
    if _has_arguments(ctl, "avail", argument):
        return
    try:
        infos = ctl.supervisor.all_config_info()
    except FaultError as fault:
        _refused(ctl, fault, {Fault.SHUTDOWN_STATE: "ERROR: supervisor shutting down"})
        return
    for info in infos:
        name = make_namespec(info["group"], info["name"])
        use = "in use" if info["inuse"] else "avail"
        start = "auto" if info["autostart"] else "manual"
        ctl.output(f"{name:<32} {use:<9} {start:<9} {info['group_prio']}:{info['process_prio']}")


def do_reread(ctl: Controller, argument: str) -> None:
    if _has_arguments(ctl, "reread", argument):
        return
    try:
        changes = ctl.supervisor.reload_config()
    except FaultError as fault:
        texts = {
            Fault.SHUTDOWN_STATE: "ERROR: supervisor shutting down",
            Fault.CANT_REREAD: f"ERROR: {fault.text}",
        }
        _refused(ctl, fault, texts)
        return
    words = dict[str, str]()
    for names, word in zip(changes, ("available", "changed", "disappeared"), strict=True):
        words.update(dict.fromkeys(names, word))
    for name in sorted(words):
        ctl.output(f"{name}: {words[name]}")
    if not words:
        ctl.output("No config updates to processes")


def do_add(ctl: Controller, argument: str) -> None:
    for name in argument.split():
        try:
            ctl.supervisor.add_group(name)
        except FaultError as fault:
            texts = {
                Fault.SHUTDOWN_STATE: "ERROR: shutting down",
                Fault.ALREADY_ADDED: "ERROR: process group already active",
                Fault.BAD_NAME: f"ERROR: no such process/group: {name}",
            }
            before = ctl.exit_status
            _refused(ctl, fault, texts)
            if fault.code == Fault.ALREADY_ADDED:
                ctl.exit_status = before
        else:
            ctl.output(f"{name}: added process group")


def do_remove(ctl: Controller, argument: str) -> None:
    for name in argument.split():
        try:
            ctl.supervisor.remove_group(name)
        except FaultError as fault:
            texts = {
                Fault.STILL_RUNNING: f"ERROR: process/group still running: {name}",
                Fault.BAD_NAME: f"ERROR: no such process/group: {name}",
            }
            _refused(ctl, fault, texts)
        else:
            ctl.output(f"{name}: removed process group")


def do_update(ctl: Controller, argument: str) -> None:
    try:
        changes = ctl.supervisor.reload_config()
    except FaultError as fault:
        texts = {Fault.SHUTDOWN_STATE: "ERROR: already shutting down"}
        if fault.code == Fault.CANT_REREAD:
            ctl.explain(f"nothing was changed: {fault.text}")
        _refused(ctl, fault, texts)
        return
    wanted = set(argument.split())
    if "all" in wanted:
        wanted = set()
    if wanted:
        _check_groups(ctl, wanted, changes)
    added, changed, removed = ([name for name in names if not wanted or name in wanted] for names in changes)
    try:
        for name in removed:
            _drop(ctl, name)
        for name in changed:
            _replace(ctl, name)
        for name in added:
            ctl.supervisor.add_group(name)
            ctl.output(f"{name}: added process group")
    except KeyboardInterrupt:
        ctl.explain(
            "\ninterrupted: what is not listed above was not done; `update` again goes on where this stopped"
        )
        raise


def _check_groups(ctl: Controller, wanted: set[str], changes: Changes) -> None:
    known = {info["group"] for info in ctl.supervisor.all_info()} | set(changes[0])
    for name in sorted(wanted - known):
        ctl.fail(f"ERROR: no such group: {name}")


def _drop(ctl: Controller, name: str) -> None:
    results = ctl.supervisor.stop_group(name)
    ctl.output(f"{name}: stopped")
    if any(result["status"] == Fault.FAILED for result in results):
        ctl.fail(f"{name}: has problems; not removing")
        return
    ctl.supervisor.remove_group(name)
    ctl.output(f"{name}: removed process group")


def _replace(ctl: Controller, name: str) -> None:
    ctl.supervisor.stop_group(name)
    ctl.output(f"{name}: stopped")
    ctl.supervisor.remove_group(name)
    ctl.supervisor.add_group(name)
    ctl.output(f"{name}: updated process group")


def _has_arguments(ctl: Controller, action: str, argument: str) -> bool:
    if argument:
        ctl.fail(f"Error: {action} accepts no arguments")
        ctl.show_help(action)
    return bool(argument)


def _refused(ctl: Controller, fault: FaultError, texts: dict[Fault, str]) -> None:
    """Print the text for a fault; one that has none here is a failure of the whole action."""
    text = texts.get(fault.code)  # type: ignore[call-overload]
    if text is None:
        raise fault
    ctl.fail(text, exits.GENERIC)
