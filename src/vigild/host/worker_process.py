"""Long-lived processes of the daemon's own: what needs much memory or may fail is done beside it, never in it.

A worker is told and tells JSON objects, one a line, over its stdin and stdout; what it writes to stderr goes to the main
log. One that dies is started again, later each time, and then knows nothing of what the one before it was told:
`on_started` is where it is told anew. It ends by itself at the end of its stdin, which also comes when the daemon dies
or executes itself anew: all of the daemon's ends are close-on-exec. Workers are reaped with the programs, by
`host/reaper.py`, and told apart by `claim`.
"""

import asyncio
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from vigild.engine.ports import SPAWN_MARK, Log
from vigild.host.service_manager import without_own_variables
from vigild.host.stdin import StdinWriter

WORKER_MARK = "worker"  # its spawn id: it belongs to no program
MAX_LINE_BYTES = 1 << 20  # of one message, either way
READ_BYTES = 64 << 10
FIRST_DELAY_SECONDS = 1.0  # before one that died is started again; twice as long each time
MAX_DELAY_SECONDS = 60.0
STEADY_SECONDS = 60.0  # who ran for so long begins with the first delay again
EOF_SECONDS = 3.0  # to end by itself
TERM_SECONDS = 2.0  # to end after SIGTERM
MAX_LOG_LINES = 40  # of its stderr, in each of its lives
MAX_LOG_CHARS = 500  # of one of them

_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)

Message = Mapping[str, object]


def module_argv(module: str) -> list[str]:
    """The command that runs a module of ours. `-P`: whatever lies in the current directory is not imported."""
    return [sys.executable, "-P", "-m", module]


