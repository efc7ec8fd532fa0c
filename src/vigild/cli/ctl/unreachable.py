"""Why nobody answers: which file was read, which address was tried, and whether the daemon of that file runs."""

import errno
import os
import stat

from vigild.cli.ctl.options import Options
from vigild.client.errors import UnreachableError

MAX_COMMAND_CHARACTERS = 120


def explanation(options: Options, error: UnreachableError) -> list[str]:
    """Lines for the user; none of them holds a password."""
    return [
        f"  {line}" for line in (_file_line(options), _address_line(options, error), *_daemon_lines(options))
    ]


def _file_line(options: Options) -> str:
    if options.config_file is None:
        return "configuration: no file was found, so the defaults hold; name one with -c FILE"
    path = os.path.abspath(options.config_file)
    return f"configuration: {path} ({'named with -c' if options.config_file_given else 'found by the usual search'})"


def _address_line(options: Options, error: UnreachableError) -> str:
    url = options.server_url
    origin = options.server_url_origin
    if url.startswith("unix://"):
        return f"tried: unix socket {url[7:]} ({origin}): {_socket_finding(url[7:], error)}"
    return f"tried: {options.shown_url} over TCP ({origin}): {error.cause or error}"


def _socket_finding(path: str, error: UnreachableError) -> str:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        directory = os.path.dirname(path) or "."
        return "it does not exist" if os.path.isdir(directory) else f"there is no directory {directory}"
    except OSError as problem:
        return str(problem.strerror)
    if not stat.S_ISSOCK(status.st_mode):
        return "that is a file, not a socket"
    if error.errno in (errno.EACCES, errno.EPERM):
        owner = f"{_name('pwd', status.st_uid)}:{_name('grp', status.st_gid)}"
        mode = stat.S_IMODE(status.st_mode)
        return f"no permission; it belongs to {owner} with mode {mode:04o}, and this is user {_name('pwd', os.getuid())}"
    if error.errno == errno.ECONNREFUSED:
        return "it is there, but nobody listens on it (left behind by a daemon that was killed?)"
    return str(error.cause or "the connection was closed without an answer")


def _name(database: str, number: int) -> str:
    try:
        if database == "pwd":
            import pwd

            return pwd.getpwuid(number).pw_name
        import grp

        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _daemon_lines(options: Options) -> list[str]:
    if options.config_file is None:
        return []
    from vigild.config.load import load

    config = load(options.config_file, environ=os.environ).config
    if config is None:
        return ["daemon: this file has errors and no daemon can start with it: see `vigil check`"]
    pidfile = config.daemon.pidfile
    served = _served(
        options, [server.path for server in config.servers], [server.port for server in config.servers]
    )
    return [f"daemon: {_daemon_finding(pidfile, options.config_file)}", *served]


def _daemon_finding(pidfile: str, config_file: str) -> str:
    try:
        with open(pidfile, encoding="ascii", errors="replace") as file:
            pid = int(file.read(32).strip())
    except FileNotFoundError:
        return f"not running, as it seems: there is no pidfile {pidfile}; start it with: supervisord -c {config_file}"
    except (OSError, ValueError) as error:
        return f"unknown: cannot read a pid from {pidfile}: {error}"
    if not _runs(pid):
        return f"not running: pidfile {pidfile} names {pid}, which is gone; start it with: supervisord -c {config_file}"
    command = _command(pid)
    return f"process {pid} runs, which pidfile {pidfile} names{f': {command}' if command else ''}"


def _served(options: Options, paths: list[str | None], ports: list[int]) -> list[str]:
    """Does the file that tells where to connect also make its daemon listen there?"""
    url = options.server_url
    if url.startswith("unix://"):
        if url[7:] in paths:
            return []
        known = ", ".join(path for path in paths if path)
        return [
            f"note: that daemon would listen on {known or 'no unix socket'}, see [unix_http_server] file="
        ]
    if any(ports) or options.server_url_origin.startswith("named"):
        return []
    return ["note: this file has no [inet_http_server], so that daemon would not listen on TCP"]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return pid > 0


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()[:MAX_COMMAND_CHARACTERS]
    except OSError:
        return ""
