"""pidproxy: run a command and send signals on to the process that its pidfile names.

For a wrapper such as mysqld_safe, which starts the real server and passes no signals on: supervised
directly, `stop` would end the wrapper and leave the server behind.

Signals are taken by `sigwait`, one at a time: no handler interrupts anything, and nothing polls. Supervisor's
pidproxy leaves at once after TERM, INT or QUIT; this one waits for the command, so that a stop is over
when it says so, and ends with the command's exit status when the command ended of itself.
"""

import os
import signal
import sys
from collections.abc import Sequence

USAGE = """\
pidproxy -- run a command and send signals on to the process that its pidfile names.

Usage: {program} <pidfile name> <command> [<cmdarg1> ...]
"""
FORWARDED = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGQUIT,
)
_ENDING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})
LATE_SECONDS = 2.0  # how long a signal waits for a pidfile that is not there yet
LOOK_SECONDS = 0.05  # how often it is looked for meanwhile
CANNOT_RUN = 127


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if len(words) < 2:
        print(USAGE.format(program=sys.argv[0]))
        return 1
    return PidProxy(words[0], words[1:]).run()


class PidProxy:
    """One command and its pidfile."""

    def __init__(self, pidfile: str, command: list[str]) -> None:
        self._pidfile = pidfile
        self._command = command
        self._child = 0
        self._waiting: list[signal.Signals] = []  # signals that no process could be found for yet
        self._looks_left = 0
        self._was_ended = False

    def run(self) -> int:
        """Start the command, forward signals until it ends; returns the exit status."""
        awaited = {*FORWARDED, signal.SIGCHLD, signal.SIGALRM}
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal whose action is "ignore" may never be seen
        signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
        try:
            self._child = self._spawn()
        except OSError as error:
            say(f"cannot run {self._command[0]}: {error.strerror}")
            return CANNOT_RUN
        while True:
            number = signal.Signals(signal.sigwait(awaited))
            if number == signal.SIGCHLD:
                status = self._reap()
                if status is not None:
                    return status
            elif number == signal.SIGALRM:
                self._look_again()
            else:
                self._forward(number)

    def _spawn(self) -> int:
        return os.posix_spawn(
            _find(self._command[0]), self._command, os.environ, setsigmask=[], setsigdef=[signal.SIGCHLD]
        )

    def _reap(self) -> int | None:
        """The exit status to end with, or None while the command runs."""
        pid, status = os.waitpid(self._child, os.WNOHANG)
        if pid == 0:
            return None
        if self._was_ended:
            return 0  # it was asked to end, and it did
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def _forward(self, number: signal.Signals) -> None:
        if number in _ENDING:
            self._was_ended = True
        if self._send(number):
            return
        say(f"Can't read child pidfile {self._pidfile}!")
        self._waiting.append(number)
        if not self._looks_left:
            self._looks_left = int(LATE_SECONDS / LOOK_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)

    def _look_again(self) -> None:
        """The pidfile may have come. If it does not, a signal that should end things goes to the command itself."""
        self._looks_left -= 1
        while self._waiting and self._send(self._waiting[0]):
            del self._waiting[0]
        if self._waiting and self._looks_left > 0:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._looks_left = 0
        for number in self._waiting:
            if number in _ENDING:
                say(
                    f"no process to signal after {LATE_SECONDS:.0f} s: sending {number.name} to {self._command[0]}"
                )
                os.kill(self._child, number)
        self._waiting.clear()

    def _send(self, number: signal.Signals) -> bool:
        """True if the process in the pidfile got the signal (or may not get one from us, which is said)."""
        try:
            with open(self._pidfile, encoding="ascii", errors="replace") as file:
                pid = int(file.read(64).strip())
            if pid <= 0:
                return False  # 0 and -1 mean many processes, none of them ours to signal
            os.kill(pid, number)
        except PermissionError as error:
            say(f"cannot send {number.name}: {error}")
        except (OSError, ValueError, OverflowError):
            return False
        return True


def _find(name: str) -> str:
    """The program's path: as Supervisor's pidproxy takes it (from here, even without a slash), else from PATH."""
    path = os.path.abspath(name)
    if "/" in name or os.path.isfile(path):
        return path
    for directory in os.get_exec_path():
        candidate = os.path.join(directory, name)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return path


def say(text: str) -> None:
    """Print a line, now: our output is a log."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