class WorkerProcess:
    """The `StreamWorker` port: one worker, as long as it is wanted. `what` names it in the log ("the alert deliverer").

    `pids` always holds the pid of the living one: for whoever must know that it is no program's. `pipe_bytes`: how much
    its stdin is to hold, where the kernel grants that. `eof_seconds`: what it has to end by itself.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        argv: Sequence[str],
        *,
        what: str,
        log: Log,
        pids: set[int] | None = None,
        pipe_bytes: int = 0,
        eof_seconds: float = EOF_SECONDS,
    ) -> None:
        self.on_started: Callable[[], None] = lambda: None
        self.on_room: Callable[[], None] = lambda: None
        self.on_message: Callable[[dict[str, object]], None] = lambda message: None
        self.failures = 0  # ends that nobody asked for, and starts that came to nothing
        self.error = ""  # what the last of these was
        self.dropped = 0  # messages that could not be sent
        self.unread_bytes = 0  # that the one that died last had been sent, and had not read
        self.misread = 0  # lines of its stdout that were no message
        self._loop = loop
        self._argv = list(argv)
        self._what = what
        self._log = log
        self._pids = pids if pids is not None else set()
        self._pipe_bytes = pipe_bytes
        self.eof_seconds = eof_seconds
        self.is_resting = False  # sent away because there is nothing to do
        self._wanted = False
        self._is_ending = False  # the one that runs was sent away
        self._delay = FIRST_DELAY_SECONDS
        self._timer: asyncio.TimerHandle | None = None
        self._running: _Running | None = None

    @property
    def is_running(self) -> bool:
        """Is there one now?"""
        return self._running is not None and not self._is_ending

    @property
    def pid(self) -> int:
        """Of the one that runs; 0 while none does."""
        return self._running.pid if self._running is not None else 0

    def start(self) -> None:
        """From now on there is to be one."""
        self.is_resting = False
        if not self._wanted:
            self._wanted = True
            if self._running is None:  # else when that has ended
                self._start()

    def rest(self) -> None:
        """There is nothing to do: let it end by itself, and start it again when `start` says so."""
        running = self._running
        if running is None or self._is_ending:
            return
        self._wanted, self._is_ending, self.is_resting = False, True, True
        self.error = ""
        running.stdin.close()
        self._loop.call_later(self.eof_seconds, self._insist, running)

    def _insist(self, running: "_Running") -> None:
        if self._running is running:
            os.kill(running.pid, signal.SIGKILL)

    def send(self, message: Message) -> bool:
        """Tell it this. False where that is not possible: none runs, or it takes nothing in any more."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if self._running is not None and not self._is_ending and len(line) <= MAX_LINE_BYTES:
            try:
                self._running.stdin.write(line)
                return True
            except BrokenPipeError:
                pass  # its end is on the way, or its queue is full
        self.dropped += 1
        return False

    def send_data(self, head: bytes, data: bytes) -> bool:
        """A line with its end, and raw bytes after it. False: nothing was taken; `on_room` says when to try again."""
        running = self._running
        if running is None or self._is_ending or running.stdin.queued_bytes:
            return False
        try:
            running.stdin.write_parts(head, data)
        except BrokenPipeError:
            return False  # its end is on the way
        return True

    @property
    def is_behind(self) -> bool:
        """Is some of what it was sent not even in its pipe?"""
        return self._running is not None and self._running.stdin.queued_bytes > 0

    def flush(self, seconds: float) -> bool:
        """Wait until all that it was sent is in its pipe. Blocks the loop; False if it is not after so long."""
        running, deadline = self._running, time.monotonic() + seconds
        while running is not None and running.stdin.queued_bytes:
            left = deadline - time.monotonic()
            if left <= 0 or not running.stdin.wait(left):
                return False
        return True

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was this one."""
        running = self._running
        if running is None or running.pid != pid:
            return False
        self._running = None
        self._pids.discard(pid)
        self.unread_bytes = running.stdin.unread_bytes
        running.close()
        if not running.ended.done():
            running.ended.set_result(None)
        was_sent_away, self._is_ending = self._is_ending, False
        if was_sent_away and self._wanted:
            self._start()
        elif self._wanted:
            if self._loop.time() - running.since >= STEADY_SECONDS:
                self._delay = FIRST_DELAY_SECONDS
            self._failed(_how(wait_status))
        return True

    def leave(self) -> None:
        """Nobody waits for it: it ends by itself, and somebody else reaps it."""
        self._wanted = self.is_resting = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        running, self._running = self._running, None
        if running is not None:
            running.close()
            self._pids.discard(running.pid)

    async def close(self) -> None:
        """There is to be none any more: let it end, by itself or not. It can be started again."""
        self._wanted = self.is_resting = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        running = self._running
        if running is None:
            return
        running.stdin.close()
        for seconds, signum in ((self.eof_seconds, signal.SIGTERM), (TERM_SECONDS, signal.SIGKILL)):
            if await _ends_within(running, seconds):
                return
            os.kill(running.pid, signum)  # not reaped yet, so the pid is still its own
        await _ends_within(running, TERM_SECONDS)

    def _start(self) -> None:
        self._timer = None
        environment = without_own_variables(os.environ)
        environment[SPAWN_MARK] = WORKER_MARK
        try:
            process = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                process_group=0,  # a Ctrl-C in the daemon's terminal is not for it
                bufsize=0,
            )
        except OSError as error:
            self._failed(f"it cannot be started: {error.strerror or error}")
            return
        process.returncode = 0  # Popen must not wait for it: host.reaper does
        self._running = running = _Running(process, self._loop, self._heard, self._said)
        running.stdin.on_room = self._has_room
        if self._pipe_bytes:
            running.stdin.enlarge(self._pipe_bytes)
        self._pids.add(running.pid)
        self._log.debug(f"started {self._what} with pid {running.pid}")
        self.on_started()

    def _has_room(self) -> None:
        if self.is_running:
            self.on_room()

    def _failed(self, how: str) -> None:
        self.failures += 1
        self.error = how
        self._log.warn(f"{self._what} ended ({how}); it is started again in {self._delay:g} s")
        self._timer = self._loop.call_later(self._delay, self._start)
        self._delay = min(2 * self._delay, MAX_DELAY_SECONDS)

    def _heard(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if isinstance(message, dict):
            self.on_message(message)
            return
        self.misread += 1
        if self.misread == 1:
            self._log.error(f"{self._what} said what is no message: {line[:100]!r}")

    def _said(self, line: bytes) -> None:
        self._log.warn(f"{self._what}: {line[:MAX_LOG_CHARS].decode('utf-8', 'replace')}")


class _WorkerStdin(StdinWriter):
    """Its stdin: takes two parts without putting them together, and says when all has been taken."""

    __slots__ = ("on_room",)

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        super().__init__(loop, None, fd)
        self.on_room: Callable[[], None] = lambda: None

    @property
    def queued_bytes(self) -> int:
        """That are not in the pipe yet."""
        return len(self._queue)

    @property
    def unread_bytes(self) -> int:
        """That the other end has not read; those in the pipe count where the system says how many they are."""
        if self._fd < 0:
            return 0
        import termios  # late: for one that died

        try:
            found = fcntl.ioctl(self._fd, termios.FIONREAD, b"\0" * 4)
        except OSError:
            return self.queued_bytes
        return self.queued_bytes + int.from_bytes(found, sys.byteorder)

    def enlarge(self, size: int) -> None:
        """Let the pipe hold so much, or as much as there is to be had."""
        try:
            fcntl.fcntl(self._fd, _F_SETPIPE_SZ, size)
        except OSError:
            pass  # the user's share of pipe memory is used up, or this is no Linux: it works as well, with more waiting

    def write_parts(self, head: bytes, data: bytes) -> None:
        """Both of them, while nothing waits; what does not fit into the pipe waits then. Raises BrokenPipeError."""
        if self._fd < 0:
            raise BrokenPipeError
        try:
            count = os.writev(self._fd, (head, data))
        except BlockingIOError:
            count = 0
        if count < len(head) + len(data):
            self.write((head + data)[count:])

    def wait(self, seconds: float) -> bool:
        """For room in the pipe, and use it; False if there was none for so long."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        if not poll.poll(seconds * 1000):
            return False
        self._on_writable()
        return True

    def _on_writable(self) -> None:
        super()._on_writable()
        if not self._queue and self._fd >= 0:
            self.on_room()


