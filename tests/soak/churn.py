"""What happens to the daemon: one thread a kind of trouble, all until told to end."""

import contextlib
import http.client
import os
import random
import signal
import socket
import threading
import time
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from soak.client import BAD_MANNERS, Rpc, connect, vanish

PROGRAMS = ("crash", "flood", "stubborn", "fork", "echo", "never")
MOST_STALLED = 30
TOLD = b"\n".join([b"told"] * 20).decode() + "\n"


@dataclass
class Churn:
    """Runs all troubles at once. What the daemon should not have done is in `complaints`."""

    socket_path: Path
    daemon_pid: int
    update: Callable[[], None]
    """Changes the configuration and has it taken over."""
    turns: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    slowest_answer_seconds: float = 0.0
    answers: int = 0

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._random = random.Random(20)

    def run(self, seconds: float) -> None:
        """Make trouble until the deadline, then end every thread."""
        self._end.clear()
        troubles = (self._orders, self._logs, self._bad_clients, self._updates, self._events, self._probe)
        threads = [threading.Thread(target=self._repeat, args=(trouble,)) for trouble in troubles]
        for thread in threads:
            thread.start()
        self._end.wait(seconds)
        self._end.set()
        for thread in threads:
            thread.join()

    def _repeat(self, trouble: Callable[[], None]) -> None:
        name = trouble.__name__.strip("_")
        while not self._end.is_set():
            try:
                trouble()
            except xmlrpc.client.Fault:
                pass  # a refusal is an answer, and much of this deserves one
            except (OSError, http.client.HTTPException, ValueError, AssertionError) as error:
                if len(self.complaints) < 20:
                    self.complaints.append(f"{name}: {type(error).__name__}: {error}")
            self.turns[name] = self.turns.get(name, 0) + 1

    def _wait(self, at_most_seconds: float) -> None:
        self._end.wait(self._random.uniform(0, at_most_seconds))

    def _orders(self) -> None:
        """Start and stop and signal at random."""
        rpc, name = Rpc(self.socket_path), self._random.choice(PROGRAMS)
        order = self._random.choice(("startProcess", "stopProcess", "signalProcess"))
        last = "USR1" if order == "signalProcess" and name == "crash" else self._random.random() < 0.5
        if order == "signalProcess" and name != "crash":
            last = self._random.choice(("CONT", "TERM", "KILL"))
        rpc.call(f"supervisor.{order}", name, last)
        self._wait(0.05)

    def _logs(self) -> None:
        """Read, tail, clear and reopen logs while they rotate."""
        rpc, name = Rpc(self.socket_path), self._random.choice(PROGRAMS)
        match self._random.randrange(5):
            case 0:
                rpc.call("supervisor.tailProcessStdoutLog", name, 0, 4000)
            case 1:
                rpc.call("supervisor.readProcessStderrLog", name, -2000, 0)
            case 2:
                rpc.call("supervisor.clearProcessLogs", name)
            case 3:
                rpc.call("supervisor.readLog", -2000, 0)
            case _:
                os.kill(self.daemon_pid, signal.SIGUSR2)
        self._wait(0.1)

    def _bad_clients(self) -> None:
        """Clients that say half of it, stall for a while, and vanish."""
        stalled: list[socket.socket] = []
        for _ in range(self._random.randrange(1, MOST_STALLED)):
            client = connect(self.socket_path)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may be shown the door early
                self._random.choice(BAD_MANNERS)(client)
            stalled.append(client)
        self._wait(1.0)
        for client in stalled:
            vanish(client)

    def _updates(self) -> None:
        self.update()
        self._wait(0.5)

    def _events(self) -> None:
        """Feed the listener, and tell a program something on its stdin."""
        rpc = Rpc(self.socket_path)
        call = {"methodName": "supervisor.sendRemoteCommEvent", "params": ["soak", "x" * 100]}
        rpc.call("system.multicall", [call] * 50)
        rpc.call("supervisor.sendProcessStdin", "echo", TOLD)
        self._wait(0.1)

    def _probe(self) -> None:
        """What everybody else relies on: a plain question gets its answer, soon."""
        rpc, began = Rpc(self.socket_path), time.monotonic()
        state = rpc.call("supervisor.getState")
        self.slowest_answer_seconds = max(self.slowest_answer_seconds, time.monotonic() - began)
        self.answers += 1
        if state["statename"] != "RUNNING":
            self.complaints.append(f"probe: the daemon says {state}")
        rpc.call("supervisor.getAllProcessInfo")
        self._wait(0.05)
