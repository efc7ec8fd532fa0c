"""The `supervisor.*` methods. Names, types, results and faults are Supervisor 4.3's; the words are ours."""

from collections.abc import Callable

from vigild.control.facade import Control
from vigild.core.compat import API_VERSION, SUPERVISOR_VERSION
from vigild.fronts.xmlrpc.method import Method, Param, anything, characters, integer, scalar, text, truth

_PROCESS = Param("name", "string", "The process: NAME or GROUP:NAME", text)
_PROCESS_OR_GROUP = Param(
    "name", "string", "The process (NAME or GROUP:NAME), or all of a group (GROUP:*)", text
)
_GROUP = Param("name", "string", "The group", scalar)
_WAIT_STARTED = Param("wait", "boolean", "Answer only when it runs, or has failed to", truth, optional=True)
_WAIT_STOPPED = Param("wait", "boolean", "Answer only when it has stopped", truth, optional=True)
_SIGNAL = Param("signal", "string", "The signal: a name such as HUP, or a number", scalar)
_READ_FROM = Param(
    "offset", "int", "Where to begin, in bytes; negative: so many bytes before the end", integer
)
_READ_LENGTH = Param(
    "length", "int", "How many bytes; 0: to the end, which a negative offset asks for", integer
)
_TAIL_FROM = Param("offset", "int", "Where the last answer ended, in bytes", integer)
_TAIL_LENGTH = Param("length", "int", "How many bytes at most", integer)
_TRUE = "Always true; what goes wrong is a fault"
_STRUCTS = "One status struct a process: name, group, status (a fault number; 80 is success), description"


def main_methods(control: Control) -> list[Method]:
    """All of them; `name` and `aliases` without the namespace."""
    return [
        *_daemon_methods(control),
        *_config_methods(control),
        *_start_and_stop_methods(control),
        *_signal_and_input_methods(control),
        *_info_methods(control),
        *_log_methods(control),
    ]


def _then_true(action: Callable[..., object]) -> Callable[..., bool]:
    def run(*arguments: object) -> bool:
        action(*arguments)
        return True

    return run


def _decoded(read: Callable[..., bytes], *more: object) -> Callable[..., str]:
    return lambda *arguments: read(*arguments, *more).decode("utf-8", "replace")


def _daemon_methods(control: Control) -> list[Method]:
    daemon = control.daemon

    def state() -> dict[str, object]:
        code, name = daemon.state()
        return {"statecode": code, "statename": name}

    return [
        Method(
            "getAPIVersion",
            "Tell the version of this interface.",
            "string",
            "The version",
            lambda: API_VERSION,
            aliases=("getVersion",),
        ),
        Method(
            "getSupervisorVersion",
            "Tell which release of Supervisor the daemon behaves as.",
            "string",
            "The release",
            lambda: SUPERVISOR_VERSION,
        ),
        Method(
            "getIdentification",
            "Tell the daemon's identifier.",
            "string",
            "The identifier",
            daemon.identification,
        ),
        Method(
            "getState", "Tell what the daemon is doing.", "struct", "int statecode, string statename", state
        ),
        Method("getPID", "Tell the daemon's process id.", "int", "The process id", daemon.pid),
        Method(
            "readLog",
            "Read a part of the daemon's own log.",
            "string",
            "The text; bytes that are not UTF-8 come as U+FFFD",
            _decoded(daemon.read_log),
            (_READ_FROM, _READ_LENGTH),
            aliases=("readMainLog",),
        ),
        Method("clearLog", "Empty the daemon's own log.", "boolean", _TRUE, _then_true(daemon.clear_log)),
        Method(
            "shutdown",
            "Stop all processes and end the daemon; answered before it happens.",
            "boolean",
            _TRUE,
            _then_true(daemon.shutdown),
        ),
        Method(
            "restart",
            "Stop all processes, read the configuration and begin again; answered before it happens.",
            "boolean",
            _TRUE,
            _then_true(daemon.restart),
        ),
    ]


def _config_methods(control: Control) -> list[Method]:
    config = control.config
    return [
        Method(
            "reloadConfig",
            "Read the configuration files again and compare; nothing that runs is touched.",
            "array",
            "[[added, changed, removed]], each an array of names of groups",
            lambda: [[list(names) for names in config.reload()]],
        ),
        Method(
            "addProcessGroup",
            "Take a group of the configuration that was read into the running daemon.",
            "boolean",
            _TRUE,
            _then_true(config.add_group),
            (_GROUP,),
        ),
        Method(
            "removeProcessGroup",
            "Let go of a group whose processes have all stopped.",
            "boolean",
            _TRUE,
            _then_true(config.remove_group),
            (_GROUP,),
        ),
        Method(
            "getAllConfigInfo",
            "Tell the configuration of every process; groups are flattened.",
            "array",
            "One struct a process, sorted by name",
            config.all_config_info,
        ),
    ]


