"""The table of actions: what each is called, where it is carried out, and what `help` says of it.

The code behind an action is imported when it is called; `status` does not pay for `fg`.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigild.cli.ctl.controller import Controller

# action -> (module, function)
_ROOMS = {
    "add": "groups",
    "avail": "groups",
    "clear": "orders",
    "exit": "",
    "fg": "foreground",
    "maintail": "logs",
    "open": "daemon",
    "pid": "status",
    "quit": "",
    "reload": "daemon",
    "remove": "groups",
    "reread": "groups",
    "restart": "orders",
    "shutdown": "daemon",
    "signal": "orders",
    "start": "orders",
    "status": "status",
    "stop": "orders",
    "tail": "logs",
    "update": "groups",
    "upgrade": "daemon",
    "version": "daemon",
}
NAMES = tuple(_ROOMS)  # in alphabetical order

_HELP: dict[str, tuple[tuple[str, str], ...]] = {
    "add": (
        (
            "add <name> [...]",
            "Take groups that were found by reread into the running daemon, and start them.",
        ),
    ),
    "avail": (
        ("avail", "List every configured process: in use or not, started by itself or by hand, priorities."),
    ),
    "clear": (
        ("clear <name> [...]", "Empty the log files of processes."),
        ("clear <gname>:*", "Empty the log files of all processes in a group."),
        ("clear all", "Empty the log files of all processes."),
    ),
    "exit": (("exit", "Leave this shell. The daemon keeps running."),),
    "fg": (
        ("fg <process>", "Show a process's output as it comes and send it what you type, line by line."),
        ("", "Ctrl-C ends this; the process keeps running."),
    ),
    "maintail": (
        ("maintail", "The last 1600 bytes of the daemon's own log."),
        ("maintail -<n>", "The last n bytes of it."),
        ("maintail -f", "Its end, and what is added to it, until Ctrl-C."),
        ("maintail -F", "The same, and it survives a restart of the daemon."),
    ),
    "open": (
        ("open <url>", "Talk to another daemon from now on and show its status."),
        ("", "http://host:port, or unix:///path/to/the.sock"),
    ),
    "pid": (
        ("pid", "The daemon's pid."),
        ("pid <name> [...]", "The pids of processes, one a line; 0 if it does not run."),
        ("pid all", "The pids of all processes, one a line."),
    ),
    "quit": (("quit", "Leave this shell. The daemon keeps running."),),
    "reload": (
        ("reload", "Restart the daemon, and with it every process: all are stopped and started again."),
        (
            "",
            "update applies changed configuration, upgrade brings new code: both leave alone what need not stop.",
        ),
    ),
    "remove": (("remove <name> [...]", "Take stopped groups out of the running daemon."),),
    "reread": (
        ("reread", "Read the configuration files again and say what differs. Changes nothing: see update."),
    ),
    "restart": (
        ("restart <name> [...]", "Stop processes, then start them."),
        ("restart <gname>:*", "The same for all processes in a group."),
        ("restart <pattern>", "The same for all whose names match, such as web* or *worker*:*."),
        ("restart all", "The same for all processes."),
        ("", "Changed configuration is not read: see update. For the daemon itself see upgrade."),
    ),
    "shutdown": (("shutdown", "Stop every process and end the daemon."),),
    "signal": (
        ("signal <signal> <name> [...]", "Send processes a signal, by name (HUP) or number."),
        ("signal <signal> <gname>:*", "The same for all processes in a group."),
        ("signal <signal> <pattern>", "The same for all whose names match."),
        ("signal <signal> all", "The same for all processes."),
    ),
    "start": (
        ("start <name> [...]", "Start processes and wait until they run."),
        ("start <gname>:*", "The same for all processes in a group."),
        ("start <pattern>", "The same for all whose names match, such as web* or *worker*:*."),
        ("start all", "The same for all processes."),
    ),
    "status": (
        ("status", "State, pid and uptime of all processes."),
        ("status <name> [...]", "The same for some of them."),
        ("status <gname>:*", "The same for all processes in a group."),
        ("status <pattern>", "The same for all whose names match."),
        ("status --json [...]", "The same as JSON, with everything the daemon tells."),
    ),
    "stop": (
        ("stop <name> [...]", "Stop processes and wait until they have ended."),
        ("stop <gname>:*", "The same for all processes in a group."),
        ("stop <pattern>", "The same for all whose names match, such as web* or *worker*:*."),
        ("stop all", "The same for all processes."),
    ),
    "tail": (
        (
            "tail <name> [stdout|stderr]",
            "The last 1600 bytes of a process's log (stdout if not said otherwise).",
        ),
        ("tail -<n> <name> [stdout|stderr]", "The last n bytes of it."),
        ("tail -f <name> [stdout|stderr]", "Its end, and what is added to it, until Ctrl-C."),
        (
            "tail -F <name> [stdout|stderr]",
            "The same, and it survives a restart of the daemon and waits for the log to appear.",
        ),
    ),
    "update": (
        ("update", "Read the configuration files again and act on it: stop what disappeared, restart what"),
        ("", "changed, start what is new. Nothing else is touched."),
        ("", "The daemon itself goes on as it is: see upgrade."),
        ("update all", "The same."),
        ("update <gname> [...]", "The same, for these groups only."),
    ),
    "upgrade": (
        ("upgrade", "Let the daemon go on with the code that is installed now. No process is touched:"),
        ("", "same pids, same output, same clients. If that code would not come up, nothing happens."),
        ("", "Its own settings are read anew; changed programs are shown by reread and applied by update."),
    ),
    "version": (("version", "The release of Supervisor that the daemon behaves as."),),
}
_HELP_OF_HELP = (("help", "List the actions."), ("help <action>", "Tell what an action does."))
_USAGE_COLUMNS = 30


def find(name: str) -> "Callable[[Controller, str], bool | None] | None":
    """The function behind an action; it returns True to end the shell. None if there is no such action."""
    if name not in _ROOMS:
        return None
    if not _ROOMS[name]:
        return _leave
    module = import_module(f"vigild.cli.ctl.{_ROOMS[name]}")
    function: Callable[[Controller, str], bool | None] = getattr(module, f"do_{name}")
    return function


def help_text(name: str) -> str | None:
    """What `help NAME` prints, or None if there is no such action."""
    lines = _HELP_OF_HELP if name == "help" else _HELP.get(name)
    if lines is None:
        return None
    columns = max(_USAGE_COLUMNS, *(len(usage) + 1 for usage, _ in lines))
    return "\n".join(f"{usage:<{columns}}{prose}" for usage, prose in lines)


def _leave(ctl: "Controller", _argument: str) -> bool:
    ctl.output("")
    return True
