"""Daemons with fixed answers, and lines to say to them: what the goldens were recorded with."""

from collections.abc import Callable
from typing import Any
from xmlrpc.client import Fault

Method = Callable[..., Any]
NAMES = {
    1: "UNKNOWN_METHOD",
    6: "SHUTDOWN_STATE",
    10: "BAD_NAME",
    11: "BAD_SIGNAL",
    20: "NO_FILE",
    21: "NOT_EXECUTABLE",
    30: "FAILED",
    40: "ABNORMAL_TERMINATION",
    50: "SPAWN_ERROR",
    60: "ALREADY_STARTED",
    70: "NOT_RUNNING",
    80: "OK",
    90: "ALREADY_ADDED",
    91: "STILL_RUNNING",
    92: "CANT_REREAD",
}
# A process's name decides what becomes of an order for it.
FATES = {
    "nosuch": 10,
    "badsig": 11,
    "nofile": 20,
    "noexec": 21,
    "failing": 30,
    "abnormal": 40,
    "unspawned": 50,
    "started": 60,
    "stopped": 70,
    "closing": 6,
    "odd": 99,
}


def info(group: str, name: str, state: str, number: int, pid: int, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "group": group,
        "start": 1700000000 if pid else 0,
        "stop": 0,
        "now": 1700000100,
        "state": number,
        "statename": state,
        "spawnerr": "",
        "exitstatus": 0,
        "logfile": f"/log/{name}.log",
        "stdout_logfile": f"/log/{name}.log",
        "stderr_logfile": "",
        "pid": pid,
        "description": description,
    }


INFOS = [
    info("cat", "cat", "RUNNING", 20, 1001, "pid 1001, uptime 0:01:40"),
    info("pair", "one", "STOPPED", 0, 0, "Not started"),
    info("pair", "two", "BACKOFF", 30, 0, "Exited too quickly (process log may have details)"),
    info("web", "web_00", "RUNNING", 20, 1002, "pid 1002, uptime 1 days, 0:01:40"),
    info("web", "web_01", "RUNNING", 20, 1003, "pid 1003, uptime 0:01:40 <&> ü"),
    info("zz", "a_name_that_is_longer_than_thirty_columns", "FATAL", 200, 0, "can't find command '/nowhere'"),
]


def fated(name: str) -> bool:
    code = FATES.get(name.rpartition(":")[2])
    if code is not None:
        raise Fault(code, f"{NAMES.get(code, 'ODD')}: {name}")
    return True


def statuses(*codes: int) -> list[dict[str, Any]]:
    return [
        {"group": "web", "name": f"web_{i:02}", "status": code, "description": NAMES.get(code, "ODD")}
        for i, code in enumerate(codes)
    ]


def group_of(*codes: int) -> Method:
    def order(name: str, *_: Any) -> Any:
        fated(name)
        return statuses(*codes)

    return order


def one_info(name: str) -> dict[str, Any]:
    for each in INFOS:
        if name in (each["name"], f"{each['group']}:{each['name']}") and (
            ":" in name or each["group"] == name
        ):
            return each
    raise Fault(10, f"BAD_NAME: {name}")


def log_of(name: str, offset: int, length: int) -> str:
    fated(name)
    return f"{name} {offset} {length}\nlast <line> ü"


def config_info(group: str, name: str, inuse: bool, autostart: bool) -> dict[str, Any]:
    return {
        "group": group,
        "name": name,
        "inuse": inuse,
        "autostart": autostart,
        "group_prio": 999,
        "process_prio": -1,
    }


def raises(code: int, text: str = "") -> Method:
    def method(*_: Any) -> Any:
        raise Fault(code, text or NAMES[code])

    return method


def constant(value: Any) -> Method:
    return lambda *_: value


def ordinary() -> dict[str, Method]:
    """A daemon in good health."""
    configured = [
        config_info("cat", "cat", True, True),
        config_info("pair", "one", False, False),
    ]
    methods = {
        "getVersion": constant("3.0"),
        "getSupervisorVersion": constant("4.3.0"),
        "getPID": constant(4711),
        "getAllProcessInfo": constant(INFOS),
        "getProcessInfo": one_info,
        "getAllConfigInfo": constant(configured),
        "startProcess": lambda name, *_: fated(name),
        "startProcessGroup": group_of(80, 60, 50, 20),
        "startAllProcesses": constant(statuses(80, 10, 21, 40)),
        "stopProcess": lambda name, *_: fated(name),
        "stopProcessGroup": group_of(80, 70),
        "stopAllProcesses": constant(statuses(80, 70, 30)),
        "signalProcess": lambda name, _signal: fated(name),
        "signalProcessGroup": group_of(80, 70, 11),
        "signalAllProcesses": constant(statuses(80, 70)),
        "clearProcessLogs": fated,
        "clearAllProcessLogs": constant(statuses(80, 30)),
        "readProcessStdoutLog": log_of,
        "readProcessStderrLog": log_of,
        "readLog": lambda offset, length: f"daemon {offset} {length}",
        "reloadConfig": constant([[["b_new", "a_new"], ["changed"], ["gone"]]]),
        "addProcessGroup": lambda name: raises(90)() if name == "cat" else fated(name),
        "removeProcessGroup": lambda name: raises(91)() if name == "cat" else fated(name),
        "shutdown": constant(True),
        "restart": constant(True),
        "sendProcessStdin": lambda name, _text: fated(name),
    }
    return {f"supervisor.{name}": method for name, method in methods.items()}


