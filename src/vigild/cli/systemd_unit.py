"""`vigil systemd-unit [-c FILE] [--user] [--socket]`: a unit for systemd, made for one configuration.

What is in it follows from how Vigil lives: the programs are not systemd's to kill (a crash of the daemon leaves
them running, and the next one adopts them), and the daemon ends them itself, in order, when it is stopped.
Only settings that systemd 246 and later knows are used. docs/how-to/systemd.md explains each line.
"""

import argparse
import os
import shutil
import socket
import sys
from collections.abc import Iterable, Sequence
from functools import partial

from vigild.cli.command_line import CommandLine, add_json_flag, print_json, refuse
from vigild.config.load import Loaded, find_config_file, load, searched_paths
from vigild.config.model import Config, DaemonConfig, ProcessConfig, ServerConfig
from vigild.config.needs import open_files, stop_seconds, stored_files
from vigild.core.frozen import frozen

EXIT_ERRORS = 2
STOP_SLACK_SECONDS = 15
WATCHDOG_SECONDS = 30
LEAST_STORE = 128  # room for programs that are added later
SOFT_OPEN_FILES, HARD_OPEN_FILES = 1024, 524288  # what systemd gives without being asked
LEAST_PROCESSES = DaemonConfig().minprocs
NO_LIMIT = -1

# Limits that a process is born with under systemd, where they are not "none": soft and hard. A program can be
# given no more than the hard one, unless the daemon runs as root.
BORN_WITH = {
    "memlock": (8 << 20, 8 << 20),
    "msgqueue": (819200, 819200),
    "nice": (0, 0),
    "rtprio": (0, 0),
}
BORN_WITH_SOME = ("nproc", "sigpending")  # as many as the machine's memory allows


@frozen
class Installation:
    """Where the commands are, and whose unit it is to be."""

    supervisord: str
    supervisorctl: str
    config_path: str
    for_user: bool = False


def main(arguments: Sequence[str]) -> int:
    """Print a unit; the exit code is 2 when none can be made."""
    options = build_parser().parse_args(list(arguments))
    refused = partial(_refuse, as_json=options.json)
    path = options.configuration or find_config_file(sys.argv[0], os.getcwd())
    if path is None:
        places = ", ".join(dict.fromkeys(searched_paths(sys.argv[0])))
        text = f"no configuration file found; looked for {places}. Name one with -c"
        return refused(text)
    loaded = load(path, environ=os.environ)
    if loaded.config is None:
        return refused(f"{path} has errors; mend them first:\n{_errors(loaded)}")
    warnings = _without_our_environment(path, options.user)
    for line in () if options.json else warnings:
        print(f"vigil systemd-unit: warning: {line}", file=sys.stderr)
    if options.socket:
        if not loaded.config.servers:
            return refused(f"{path} has neither [unix_http_server] nor [inet_http_server]")
        return _print(socket_text(loaded.config, options.socket), warnings, as_json=options.json)
    supervisord = options.supervisord or _beside("supervisord")
    if supervisord is None:
        return refused(
            "cannot find the supervisord command; name it with --supervisord PATH", code="wrong_usage"
        )
    if set(supervisord) & set("\"'\\"):
        text = f"systemd runs no command with quotes or backslashes in its path: {supervisord}"
        return refused(text, code="wrong_usage")
    supervisorctl = os.path.join(os.path.dirname(supervisord), "supervisorctl")
    installation = Installation(
        os.path.abspath(supervisord), os.path.abspath(supervisorctl), os.path.abspath(path), options.user
    )
    return _print(unit_text(loaded.config, installation), warnings, as_json=options.json)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil systemd-unit",
        description="Print a systemd unit that runs supervisord with this configuration. For example: "
        "vigil systemd-unit -c /etc/supervisord.conf > /etc/systemd/system/vigil.service",
        epilog="exit status: 0 done; 2 no unit can be made of this configuration, or wrong usage",
    )
    parser.add_argument(
        "-c", "--configuration", metavar="FILE", help="default: where supervisord looks for it"
    )
    parser.add_argument("--user", action="store_true", help="a unit for `systemctl --user`")
    parser.add_argument(
        "--socket",
        nargs="?",
        const="vigil.service",
        metavar="SERVICE",
        help="print a .socket unit for its HTTP servers instead; SERVICE is the name of the unit that it starts",
    )
    parser.add_argument(
        "--supervisord", metavar="PATH", help="the command to run (default: the one beside vigil)"
    )
    add_json_flag(parser, "one JSON object: unit, its text, and warnings")
    return parser


