"""Reading the corpus of real configurations: where it is, its machine, and our result in its spelling."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vigild.config.convert import LOG_LEVELS
from vigild.config.load import Loaded
from vigild.config.model import (
    AUTO,
    Config,
    GroupConfig,
    GroupKind,
    ProcessConfig,
    ServerConfig,
    StreamConfig,
)
from vigild.core.process import Autorestart

CORPUS = (Path(__file__).resolve().parents[3] / "shared" / "corpus").resolve()  # it may be reached by a link
NUMBERS = sorted(path.stem for path in CORPUS.glob("[0-9][0-9][0-9].json"))
HOST_NODE_NAME = "oracle-host"

USERS = {
    "root": (0, 0), "daemon": (1, 1), "bin": (2, 2), "sys": (3, 3), "sync": (4, 65534), "games": (5, 60),
    "man": (6, 12), "lp": (7, 7), "mail": (8, 8), "news": (9, 9), "uucp": (10, 10), "proxy": (13, 13),
    "www-data": (33, 33), "backup": (34, 34), "list": (38, 38), "irc": (39, 39), "nobody": (65534, 65534),
}  # fmt: skip
GROUPS = {
    "root": 0, "daemon": 1, "bin": 2, "sys": 3, "adm": 4, "tty": 5, "disk": 6, "lp": 7, "mail": 8, "news": 9,
    "uucp": 10, "man": 12, "proxy": 13, "www-data": 33, "backup": 34, "list": 38, "irc": 39, "games": 60,
    "users": 100, "nogroup": 65534,
}  # fmt: skip


class DebianAccounts:
    """The accounts that every Debian has, and nobody else."""

    def user_by_name(self, name: str) -> tuple[int, int] | None:
        return USERS.get(name)

    def gid_of_user(self, uid: int) -> int | None:
        return dict(USERS.values()).get(uid)

    def group_by_name(self, name: str) -> int | None:
        return GROUPS.get(name)

    def has_group(self, gid: int) -> bool:
        return gid in GROUPS.values()

    def home(self, name: str | None) -> str | None:
        return {None: "/root", "root": "/root"}.get(name)


def octal(mode: int | None) -> str | None:
    return None if mode is None else f"0{mode:o}"


def signal_name(number: int) -> str:
    return signal.Signals(number).name if number else ""  # stopsignal=0 is taken, and kills nothing


def spelled_stream(channel: str, stream: StreamConfig) -> dict[str, Any]:
    return {
        f"{channel}_logfile": "AUTO" if stream.logfile is AUTO else stream.logfile,
        f"{channel}_logfile_maxbytes": stream.logfile_max_bytes,
        f"{channel}_logfile_backups": stream.logfile_backups,
        f"{channel}_capture_maxbytes": stream.capture_max_bytes,
        f"{channel}_events_enabled": stream.events_enabled,
        f"{channel}_syslog": stream.syslog,
    }


CLASSES = {
    GroupKind.PROGRAM: ("ProcessConfig", "ProcessGroupConfig"),
    GroupKind.EVENTLISTENER: ("EventListenerConfig", "EventListenerPoolConfig"),
    GroupKind.FCGI: ("FastCGIProcessConfig", "FastCGIGroupConfig"),
}
RESTARTS = {Autorestart.ALWAYS: True, Autorestart.NEVER: False, Autorestart.UNEXPECTED: "unexpected"}


def spelled_process(process: ProcessConfig) -> dict[str, Any]:
    return {
        "class": CLASSES[process.kind][0],
        "name": process.name,
        "uid": process.uid,
        "command": process.command,
        "directory": process.directory,
        "umask": octal(process.umask),
        "priority": process.priority,
        "autostart": process.autostart,
        "autorestart": RESTARTS[process.autorestart],
        "startsecs": process.start_seconds,
        "startretries": process.start_retries,
        "stopsignal": {"number": process.stop_signal, "name": signal_name(process.stop_signal)},
        "stopwaitsecs": process.stop_wait_seconds,
        "stopasgroup": process.stop_as_group,
        "killasgroup": process.kill_as_group,
        "exitcodes": list(process.exit_codes),
        "redirect_stderr": process.redirect_stderr,
        "environment": process.environment,
        "serverurl": process.server_url,
        **spelled_stream("stdout", process.stdout),
        **spelled_stream("stderr", process.stderr),
    }


def spelled_group(group: GroupConfig) -> dict[str, Any]:
    spelled: dict[str, Any] = {
        "name": group.name,
        "priority": group.priority,
        "type": CLASSES[group.kind][1],
        "processes": [spelled_process(process) for process in group.processes],
    }
    if group.kind is GroupKind.EVENTLISTENER:
        spelled["buffer_size"] = group.buffer_size
        spelled["events"] = list(group.events)
        spelled["result_handler"] = group.result_handler
    if group.socket is not None:
        socket = group.socket
        spelled["socket"] = {"url": socket.url, "backlog": socket.backlog}
        if socket.path is not None:
            owner = None if socket.owner is None else list(socket.owner)
            spelled["socket"] |= {"path": socket.path, "mode": octal(socket.mode), "owner": owner}
        else:
            spelled["socket"] |= {"host": socket.host, "port": socket.port}
    return spelled


def spelled_server(server: ServerConfig) -> dict[str, Any]:
    spelled: dict[str, Any] = {
        "username": server.username,
        "password": server.password,
        "name": server.name,
        "section": server.section,
    }
    if server.path is None:
        return spelled | {"family": "inet", "host": server.host, "port": server.port}
    return spelled | {
        "family": "unix",
        "file": server.path,
        "chown": list(server.owner),
        "chmod": octal(server.mode),
    }


def spelled_config(config: Config) -> dict[str, Any]:
    """Our configuration in the words of the corpus."""
    daemon = config.daemon
    assert daemon.log_level in LOG_LEVELS
    return {
        "supervisord": {
            "user": daemon.user,
            "uid": daemon.uid,
            "gid": daemon.gid,
            "umask": octal(daemon.umask),
            "directory": daemon.directory,
            "logfile": daemon.logfile,
            "logfile_maxbytes": daemon.logfile_max_bytes,
            "logfile_backups": daemon.logfile_backups,
            "loglevel": daemon.log_level,
            "pidfile": daemon.pidfile,
            "identifier": daemon.identifier,
            "nodaemon": daemon.nodaemon,
            "silent": daemon.silent,
            "minfds": daemon.minfds,
            "minprocs": daemon.minprocs,
            "childlogdir": daemon.child_log_dir,
            "nocleanup": daemon.nocleanup,
            "strip_ansi": daemon.strip_ansi,
            "environment": daemon.environment,
            "serverurl": daemon.server_url,
        },
        "servers": [spelled_server(server) for server in config.servers],
        "rpcinterfaces": [
            {"name": item.name, "factory": item.factory, "options": item.options}
            for item in config.rpc_interfaces
        ],
        "groups": [spelled_group(group) for group in config.groups],
    }


def with_here(value: Any, here: str) -> Any:
    """A copy of a JSON value with `@HERE@` replaced by a folder.

    The corpus spells the folder's parent `@HERE@/..` whether or not the path was normalised, so both sides
    of a comparison go through here.
    """
    if isinstance(value, str):
        return value.replace("@HERE@", here).replace(f"{here}/..", here.rpartition("/")[0])
    if isinstance(value, list):
        return [with_here(item, here) for item in value]
    if isinstance(value, Mapping):
        return {with_here(key, here): with_here(item, here) for key, item in value.items()}
    return value


def errors(loaded: Loaded) -> list[str]:
    return [str(finding) for finding in loaded.diagnostics if finding.severity == "error"]
