"""The service manager systemd, or whoever speaks its notification protocol.

Nothing here ever blocks the daemon or fails it. A socket whose reader is behind is tried again a little later;
the last word on the status and the next sign of life replace what did not get through.
"""

import asyncio
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Mapping

from vigild.engine.ports import Log
from vigild.host.service_manager import NoServiceManager
from vigild.wire.sd_notify import encode

MAX_WAITING = 4096  # messages that the reader has not taken yet
RETRY_SECONDS = 0.02
FLUSH_STEP_SECONDS = 0.005
MAX_STATUS_CHARACTERS = 500


class ServiceManager(NoServiceManager):
    """A service manager that listens on the datagram socket `address`."""

    is_present = True

    def __init__(self, address: str, log: Log, *, watchdog_seconds: float = 0.0, store_size: int = 0) -> None:
        self.store_size = store_size
        self.dropped = 0
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._log = log
        self._watchdog_seconds = watchdog_seconds
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[tuple[bytes, int]] = deque()  # message, descriptor (a duplicate; -1: none)
        self._retry: asyncio.TimerHandle | None = None
        self._pet: asyncio.TimerHandle | None = None
        self._unsent_status: str | None = None
        self._has_failed = False

    def attach(self, loop: asyncio.AbstractEventLoop, log: Log) -> None:
        """From now on messages that do not get through at once are tried again, and a watchdog is petted."""
        self._loop = loop
        self._log = log
        self._try_later()
        if self._watchdog_seconds and self._pet is None:
            self._keep_petting()

    def close(self) -> None:
        """Say what is still waiting, once; let go."""
        self._try_again()
        for timer in (self._retry, self._pet):
            if timer is not None:
                timer.cancel()
        self._retry = self._pet = None
        while self._waiting:
            _close(self._waiting.popleft()[1])
        self._socket.close()

    def flush(self, seconds: float) -> None:
        """Wait up to `seconds` until everything said so far has been taken: what waits here dies with this image."""
        deadline = time.monotonic() + seconds
        self._try_again()
        while self._waiting and time.monotonic() < deadline:
            time.sleep(FLUSH_STEP_SECONDS)
            self._try_again()

    def ready(self, status: str) -> None:
        """Everything that starts by itself has been started, and clients are served."""
        self._send({"READY": "1", "STATUS": _one_line(status)})

    def reloading(self) -> None:
        """A restart or an upgrade begins; `ready` ends it."""
        self._send({"RELOADING": "1", "MONOTONIC_USEC": str(time.monotonic_ns() // 1000)})

    def stopping(self) -> None:
        """The end begins."""
        self._send({"STOPPING": "1"})

    def status(self, text: str) -> None:
        """One line for people. Only the last one matters."""
        self._unsent_status = None
        if self._waiting or not self._sent(encode({"STATUS": _one_line(text)})):
            self._unsent_status = text
            self._try_later()

    def main_pid(self, pid: int) -> None:
        """Another process goes on in our place. To be said before this one ends."""
        self._send({"MAINPID": str(pid)})

    def extend_timeout(self, seconds: float) -> None:
        """The start, restart or end under way will take this much longer from now."""
        self._send({"EXTEND_TIMEOUT_USEC": str(int(seconds * 1_000_000))})

    def watchdog(self) -> None:
        """A sign of life. One that does not get through is not repeated: the next will do."""
        self._sent(b"WATCHDOG=1")

    def store_fd(self, name: str, fd: int) -> None:
        """Keep a duplicate of `fd` under `name` (`wire.sd_notify.encode_fd_name`) over the daemon's death.

        FDPOLL=0: without it systemd lets go of a pipe as soon as nobody writes to it any more, which is just
        when what is in it is needed.
        """
        self._send({"FDSTORE": "1", "FDNAME": name, "FDPOLL": "0"}, fd)

    def remove_fd(self, name: str) -> None:
        """Let go of what is kept under `name`."""
        self._send({"FDSTOREREMOVE": "1", "FDNAME": name})

    def _send(self, assignments: Mapping[str, str], fd: int = -1) -> None:
        message = encode(assignments)
        if not self._waiting and self._sent(message, fd):
            return
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            self._failed(f"{MAX_WAITING} messages wait already")
            return
        try:
            self._waiting.append((message, os.dup(fd) if fd >= 0 else -1))
        except OSError as error:  # no descriptor left
            self.dropped += 1
            self._failed(error.strerror or str(error))
        self._try_later()

    def _sent(self, message: bytes, fd: int = -1) -> bool:
        """False: not now. A message that cannot be sent at all counts as sent; there is no use in trying again."""
        rights = []
        if fd >= 0:
            rights.append((socket.SOL_SOCKET, socket.SCM_RIGHTS, fd.to_bytes(4, sys.byteorder)))
        try:
            self._socket.sendmsg([message], rights, 0, self._address)
        except BlockingIOError:
            return False
        except OSError as error:
            self._failed(error.strerror or str(error))
        return True

    def _failed(self, reason: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._log.warn(
                f"cannot tell the service manager at {self._address.replace(chr(0), '@')}: {reason}; "
                "everything goes on, but it may not know how we are"
            )

    def _try_later(self) -> None:
        unsent = self._waiting or self._unsent_status is not None
        if unsent and self._retry is None and self._loop is not None:
            self._retry = self._loop.call_later(RETRY_SECONDS, self._try_again)

    def _try_again(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        self._retry = None
        while self._waiting:
            message, fd = self._waiting[0]
            if not self._sent(message, fd):
                break
            self._waiting.popleft()
            _close(fd)
        else:
            if self._unsent_status is not None:
                self.status(self._unsent_status)
        self._try_later()

    def _keep_petting(self) -> None:
        """In the loop itself: a daemon whose loop hangs gives no more signs of life, and is restarted."""
        assert self._loop is not None
        self.watchdog()
        self._pet = self._loop.call_later(self._watchdog_seconds / 2, self._keep_petting)


def read_number(text: str) -> int:
    """A number as systemd writes it; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def _one_line(text: str) -> str:
    return text if len(text) <= MAX_STATUS_CHARACTERS else text[: MAX_STATUS_CHARACTERS - 1] + "…"


def _close(fd: int) -> None:
    if fd >= 0:
        os.close(fd)