def _refuse(text: str, *, code: str = "bad_configuration", as_json: bool) -> int:
    return refuse("vigil systemd-unit", text, EXIT_ERRORS, code, as_json=as_json)


def _print(unit: str, warnings: Sequence[str], *, as_json: bool) -> int:
    if as_json:
        print_json({"unit": unit, "warnings": list(warnings)})
    else:
        print(unit, end="")
    return 0


def _errors(loaded: Loaded) -> str:
    return "\n".join(str(each) for each in loaded.diagnostics if each.severity == "error")


def _without_our_environment(path: str, for_user: bool) -> list[str]:
    """What is wrong with the configuration where only systemd's variables are set, as `%(ENV_X)s` shows."""
    known = ("PATH", "LANG", "HOME", "USER", "LOGNAME", "SHELL", *(("XDG_RUNTIME_DIR",) if for_user else ()))
    loaded = load(path, environ={name: os.environ[name] for name in known if name in os.environ})
    if loaded.config is not None:
        return []
    return [
        f"systemd does not set all variables of this shell, and without them {path} has errors; "
        f"give them in the unit, as Environment=NAME=value:\n{_errors(loaded)}"
    ]


def _beside(name: str) -> str | None:
    """The command that belongs to this installation, else the one on PATH."""
    for directory in (os.path.dirname(os.path.abspath(sys.argv[0])), os.path.dirname(sys.executable)):
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            return path
    return shutil.which(name)


# -- the unit --------------------------------------------------------------------------------------


def unit_text(config: Config, installation: Installation) -> str:
    """The service unit."""
    lines = [
        "[Unit]",
        f"Description=Vigil supervising the programs of {_escaped(installation.config_path)}",
        *([] if installation.for_user else ["After=network.target nss-user-lookup.target"]),
        "# The last exit says whether to start again (below), not how often it was tried.",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        *_life(config, installation),
        *_survival(config),
        *_place(config, installation),
        *_resources(config),
        "",
        "[Install]",
        f"WantedBy={'default' if installation.for_user else 'multi-user'}.target",
    ]
    return "\n".join(lines) + "\n"


def _life(config: Config, installation: Installation) -> Iterable[str]:
    conf = _word(installation.config_path)
    yield "Type=notify"
    yield "NotifyAccess=main"
    yield f"ExecStart={_command(installation.supervisord)} -n -c {conf}"
    if config.servers:
        yield "# Applies what has changed in the configuration, and touches nothing else."
        yield "# After an update of Vigil itself: supervisorctl upgrade (no program is restarted)."
        yield f"ExecReload={_command(installation.supervisorctl)} -c {conf} update"
    else:
        yield "# No reload: the configuration has no [unix_http_server] to send the order to."
    yield "# SIGTERM makes the daemon end its programs, in order; this is the time their stopwaitsecs may take."
    yield f"TimeoutStopSec={stop_seconds(config.groups) + STOP_SLACK_SECONDS}"
    yield f"WatchdogSec={WATCHDOG_SECONDS}"


def _survival(config: Config) -> Iterable[str]:
    stored = max(LEAST_STORE, 2 * stored_files(config.groups))
    yield "# Only the daemon is systemd's to kill. When it dies, the programs run on, and the next one adopts them."
    yield "KillMode=process"
    yield "Restart=always"
    yield "RestartSec=100ms"
    yield "# 0: it was told to end (supervisorctl shutdown). 2: it cannot start; trying again would not help."
    yield "RestartPreventExitStatus=0 2"
    yield "# What a program wrote and left behind while no daemon was there is kept for the next one."
    yield f"FileDescriptorStoreMax={stored}"
    yield "# systemd before 254 does not say by itself that there is a store."
    yield f"Environment=FDSTORE={stored}"
    yield "# A program that the kernel kills for its memory is the daemon's to restart."
    yield "OOMPolicy=continue"
    yield "Delegate=yes"


