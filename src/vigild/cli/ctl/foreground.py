"""fg: a process's output as it comes, and lines typed here as its input."""

import sys
from threading import Thread

from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.logs import write
from vigild.client.errors import ClientError, FaultError, HttpError
from vigild.client.http import Connection
from vigild.core.errors import Fault
from vigild.core.states import ProcessState

JOIN_SECONDS = 2.0


def do_fg(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    names = argument.split()
    if len(names) != 1:
        ctl.fail(f"ERROR: {'too many process names' if names else 'no process name'} supplied")
        if not names:
            ctl.show_help("fg")
        return
    name = names[0]
    try:
        info = ctl.supervisor.info(name)
    except FaultError as fault:
        if fault.is_not_allowed:
            raise
        if fault.code == Fault.BAD_NAME:
            ctl.fail("ERROR: bad process name supplied")
        else:
            ctl.output(f"ERROR: {fault}")
        return
    if info["state"] != ProcessState.RUNNING:
        ctl.fail("ERROR: process not running")
        return
    ctl.output("==> Press Ctrl-C to exit <==")
    followers = [_Follower(ctl, name, channel) for channel in ("stdout", "stderr")]
    try:
        for follower in followers:
            follower.start()
        _forward_lines(ctl, name)
    except (KeyboardInterrupt, EOFError):
        pass
    finally:
        for follower in followers:
            follower.stop()
    ctl.output("Exiting foreground")


def _forward_lines(ctl: Controller, name: str) -> None:
    """Send typed lines until the process is gone. EOFError and KeyboardInterrupt end it too."""
    while True:
        line = input() + "\n"
        try:
            ctl.supervisor.send_stdin(name, line)
        except FaultError as fault:
            if fault.is_not_allowed:
                raise
            ctl.output("Process got killed" if fault.code == Fault.NOT_RUNNING else f"ERROR: {fault}")
            return
        if ctl.supervisor.info(name)["state"] != ProcessState.RUNNING:
            ctl.output("Process got killed")
            return


class _Follower(Thread):
    """Shows one log as it grows."""

    def __init__(self, ctl: Controller, name: str, channel: str) -> None:
        super().__init__(daemon=True)
        self._ctl = ctl
        self._path = f"/logtail/{name}/{channel}"
        self._connection: Connection = ctl.supervisor.rpc.connect()
        self._stopped = False

    def run(self) -> None:
        try:
            for data in self._connection.stream(self._path):
                write(self._ctl, data)
        except HttpError as error:
            url = f"{self._ctl.options.shown_url}{self._path}"
            sys.stderr.write(f"{url} Cannot read, status code {error.status}\n")
        except ClientError:
            pass  # the daemon is gone, or stop() was called

    def stop(self) -> None:
        """End it and wait for it (a moment at most: it may be stuck writing to a stopped terminal)."""
        self._connection.interrupt()
        self.join(JOIN_SECONDS)
