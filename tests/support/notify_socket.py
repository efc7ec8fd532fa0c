"""A service manager as its services see it: a real datagram socket that takes messages and descriptors."""

import os
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from support.until import DEADLINE_SECONDS
from vigild.wire.sd_notify import parse

MAX_DESCRIPTORS = 16


@dataclass(frozen=True, slots=True)
class Message:
    """One datagram: its assignments, who sent it, when it was received (monotonic), descriptors that came with it."""

    assignments: dict[str, str]
    pid: int
    received: float
    fds: tuple[int, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.assignments[name]

    def __contains__(self, name: str) -> bool:
        return name in self.assignments


@dataclass
class NotifySocket:
    """Listens at `path` (`@name` for an abstract one); `messages` are those received so far."""

    path: str
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(f"\0{self.path[1:]}" if self.path.startswith("@") else self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; let go of every descriptor that came."""
        self.socket.close()
        for message in self.messages:
            for fd in message.fds:
                os.close(fd)
        self.messages.clear()
        Path(self.path).unlink(missing_ok=True)

    def take(self) -> list[Message]:
        """Receive what is there, and return it."""
        new: list[Message] = []
        while True:
            message = self._receive(0.0)
            if message is None:
                return new
            new.append(message)

    def wait(self, *, after: Message | None = None, **wanted: str) -> Message:
        """Receive until a message that came later than `after` (None: any) says all of this; it is returned."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        seen = 0 if after is None else self.messages.index(after) + 1
        while True:
            while seen < len(self.messages):
                message = self.messages[seen]
                if all(message.assignments.get(name) == value for name, value in wanted.items()):
                    return message
                seen += 1
            left = deadline - time.monotonic()
            if left <= 0 or self._receive(left) is None:
                raise AssertionError(
                    f"waited for {wanted}; got {[each.assignments for each in self.messages]}"
                )

    def _receive(self, timeout: float) -> Message | None:
        self.socket.settimeout(timeout)
        room = socket.CMSG_SPACE(MAX_DESCRIPTORS * 4) + socket.CMSG_SPACE(12)
        try:
            data, ancillary, _flags, _sender = self.socket.recvmsg(8192, room)
        except (BlockingIOError, TimeoutError):
            return None
        fds: list[int] = []
        pid = 0
        for level, kind, payload in ancillary:
            numbers = [
                int.from_bytes(payload[at : at + 4], sys.byteorder) for at in range(0, len(payload) - 3, 4)
            ]
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds += numbers
            elif level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                pid = numbers[0]
        message = Message(parse(data), pid, time.monotonic(), tuple(fds))
        self.messages.append(message)
        return message
