"""The real host floor for a test: children, streams, logs and reaping on a loop of their own."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from support.until import DEADLINE_SECONDS
from vigild.engine.ports import ChildRequest, SpawnFailure, StreamPlan
from vigild.host.children import Children, RunningChild
from vigild.host.logfiles import ChildLogs
from vigild.host.reaper import Reaper
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir, open_runtime_dir
from vigild.host.signals import SignalPipe


class ListLog:
    """A `Log` that keeps what it is told as `(level, message)`."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __getattr__(self, level: str) -> Callable[[str], None]:
        return lambda message: self.lines.append((level, message))

    def text(self) -> str:
        return "\n".join(message for _, message in self.lines)


class Machine:
    """Spawns shell scripts as programs do; `status[pid]` is there once a child has ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop, directory: Path, *, fifos: bool = True) -> None:
        self.loop = loop
        self.directory = directory
        self.log = ListLog()
        self.runtime: RuntimeDir | NoRuntimeDir = NoRuntimeDir("the test says so")
        if fifos:
            environ = {"XDG_RUNTIME_DIR": str(directory), "TMPDIR": str(directory)}
            self.runtime = open_runtime_dir(
                str(directory / "conf"), "test", environ=environ, uid=os.geteuid()
            )
            assert isinstance(self.runtime, RuntimeDir), self.runtime
        self.logs = ChildLogs(str(directory), "test", self.log, loop=loop)
        self.children = Children(loop, self.runtime, self.logs, self.log)
        self.running: dict[int, RunningChild] = {}
        self.status: dict[int, int] = {}
        self._signals = SignalPipe(loop)
        self._signals.on(signal.SIGCHLD, Reaper(self._on_exit).reap)
        self._signals.resume()

    def _on_exit(self, pid: int, status: int) -> None:
        self.status[pid] = status
        if pid in self.running:
            self.running.pop(pid).finish()

    def plan(self, channel: str = "stdout", name: str | None = None, **options: object) -> StreamPlan:
        path = str(self.directory / (name or channel))
        return StreamPlan(channel, path, **options)  # type: ignore[arg-type]

    def request(self, script: str, **options: object) -> ChildRequest:
        options.setdefault("stdout", self.plan("stdout"))
        options.setdefault("stderr", self.plan("stderr"))
        options.setdefault("environment", {"PATH": os.environ["PATH"]})
        argv = ["sh", "-c", script]
        return ChildRequest(name="web", filename="/bin/sh", argv=argv, **options)  # type: ignore[arg-type]

    def python(self, script: str, **options: object) -> RunningChild:
        request = self.request(script, **options)
        request.filename, request.argv = sys.executable, ["python", "-c", script]
        return self.started(request)

    def started(self, request: ChildRequest) -> RunningChild:
        child = self.children.spawn(request)
        assert not isinstance(child, SpawnFailure), child
        self.running[child.pid] = child
        return child

    def run(self, script: str, **options: object) -> RunningChild:
        return self.started(self.request(script, **options))

    def read(self, name: str) -> bytes:
        path = self.directory / name
        return path.read_bytes() if path.exists() else b""

    async def ended(self, child: RunningChild) -> int:
        """Exit status as `waitstatus_to_exitcode` gives it, once the child is reaped and finished."""
        await self.holds(lambda: child.pid in self.status, f"the end of pid {child.pid}")
        return os.waitstatus_to_exitcode(self.status[child.pid])

    async def holds(self, condition: Callable[[], object], what: str = "") -> None:
        deadline = self.loop.time() + DEADLINE_SECONDS
        while not condition():
            assert self.loop.time() < deadline, f"waited in vain for {what or condition}"
            await asyncio.sleep(0.005)

    def close(self) -> None:
        for child in self.running.values():
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(child.pid, 0)
            child.finish()
        self._signals.close()
        self.children.close()
        self.logs.close_all()
        if isinstance(self.runtime, RuntimeDir):
            self.runtime.close()


def on_machine(directory: Path, play: Callable[[Machine], Awaitable[None]], *, fifos: bool = True) -> None:
    """Run `play` on a machine in `directory` and tidy up whatever happened."""

    async def main() -> None:
        machine = Machine(asyncio.get_running_loop(), directory, fifos=fifos)
        try:
            await play(machine)
        finally:
            machine.close()

    asyncio.run(main())