def shutting_down() -> dict[str, Method]:
    """A daemon on its way out: it refuses everything."""
    return dict.fromkeys(ordinary(), raises(6)) | {"supervisor.getVersion": constant("3.0")}


def unchanged() -> dict[str, Method]:
    """A daemon whose configuration did not change, and whose main log is gone."""
    changed = {
        "supervisor.reloadConfig": constant([[[], [], []]]),
        "supervisor.readLog": raises(20),
        "supervisor.getAllProcessInfo": constant([]),
    }
    return ordinary() | changed


def broken_file() -> dict[str, Method]:
    """A daemon whose configuration cannot be read any more, and that cannot read its log."""
    changed = {
        "supervisor.reloadConfig": raises(92, "CANT_REREAD: no such section"),
        "supervisor.readLog": raises(30),
        "supervisor.stopProcessGroup": constant(statuses(30)),
    }
    return ordinary() | changed


def other_version() -> dict[str, Method]:
    """A daemon with another interface."""
    return ordinary() | {"supervisor.getVersion": constant("2.0")}


def no_namespace() -> dict[str, Method]:
    """A daemon without `[rpcinterface:supervisor]`."""
    return {}


SCENES: dict[str, Callable[[], dict[str, Method]]] = {
    "ordinary": ordinary,
    "shutting_down": shutting_down,
    "unchanged": unchanged,
    "broken_file": broken_file,
    "other_version": other_version,
    "no_namespace": no_namespace,
}
ORDERS = [
    *(
        f"{verb} {name}"
        for verb in ("start", "stop", "signal HUP", "restart", "clear", "add", "remove")
        for name in FATES
    ),
    *(
        f"{verb} {name}"
        for verb in ("start", "stop", "signal HUP", "restart")
        for name in ("one", "web:*", "web:", "all")
    ),
    *(
        f"{verb} {name}:*"
        for verb in ("start", "stop", "signal HUP", "restart")
        for name in ("nosuch", "failing")
    ),
    "start one cat:cat nosuch started",
    "stop one nosuch stopped web:*",
    "signal CONT one badsig",
    "clear one pair:two nosuch",
    "clear all",
    "add cat new",
    "add",
    "remove cat old nosuch",
]
QUESTIONS = [
    "status", "status cat", "status web:*", "status web:", "status all", "status nosuch", "status nosuch:* cat", "status pair:one",
    "status web:nosuch", "pid", "pid all", "pid cat", "pid pair:one", "pid cat nosuch", "avail", "version", "reread", "update",
    "update all", "update gone", "update b_new cat", "update nosuch", "tail one", "tail one stderr", "tail -20 one STDERR",
    "tail nosuch", "tail nofile", "tail failing", "tail odd", "tail -x one", "tail -", "tail -f", "tail one stdin", "maintail",
    "maintail -7", "maintail x", "maintail -x", "fg a b", "fg nosuch", "fg pair:one", "open", "open ftp://x", "frobnicate", "frob-x y",
    "!ls", "help nosuch", "?nosuch", "help EOF", "EOF", "quit", "exit", "shutdown", "reload", "-x",
]  # fmt: skip
# Wrong use: the first line is pinned, the help below it is prose of our own.
WRONG_USES = [
    "start", "stop", "restart", "signal", "signal HUP", "clear", "tail", "tail a b c d", "maintail a b", "fg", "avail x", "reread x",
    "version x", "shutdown x", "reload x",
]  # fmt: skip
LINES = {
    "ordinary": [*QUESTIONS, *ORDERS, *WRONG_USES],
    "shutting_down": [
        "status",
        "avail",
        "reread",
        "update",
        "add x",
        "remove x",
        "shutdown",
        "reload",
        "start one",
        "stop all",
        "pid",
    ],
    "unchanged": ["status", "reread", "update", "maintail", "status cat"],
    "broken_file": ["reread", "update", "maintail"],
    "other_version": ["status", "start one", "version"],
    "no_namespace": ["status", "pid", "version", "clear all"],
}
SHELLS = ["status cat\n", "frobnicate\npid\nquit\n", "\n\nstart one\nexit\n", "shutdown\nn\nreload\ny\n"]
