"""Where the soak's lines are forwarded to: a socket as /dev/log, which counts them."""

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_SECONDS = 0.2


class Receiver:
    """Takes datagrams at `path` while it is entered. `lines`: how many came."""

    def __init__(self, path: Path) -> None:
        self.lines = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(POLL_SECONDS)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._take)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        self._socket.close()

    def _take(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(TimeoutError):
                self._socket.recv(1 << 16)
                self.lines += 1