def _place(config: Config, installation: Installation) -> Iterable[str]:
    daemon = config.daemon
    directory = "vigil"
    if not installation.for_user and daemon.uid:
        directory = f"vigil-{daemon.uid}"
        yield f"User={_escaped(daemon.user or str(daemon.uid))}"
    yield "# The journal and the programs' streams. It must outlive the daemon; the daemon tidies it up itself."
    yield f"RuntimeDirectory={directory}"
    yield "RuntimeDirectoryMode=0700"
    yield "RuntimeDirectoryPreserve=yes"
    if not installation.for_user and not daemon.uid and not daemon.state_dir:
        yield "StateDirectory=vigil"
    if daemon.directory:
        yield f"WorkingDirectory={_escaped(daemon.directory)}"


def _resources(config: Config) -> Iterable[str]:
    processes = [process for group in config.groups for process in group.processes]
    daemon = config.daemon
    yield "TasksMax=infinity"
    # What is kept comes back under low numbers; the interpreter must be able to open its files above them.
    stored = max(LEAST_STORE, 2 * stored_files(config.groups))
    needed = open_files(config.groups) + stored
    soft = max(SOFT_OPEN_FILES, daemon.minfds, needed)
    hard = _most([HARD_OPEN_FILES, soft, *_hard_limits(processes, "nofile")])
    yield f"LimitNOFILE={soft}:{_limit(hard)}"
    for name in BORN_WITH_SOME:
        if _hard_limits(processes, name) or (name == "nproc" and daemon.minprocs > LEAST_PROCESSES):
            yield f"Limit{name.upper()}=infinity"
    for name, (born_soft, born_hard) in BORN_WITH.items():
        hard = _most([born_hard, *_hard_limits(processes, name)])
        if hard != born_hard:
            yield f"Limit{name.upper()}={born_soft}:{_limit(hard)}"


def _hard_limits(processes: Iterable[ProcessConfig], wanted: str) -> list[int]:
    return [hard for process in processes for name, _soft, hard in process.limits if name == wanted]


def _most(limits: Sequence[int]) -> int:
    return NO_LIMIT if NO_LIMIT in limits else max(limits)


def _limit(value: int) -> str:
    return "infinity" if value == NO_LIMIT else str(value)


# -- the socket unit -------------------------------------------------------------------------------


def socket_text(config: Config, service: str) -> str:
    """The socket unit for its HTTP servers."""
    files = [server for server in config.servers if server.path is not None]
    lines = [
        "[Unit]",
        f"Description=HTTP servers of {_escaped(os.path.abspath(config.path))}",
        "",
        "[Socket]",
        *(f"ListenStream={_stream(server)}" for server in config.servers),
        *(f"SocketMode={files[0].mode:04o}" for _ in files[:1]),
        *_owner(files),
        f"Service={_escaped(service)}",
        "",
        "[Install]",
        "WantedBy=sockets.target",
    ]
    return "\n".join(lines) + "\n"


def _stream(server: ServerConfig) -> str:
    if server.path is not None:
        return _escaped(server.path)
    host = server.host or "0.0.0.0"  # all addresses of IPv4, as the daemon itself would
    if ":" in host:
        return f"[{host}]:{server.port}"
    try:
        return f"{socket.gethostbyname(host)}:{server.port}"  # systemd takes no names
    except OSError:
        return f"{host}:{server.port}"


def _owner(files: Sequence[ServerConfig]) -> Iterable[str]:
    for server in files[:1]:
        for setting, number in (("SocketUser", server.owner[0]), ("SocketGroup", server.owner[1])):
            if number != -1:
                yield f"{setting}={number}"


# -- systemd's spelling ----------------------------------------------------------------------------


def _escaped(text: str) -> str:
    """In a value that is taken as a whole: `%` begins a specifier."""
    return text.replace("%", "%%")


def _command(path: str) -> str:
    """The first word of a command line: no variables are looked for in it."""
    return _escaped(f'"{path}"' if any(letter.isspace() or letter == ";" for letter in path) else path)


def _word(text: str) -> str:
    """Any other word of a command line."""
    quoted = _escaped(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{quoted}"' if any(letter.isspace() or letter in "\"'\\;" for letter in text) else quoted
