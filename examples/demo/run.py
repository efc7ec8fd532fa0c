"""`make demo`: runs a supervisord in the foreground, shows what it does, and ends cleanly.

Everything the daemon and its event listener say comes through one pipe and is shown as it comes; each
change of a process is followed by `supervisorctl status`. State lives in a directory under /tmp that is
removed at the end. Ctrl-C and SIGTERM end everything.
"""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(os.environ.get("DEMO_BIN", Path(sys.executable).parent))  # where the commands are
CONFIGURATION = HERE / "supervisord.conf"
# Whoever is root says so, or the daemon warns that it was not told which user to be.
AS_ROOT = ("-u", "root") if os.geteuid() == 0 else ()
FIRST_STATUS_SECONDS = 3.0
SETTLE_SECONDS = 1.5  # a crash and the new start make one status, not three
STOP_SECONDS = 20.0


class Demo:
    """One run of the daemon."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.environment = {
            **os.environ,
            "DEMO_DIR": str(directory),
            "DEMO_WEB_PORT": str(port),
            "DEMO_PYTHON": sys.executable,
        }
        self.status_due: float | None = None
        self.introduced = False
        self._begun = b""  # the beginning of a line whose rest has not come yet
        # A session of its own: Ctrl-C reaches this program alone, which then stops the daemon in order.
        # An identifier of its own: a second demo of the same file would else be refused, as any second daemon is.
        identity = f"--identifier=demo-{os.getpid()}"
        self.daemon = subprocess.Popen(
            [BIN / "supervisord", "-n", "-c", CONFIGURATION, identity, *AS_ROOT],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, wake: socket.socket) -> int:
        """Show what happens until the daemon ends or a signal arrives on `wake`. Returns an exit status."""
        assert self.daemon.stdout is not None
        self.status_due = time.monotonic() + FIRST_STATUS_SECONDS
        stopping_since: float | None = None
        while True:
            readable, _, _ = select.select([self.daemon.stdout, wake], [], [], self._patience(stopping_since))
            if wake in readable:
                wake.recv(64)
                if stopping_since is None:
                    say("\nEnding: the daemon is told to stop and stops its programs first.")
                    stopping_since = time.monotonic()
                    self.daemon.terminate()
            if self.daemon.stdout in readable:
                data = os.read(self.daemon.stdout.fileno(), 65536)
                if not data:
                    return self._ended(expected=stopping_since is not None)
                self._show(data, stopping=stopping_since is not None)
            if stopping_since is not None and time.monotonic() > stopping_since + STOP_SECONDS:
                say(f"The daemon has not stopped within {STOP_SECONDS:.0f} s; killing it.")
                self.daemon.kill()
                return self._ended(expected=False)
            if stopping_since is None and self.status_due is not None and time.monotonic() >= self.status_due:
                self._show_status()

    def _patience(self, stopping_since: float | None) -> float | None:
        due = self.status_due if stopping_since is None else stopping_since + STOP_SECONDS
        return None if due is None else max(0.0, due - time.monotonic()) + 0.01

    def _show(self, data: bytes, *, stopping: bool) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in (raw.decode(errors="replace") for raw in lines):
            # Programs start and stop in bulk at both ends; in between every change is worth a status.
            if line.startswith("event |") and self.introduced and not stopping:
                self.status_due = time.monotonic() + SETTLE_SECONDS
            say(line if line.startswith("event |") else f"daemon| {line}")

    def _show_status(self) -> None:
        self.status_due = None
        command = [BIN / "supervisorctl", "-c", CONFIGURATION, "status"]
        result = subprocess.run(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        say(f"\n$ supervisorctl status\n{result.stdout}")
        if not self.introduced:
            self.introduced = True
            say(self._introduction())

    def _introduction(self) -> str:
        control = f"{BIN / 'supervisorctl'} -s unix://{self.directory}/s.sock"
        return f"""\
Look further, in another terminal:
    {control} status
    {control} tail -f flaky
    {control} restart 'worker:*'
    {control}                 (a shell; try: help)
    curl http://127.0.0.1:{self.port}/
    kill -9 $({control} pid web)
    {self._check_command()}
Configuration: {CONFIGURATION}
Logs:          {self.directory}/*.log (gone when the demo ends)
End it:        Ctrl-C here
"""

    def _check_command(self) -> str:
        settings = f"DEMO_DIR={self.directory} DEMO_WEB_PORT={self.port} DEMO_PYTHON={sys.executable}"
        return f"{settings} {BIN / 'vigil'} check {CONFIGURATION}"

    def leave_nothing(self) -> None:
        """Make sure that the daemon is gone, however the run came to its end."""
        if self.daemon.poll() is None:
            self.daemon.terminate()
            try:
                self.daemon.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()

    def _ended(self, *, expected: bool) -> int:
        status = self.daemon.wait(STOP_SECONDS)  # its output has ended, so it has, or is about to
        if expected and status == 0:
            say("The daemon and all its programs have ended.")
            return 0
        say(f"The daemon ended with status {status}.")
        return 1


def say(text: str) -> None:
    """Print at once, terminal or not."""
    print(text, flush=True)


def free_port() -> int:
    """A loopback port that nobody listens on now. The kernel does not hand it out again soon."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def signals_as_bytes() -> socket.socket:
    """A socket that becomes readable when this program is told to end."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.detach())
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda *_: None)
    return reader


def main() -> int:
    """Run the demo. Exit status 0 when it was ended in order."""
    if not (BIN / "supervisord").exists():
        say(f"cannot run the demo: {BIN / 'supervisord'} is missing; run it with `make demo`")
        return 1
    wake = signals_as_bytes()
    # Not under $TMPDIR: a unix socket's path has to be short.
    directory = Path(tempfile.mkdtemp(prefix="vigil-demo-", dir="/tmp"))
    try:
        say(
            "Starting supervisord: a web program, two workers, one that crashes now and then, an event listener.\n"
        )
        demo = Demo(directory, free_port())
        try:
            return demo.run(wake)
        finally:
            demo.leave_nothing()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: `make demo | head`
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
