"""The `Prober` port: asks programs over HTTP, TCP, a unix socket or with a command, never blocking the loop.

At most `MAX_AT_ONCE` questions are under way; the others wait for their turn, and their time begins with it. Names
are resolved in a thread, addresses and `localhost` need none.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING

from vigild.core.probe import Scheme, printable
from vigild.engine.ports import ProbeRequest, Sender

if TYPE_CHECKING:
    from vigild.core.health import Answer
    from vigild.host.helper_process import HelperProcesses
    from vigild.host.notifications import Notifications

MAX_AT_ONCE = 32
MAX_WORDS = 200  # of what a command said, or of an error
_ADDRESSES = {"localhost": ("127.0.0.1", "::1")}


class Question:
    """One that was asked."""

    __slots__ = ("_task",)

    def __init__(self, task: "asyncio.Task[None]") -> None:
        self._task = task

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        self._task.cancel()


class Prober:
    """Asks, and hears. One for the daemon."""

    def __init__(self, loop: asyncio.AbstractEventLoop, notify_path: str) -> None:
        self._loop = loop
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._helpers: HelperProcesses | None = None
        self._notify_path = notify_path
        self._notifications: Notifications | None = None
        self._on_notice: Callable[[Sender, dict[str, str]], None] = lambda sender, message: None

    def ask(self, request: ProbeRequest, on_answer: "Callable[[Answer], None]") -> Question:
        """Ask, and call back with the answer from the loop, once."""
        task = self._loop.create_task(self._carry_out(request, on_answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Question(task)

    def listen(self) -> str:
        """The address that programs notify us at. Raises OSError."""
        return self._hearing().listen()

    def hear(self, on_notice: Callable[[Sender, dict[str, str]], None]) -> None:
        """Call this with every notification."""
        self._on_notice = on_notice
        if self._notifications is not None:
            self._notifications.on_notice = on_notice

    def inherit(self, fd: int) -> None:
        """Go on hearing with the socket of the image before this one."""
        self._hearing().inherit(fd)

    @property
    def notify_fd(self) -> int:
        """The socket that notifications come to, -1 while nobody listens."""
        return self._notifications.fd if self._notifications is not None else -1

    def _hearing(self) -> "Notifications":
        if self._notifications is None:
            from vigild.host.notifications import Notifications  # late: few programs notify

            self._notifications = Notifications(self._loop, self._notify_path)
            self._notifications.on_notice = self._on_notice
        return self._notifications

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was one of our commands."""
        return self._helpers is not None and self._helpers.claim(pid, wait_status)

    async def close(self) -> None:
        """Take back every question, and hear nothing any more."""
        if self._notifications is not None:
            self._notifications.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry_out(self, request: ProbeRequest, on_answer: "Callable[[Answer], None]") -> None:
        from vigild.core.health import Answer  # late: nobody asks in most daemons

        async with self._turns:
            begun = self._loop.time()
            try:
                async with asyncio.timeout(request.timeout_seconds):
                    ok, text = await self._answer(request)
            except TimeoutError:
                ok, text = False, f"no answer within {request.timeout_seconds:g} seconds"
            except Exception as error:  # whatever a program answers with, it is an answer
                ok, text = False, _words(error)
            seconds = self._loop.time() - begun
        on_answer(Answer(ok, printable(text[:MAX_WORDS]), seconds))

    async def _answer(self, request: ProbeRequest) -> tuple[bool, str]:
        probe = request.probe
        match probe.scheme:
            case Scheme.HTTP:
                from vigild.host.http_probe import ask_http

                return await _first_of_addresses(request, ask_http)
            case Scheme.TCP:
                return await _first_of_addresses(request, _connect)
            case Scheme.UNIX:
                _, writer = await asyncio.open_unix_connection(probe.target)
                writer.transport.abort()
                return True, "connected"
            case Scheme.EXEC:
                return await self._run(request)
            case _:
                return False, f"{probe.text} cannot be asked"

    async def _run(self, request: ProbeRequest) -> tuple[bool, str]:
        from shlex import split

        if self._helpers is None:
            from vigild.host.helper_process import HelperProcesses

            self._helpers = HelperProcesses()
        environment: Mapping[str, str] = request.environment or os.environ
        outcome = await self._helpers.run(
            split(request.probe.target),
            directory=request.directory,
            environment=environment,
            seconds=request.timeout_seconds + 1.0,  # ours ends first, and has the words
            uid=request.uid,
        )
        lines = outcome.output.decode("utf-8", "replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        status = outcome.wait_status or 0
        if os.WIFSIGNALED(status):
            how = f"killed by signal {os.WTERMSIG(status)}"
        else:
            how = f"exit status {os.WEXITSTATUS(status)}"
        return status == 0, f"{how}: {said}" if said else how


async def _connect(request: ProbeRequest, address: str) -> tuple[bool, str]:
    _, writer = await asyncio.open_connection(address, request.probe.port)
    writer.transport.abort()
    return True, "connected"


Ask = Callable[[ProbeRequest, str], Coroutine[None, None, tuple[bool, str]]]


async def _first_of_addresses(request: ProbeRequest, ask: Ask) -> tuple[bool, str]:
    """`localhost` has two addresses, and needs no thread to be found."""
    *firsts, last = _ADDRESSES.get(request.probe.host, (request.probe.host,))
    for address in firsts:
        try:
            return await ask(request, address)
        except ConnectionRefusedError:
            continue
    return await ask(request, last)


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        # asyncio puts addresses before it, which are in the question already
        return os.strerror(error.errno).lower() if error.errno > 0 else str(error.strerror or error)
    return str(error) or type(error).__name__
