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
from functools import partial
from typing import TYPE_CHECKING

from vigild.cli.command_line import CommandLine, add_json_flag, print_json, refuse
from vigild.cli.connection import add_connection_flags, flags_of
from vigild.cli.ctl.options import UsageError, parse
from vigild.client.errors import ClientError, FaultError, UnreachableError
from vigild.core.errors import Fault
from vigild.core.frozen import frozen

if TYPE_CHECKING:
    from vigild.client.supervisor import DaemonInfo, ProcessInfo, Supervisor

EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON, EXIT_NO_ANSWER = range(5)
_CODES = {EXIT_REFUSED: "refused", EXIT_NO_DAEMON: "not_supported", EXIT_NO_ANSWER: "no_answer"}
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
    given = build_parser().parse_args(list(arguments))
    said = partial(refuse, "vigil upgrade", as_json=given.json)
    try:
        options = parse(flags_of(given), sys.argv[0], os.environ, os.getcwd())
        from vigild.client.supervisor import Supervisor

        daemon = Supervisor.at(
            options.server_url, options.username, options.password, None, trust=options.trust
        )
    except (UsageError, ValueError) as error:
        return said(str(error), EXIT_USAGE, "wrong_usage")
    try:
        with daemon:
            upgraded = carry_out(daemon)
    except NotUpgraded as error:
        return said(str(error), error.status, _CODES[error.status])
    except ClientError as error:
        from vigild.cli.ctl.unreachable import explanation

        lines = explanation(options, error) if isinstance(error, UnreachableError) else []
        return said("\n".join([str(error), *lines]), EXIT_NO_DAEMON, "no_daemon")
    if given.json:
        print_json(upgraded.as_document())
    else:
        print(upgraded)
    return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil upgrade",
        description="Let the running daemon go on with the code that is installed now. It checks that code first; if it "
        "would not come up, nothing happens. No program is touched: same pids, same output, same clients. "
        "To apply changed programs use `supervisorctl update`; to stop and start everything, `supervisorctl reload`.",
        epilog="exit status: 0 done; 1 refused or failed, the daemon goes on as before; 2 wrong usage; "
        "3 no daemon of Vigil's answers; 4 the new code does not answer",
    )
    add_json_flag(
        parser,
        "one JSON object: from_version, to_version, from_pid, to_pid, programs, ended, seconds, check_seconds",
    )
    add_connection_flags(parser)
    return parser


@frozen
class Upgraded:
    """What became of an upgrade. `programs`: how many run on; `ended`: name and pid of those that do not."""

    from_version: str
    to_version: str
    from_pid: int
    to_pid: int
    programs: int
    ended: tuple[tuple[str, int], ...]
    seconds: float
    check_seconds: float

    def __str__(self) -> str:
        words = f"{_runs_on(self.programs)}, none was restarted"
        if self.ended:
            names = ", ".join(f"{name} (pid {pid})" for name, pid in self.ended[:MAX_NAMES])
            more = f" and {len(self.ended) - MAX_NAMES} more" if len(self.ended) > MAX_NAMES else ""
            words = f"{_runs_on(self.programs)}; meanwhile ended by themselves: {names}{more}"
        same_pid = f"pid {self.to_pid} as before" if self.to_pid == self.from_pid else f"pid {self.to_pid}"
        return (
            f"upgraded {self.from_version} -> {self.to_version}, {same_pid}; {words}; "
            f"{self.seconds:.2f} s (checked before in {self.check_seconds:.2f} s)"
        )

    def as_document(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "from_version": self.from_version,
            "to_version": self.to_version,
            "from_pid": self.from_pid,
            "to_pid": self.to_pid,
            "programs": self.programs,
            "ended": [{"name": name, "pid": pid} for name, pid in self.ended],
            "seconds": round(self.seconds, 3),
            "check_seconds": round(self.check_seconds, 3),
        }


def upgrade(daemon: "Supervisor") -> str:
    """As `carry_out`, in a line that says what happened."""
    return str(carry_out(daemon))


def carry_out(daemon: "Supervisor") -> Upgraded:
    """Upgrade it and wait until the new image serves. Raises NotUpgraded, ClientError."""
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
) -> Upgraded:
    """From which version to which, what became of the programs, and how long nobody was served."""
    pids = {(info["group"], info["name"]): info["pid"] for info in new}
    ran = [info for info in old if info["pid"]]
    gone = [info for info in ran if pids.get((info["group"], info["name"])) != info["pid"]]
    return Upgraded(
        before["version"],
        after["version"],
        before["pid"],
        after["pid"],
        len(ran) - len(gone),
        tuple((str(info["name"]), int(info["pid"])) for info in gone),
        seconds,
        check_seconds,
    )


def _runs_on(count: int) -> str:
    return f"{count} process runs on" if count == 1 else f"{count} processes run on"