class _Running:
    """One that runs now: its ends of the pipes."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        loop: asyncio.AbstractEventLoop,
        on_message: Callable[[bytes], None],
        on_words: Callable[[bytes], None],
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.pid = process.pid
        self.since = loop.time()
        self.ended: asyncio.Future[None] = loop.create_future()
        stdin = os.dup(process.stdin.fileno())
        os.set_blocking(stdin, False)
        self.stdin = _WorkerStdin(loop, stdin)
        self._readers = [
            _Lines(loop, os.dup(process.stdout.fileno()), on_message, MAX_LINE_BYTES),
            _Lines(loop, os.dup(process.stderr.fileno()), on_words, MAX_LOG_CHARS, MAX_LOG_LINES),
        ]
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()

    def close(self) -> None:
        """It is dead: take in what it said last, and let go."""
        self.stdin.close()
        for reader in self._readers:
            reader.close()


class _Lines:
    """Lines from a pipe: each is told without its end. One that is too long, and those after `max_lines`, are not."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fd: int,
        on_line: Callable[[bytes], None],
        max_bytes: int,
        max_lines: int | None = None,
    ) -> None:
        self._loop = loop
        self._fd = fd
        self._on_line = on_line
        self._max_bytes = max_bytes
        self._left = max_lines
        self._buffer = b""
        os.set_blocking(fd, False)
        loop.add_reader(fd, self._read)

    def _read(self) -> bool:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._fd)
            return False
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._buffer = self._buffer[: self._max_bytes + 1]
        for line in lines:
            self._tell(line)
        return True

    def _tell(self, line: bytes) -> None:
        if self._left is None or self._left > 0:
            self._on_line(line[: self._max_bytes])
        if self._left:
            self._left -= 1

    def close(self) -> None:
        for _ in range(
            2 * MAX_LINE_BYTES // READ_BYTES
        ):  # what a descendant goes on saying is not waited for
            if not self._read():
                break
        if self._buffer:
            self._tell(self._buffer)
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


async def _ends_within(running: _Running, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(running.ended)
    except TimeoutError:
        return False
    return True


def _how(wait_status: int) -> str:
    if os.WIFEXITED(wait_status):
        return f"exit status {os.WEXITSTATUS(wait_status)}"
    try:
        return f"terminated by {signal.Signals(os.WTERMSIG(wait_status)).name}"
    except ValueError:
        return f"terminated by signal {os.WTERMSIG(wait_status)}"
