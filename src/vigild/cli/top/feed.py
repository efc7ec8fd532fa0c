"""What `vigil top` asks of the daemon. Each call may wait for the network: the screen makes them in threads."""

import threading
import time
from typing import NamedTuple, cast

from vigild.cli.top.rows import Facts, Row, rows_of
from vigild.client.errors import FaultError
from vigild.client.supervisor import Supervisor
from vigild.core.errors import Fault

TAIL_BYTES = 16384
WATCH_FACTOR = 6  # for so many intervals the daemon goes on sampling after it was last asked
FRESH_WITHIN_SECONDS = 3.0  # what a single table waits for, at most


DONE = {"start": "started", "stop": "stopped", "restart": "restarted"}


class Part(NamedTuple):
    """The end of a log: the text, where it ends, and whether something before it is not shown."""

    text: str
    offset: int
    has_gap: bool


class Feed:
    """One daemon, asked by one thread at a time."""

    def __init__(self, daemon: Supervisor, interval_seconds: float) -> None:
        self._daemon = daemon
        self._lock = threading.Lock()
        self.interval_seconds = interval_seconds
        self.machine: Facts = {}  # the last sample of the whole machine

    def facts(self) -> list[Facts]:
        """All processes with what they use; and the daemon goes on measuring. Raises ClientError."""
        with self._lock:
            self._watch()
            return self._daemon.all_facts()

    def rows(self) -> list[Row]:
        """The same in rows."""
        return rows_of(self.facts())

    def _watch(self) -> None:
        told = self._daemon.watch_samples(self.interval_seconds, self.interval_seconds * WATCH_FACTOR)
        machine = told.get("machine")  # an older daemon says nothing of it
        self.machine = machine if isinstance(machine, dict) else {}

    def fresh_facts(self) -> list[Facts]:
        """All processes, measured just now if the daemon can do that at once."""
        began = time.time()
        with self._lock:
            self._watch()
        while True:
            facts = self.facts()
            is_fresh = all(
                cast(float, each.get("sampled_at", 0.0)) >= began - self.interval_seconds
                for each in facts
                if each["statename"] == "RUNNING"
            )
            if is_fresh or time.time() - began > FRESH_WITHIN_SECONDS:
                return facts
            time.sleep(0.1)

    def act(self, action: str, name: str) -> str:
        """Carry out `start`, `stop` or `restart`; what came of it. Raises ClientError."""
        with Supervisor(
            self._daemon.rpc.another()
        ) as daemon:  # which may wait for long, and the table does not
            if action in ("stop", "restart"):
                try:
                    daemon.stop(name)
                except FaultError as fault:
                    if action == "stop" or fault.code != Fault.NOT_RUNNING:
                        raise
            if action in ("start", "restart"):
                daemon.start(name)
        return f"{name}: {DONE[action]}"

    def tail(self, name: str, channel: str, offset: int) -> Part:
        """What was written to a log since `offset`, or its end. Raises ClientError."""
        with self._lock:
            text, new_offset, has_gap = self._daemon.tail_process_log(name, channel, offset, TAIL_BYTES)
        return Part(text, new_offset, has_gap)