def _start_and_stop_methods(control: Control) -> list[Method]:
    processes = control.processes
    return [
        Method(
            "startProcess",
            "Start a process, or all of a group.",
            "boolean",
            f"{_TRUE}. For a group as from startProcessGroup",
            processes.start,
            (_PROCESS_OR_GROUP, _WAIT_STARTED),
        ),
        Method(
            "startProcessGroup",
            "Start all processes of a group.",
            "array",
            _STRUCTS,
            processes.start_group,
            (_GROUP, _WAIT_STARTED),
        ),
        Method(
            "startAllProcesses",
            "Start every process that is not running.",
            "array",
            _STRUCTS,
            processes.start_all,
            (_WAIT_STARTED,),
        ),
        Method(
            "stopProcess",
            "Stop a process, or all of a group.",
            "boolean",
            f"{_TRUE}. For a group as from stopProcessGroup",
            processes.stop,
            (_PROCESS_OR_GROUP, _WAIT_STOPPED),
        ),
        Method(
            "stopProcessGroup",
            "Stop all processes of a group.",
            "array",
            _STRUCTS,
            processes.stop_group,
            (_GROUP, _WAIT_STOPPED),
        ),
        Method(
            "stopAllProcesses",
            "Stop every process that is running.",
            "array",
            _STRUCTS,
            processes.stop_all,
            (_WAIT_STOPPED,),
        ),
    ]


def _signal_and_input_methods(control: Control) -> list[Method]:
    processes = control.processes
    return [
        Method(
            "signalProcess",
            "Send a signal to a process, or to all of a group.",
            "boolean",
            f"{_TRUE}. For a group as from signalProcessGroup",
            processes.signal,
            (_PROCESS_OR_GROUP, _SIGNAL),
        ),
        Method(
            "signalProcessGroup",
            "Send a signal to all processes of a group.",
            "array",
            _STRUCTS,
            processes.signal_group,
            (_GROUP, _SIGNAL),
        ),
        Method(
            "signalAllProcesses",
            "Send a signal to every process that has one running.",
            "array",
            _STRUCTS,
            processes.signal_all,
            (_SIGNAL,),
        ),
        Method(
            "sendProcessStdin",
            "Write to the standard input of a process. Text is sent in UTF-8, base64 as its bytes.",
            "boolean",
            _TRUE,
            _then_true(processes.send_stdin),
            (_PROCESS, Param("chars", "string", "What to write", characters)),
        ),
        Method(
            "sendRemoteCommEvent",
            "Send a REMOTE_COMMUNICATION event to the listeners.",
            "boolean",
            _TRUE,
            _then_true(processes.send_remote_event),
            (
                Param("type", "string", "Stands after `type:` in the event's first line", anything),
                Param("data", "string", "The rest of the event", anything),
            ),
            while_shutting_down=True,
        ),
    ]


def _info_methods(control: Control) -> list[Method]:
    return [
        Method(
            "getProcessInfo",
            "Tell how a process is.",
            "struct",
            "name, group, description, start, stop, now, state, statename, spawnerr, exitstatus, logfile, "
            "stdout_logfile, stderr_logfile, pid",
            control.processes.info,
            (_PROCESS,),
        ),
        Method(
            "getAllProcessInfo",
            "Tell how every process is.",
            "array",
            "One struct a process, as from getProcessInfo, sorted by group and name",
            control.processes.all_info,
        ),
    ]


def _log_methods(control: Control) -> list[Method]:
    logs = control.logs

    def read(channel: str, *aliases: str) -> Method:
        return Method(
            f"readProcess{channel.capitalize()}Log",
            f"Read a part of the {channel} log of a process.",
            "string",
            "The text; bytes that are not UTF-8 come as U+FFFD",
            _decoded(logs.read, channel),
            (_PROCESS, _READ_FROM, _READ_LENGTH),
            aliases=aliases,
        )

    def tail(channel: str, *aliases: str) -> Method:
        def run(name: str, offset: int, length: int) -> list[object]:
            data, end, overflow = logs.tail(name, offset, length, channel)
            return [data.decode("utf-8", "replace"), end, overflow]

        return Method(
            f"tailProcess{channel.capitalize()}Log",
            f"Follow the {channel} log of a process: call it again with the offset that it gave.\n"
            "When more was written than asked for, overflow is true and the end of the log is given.",
            "array",
            "[string text, int offset of the log's end, boolean overflow]",
            run,
            (_PROCESS, _TAIL_FROM, _TAIL_LENGTH),
            aliases=aliases,
        )

    return [
        read("stdout", "readProcessLog"),
        read("stderr"),
        tail("stdout", "tailProcessLog"),
        tail("stderr"),
        Method(
            "clearProcessLogs",
            "Empty both logs of a process.",
            "boolean",
            _TRUE,
            _then_true(logs.clear),
            (_PROCESS,),
            aliases=("clearProcessLog",),
        ),
        Method("clearAllProcessLogs", "Empty the logs of every process.", "array", _STRUCTS, logs.clear_all),
    ]
