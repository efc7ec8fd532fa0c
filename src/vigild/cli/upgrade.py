"""`vigil upgrade [-c FILE | -s URL]`: the daemon goes on with the code that is installed now; no program is touched.

Exit status 0: done. 1: refused, or failed, and the daemon goes on as before. 2: wrong usage, or a configuration
file that cannot be read. 3: no daemon of Vigil's answers there. 4: the new image did not answer.
"""

import argparse
import errno
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigild.cli.ctl.options import UsageError, parse
from vigild.client.errors import ClientError, FaultError, UnreachableError
from vigild.core.errors import Fault

if TYPE_CHECKING:
    from vigild.client.supervisor import DaemonInfo, ProcessInfo, Supervisor

EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON, EXIT_NO_ANSWER = range(5)
ANSWER_WITHIN_SECONDS = 30.0
ASK_AGAIN_SECONDS = 0.05
MAX_NAMES = 5


class NotUpgraded(Exception):  # noqa: N818 - mostly a refusal, and the daemon is well
    """The daemon was not upgraded; `str()` says why, `status` is the exit status of `vigil upgrade`."""

    def __init__(self, text: str, status: int) -> None:
        self.status = status
        super().__init__(text)


def main(arguments: Sequence[str]) -> int:
    """Upgrade the daemon of a configuration file or at an address."""
    given = vars(build_parser().parse_args(list(arguments)))
    flags = [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]
    try:
        options = parse(flags, sys.argv[0], os.environ, os.getcwd())
        from vigild.client.supervisor import Supervisor

        daemon = Supervisor.at(
            options.server_url, options.username, options.password, None, trust=options.trust
        )
    except (UsageError, ValueError) as error:
        return _said(str(error), EXIT_USAGE)
    try:
        with daemon:
            print(upgrade(daemon))
    except NotUpgraded as error:
        return _said(str(error), error.status)
    except ClientError as error:
        from vigild.cli.ctl.unreachable import explanation

        lines = explanation(options, error) if isinstance(error, UnreachableError) else []
        return _said("\n".join([str(error), *lines]), EXIT_NO_DAEMON)
    return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="vigil upgrade",
        description="Let the running daemon go on with the code that is installed now. It checks that code first; if it "
        "would not come up, nothing happens. No program is touched: same pids, same output, same clients. "
        "To apply changed programs use `supervisorctl update`; to stop and start everything, `supervisorctl reload`.",
        epilog="exit status: 0 done; 1 refused or failed, the daemon goes on as before; 2 wrong usage; "
        "3 no daemon of Vigil's answers; 4 the new code does not answer",
    )
    parser.add_argument("-c", "--configuration", metavar="FILE", help="the configuration file of the daemon")
    parser.add_argument(
        "-s", "--serverurl", metavar="URL", help="where it listens: unix:///path or http://host:port"
    )
    parser.add_argument("-u", "--username", help="for its server, if the file does not say")
    parser.add_argument("-p", "--password", help="likewise")
    return parser


def _said(text: str, status: int) -> int:
    print(f"vigil upgrade: {text}", file=sys.stderr)
    return status


def upgrade(daemon: "Supervisor") -> str:
    """Upgrade it and wait until the new image serves; a line that says what happened. Raises NotUpgraded, ClientError."""
    try:
        before = daemon.daemon_info()
    except FaultError as fault:
        if fault.code != Fault.UNKNOWN_METHOD:
            raise
        raise NotUpgraded(
            "this daemon cannot be upgraded in place: it is Supervisor's, or an older one; "
            "`supervisorctl reload` restarts it, and with it every program",
            EXIT_NO_DAEMON,
        ) from None
    processes = daemon.all_info()
    begun = time.monotonic()
    try:
        daemon.upgrade()
    except FaultError as fault:
        reason = fault.text.removeprefix("FAILED: ")
        raise NotUpgraded(f"not upgraded, the daemon goes on as before: {reason}", EXIT_REFUSED) from None
    checked = time.monotonic()
    after = _next_image(daemon, before)
    seconds = time.monotonic() - checked
    return _report(before, after, processes, daemon.all_info(), seconds, checked - begun)


def _next_image(daemon: "Supervisor", before: "DaemonInfo") -> "DaemonInfo":
    deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
    trouble = ""
    while time.monotonic() < deadline:
        try:
            info = daemon.daemon_info()
        except UnreachableError as error:  # a connection that could not be handed over; the next one waits
            trouble = str(error)
            if error.errno in (
                errno.ECONNREFUSED,
                errno.ENOENT,
            ):  # its sockets are never closed but at its end
                raise NotUpgraded(
                    f"the new image could not go on and has ended ({trouble}); its log says why. The programs run on: "
                    "mend that and start supervisord, it adopts them",
                    EXIT_NO_ANSWER,
                ) from None
        else:
            if info["generation"] > before["generation"]:
                return info
            trouble = "the old image still answers"
            if info["upgrade_error"]:
                raise NotUpgraded(
                    f"not upgraded, the daemon goes on as before: {info['upgrade_error']}", EXIT_REFUSED
                )
        time.sleep(ASK_AGAIN_SECONDS)
    raise NotUpgraded(
        f"the new image has not answered within {ANSWER_WITHIN_SECONDS:g} s ({trouble}); "
        f"look at process {before['pid']} and at the daemon's log",
        EXIT_NO_ANSWER,
    )


def _report(
    before: "DaemonInfo",
    after: "DaemonInfo",
    old: "list[ProcessInfo]",
    new: "list[ProcessInfo]",
    seconds: float,
    check_seconds: float,
) -> str:
    """One line: from which version to which, what became of the programs, and how long nobody was served."""
    pids = {(info["group"], info["name"]): info["pid"] for info in new}
    ran = [info for info in old if info["pid"]]
    gone = [info for info in ran if pids.get((info["group"], info["name"])) != info["pid"]]
    runs_on = _runs_on(len(ran) - len(gone))
    words = f"{runs_on}, none was restarted"
    if gone:
        names = ", ".join(f"{info['name']} (pid {info['pid']})" for info in gone[:MAX_NAMES])
        more = f" and {len(gone) - MAX_NAMES} more" if len(gone) > MAX_NAMES else ""
        words = f"{runs_on}; meanwhile ended by themselves: {names}{more}"
    same_pid = f"pid {after['pid']} as before" if after["pid"] == before["pid"] else f"pid {after['pid']}"
    return (
        f"upgraded {before['version']} -> {after['version']}, {same_pid}; {words}; "
        f"{seconds:.2f} s (checked before in {check_seconds:.2f} s)"
    )


def _runs_on(count: int) -> str:
    return f"{count} process runs on" if count == 1 else f"{count} processes run on"
