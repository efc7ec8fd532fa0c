"""Which of many descriptors can be read: one kernel object, itself watched by the loop as one descriptor.

The loop's own machinery costs several microseconds and half a kilobyte for each descriptor. Here a
descriptor is an entry in the kernel and in one dictionary. The kernel rotates what it reports, so a
bounded question is answered fairly.
"""

import select
import sys
from typing import Protocol


class Readiness(Protocol):
    """What the stream hub needs of epoll or kqueue."""

    def fileno(self) -> int: ...
    def add(self, fd: int) -> None: ...
    def remove(self, fd: int) -> None: ...
    def ready(self, limit: int) -> list[int]:
        """Up to `limit` descriptors with something to read (or at their end). Never waits."""

    def close(self) -> None: ...


if sys.platform == "linux":

    class _Epoll:
        __slots__ = ("_epoll", "_poll")

        def __init__(self) -> None:
            self._epoll = select.epoll()
            self._poll = self._epoll.poll

        def fileno(self) -> int:
            return self._epoll.fileno()

        def add(self, fd: int) -> None:
            self._epoll.register(fd, select.EPOLLIN)

        def remove(self, fd: int) -> None:
            self._epoll.unregister(fd)

        def ready(self, limit: int) -> list[int]:
            return [fd for fd, _ in self._poll(0, limit)]

        def close(self) -> None:
            self._epoll.close()

    def open_readiness() -> Readiness:
        """A new, empty set of descriptors."""
        return _Epoll()

else:

    class _Kqueue:
        __slots__ = ("_kqueue",)

        def __init__(self) -> None:
            self._kqueue = select.kqueue()

        def fileno(self) -> int:
            return self._kqueue.fileno()

        def add(self, fd: int) -> None:
            self._kqueue.control([select.kevent(fd, select.KQ_FILTER_READ, select.KQ_EV_ADD)], 0)

        def remove(self, fd: int) -> None:
            self._kqueue.control([select.kevent(fd, select.KQ_FILTER_READ, select.KQ_EV_DELETE)], 0)

        def ready(self, limit: int) -> list[int]:
            return [event.ident for event in self._kqueue.control(None, limit, 0)]

        def close(self) -> None:
            self._kqueue.close()

    def open_readiness() -> Readiness:
        """A new, empty set of descriptors."""
        return _Kqueue()
