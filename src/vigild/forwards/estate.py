"""What forwarders leave to the next: taken up when there is time, beside all else, and left at the end.

Lines that were left are older than all that came since, and are the first to go to their receiver. Who is to leave them may
still live, and deliver: then it is waited for in a thread of its own.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from vigild.core.output_lines import Block
from vigild.forwards.spool import Left, Spool
from vigild.wire.forward_spool import Kept

TakeUp = Callable[[str, Kept], bool]
Warn = Callable[[str], None]


class Estate:
    """`base`: where files are, without the time in their names. `take_up(forward, kept)`: False where there is no such."""

    def __init__(self, base: str, take_up: TakeUp, warn: Warn) -> None:
        self._take_up = take_up
        self._warn = warn
        self._mutex = threading.Lock()  # what is taken up is in its place, or still in the file
        self._is_over = False
        self._spool: Spool | None = None
        self._problem = ""
        try:
            self._spool = Spool(base)
        except OSError as error:
            self._problem = f"{base}: {error.strerror or error}"
            return
        threading.Thread(target=self._take_all, args=(self._spool,), name="estate", daemon=True).start()

    def stop(self) -> None:
        """Take up nothing any more: what is there is for the next."""
        with self._mutex:
            self._is_over = True

    def leave(self, waiting: Mapping[str, Sequence[Block]]) -> bool:
        """Keep what waits, by forward, and say so; False where it cannot be kept. After `stop`."""
        lost = dict.fromkeys(waiting, (0, 0))
        if self._spool is not None:
            if waiting:
                lost |= self._spool.write(waiting)
            self._spool.close()
        for name, blocks in waiting.items():
            lines, size = sum(block.lines for block in blocks), sum(block.size for block in blocks)
            said = f"forward {name}: {lines} lines ({size} bytes) were not delivered"
            if self._problem:
                said = f"{said}, and are lost: they cannot be kept in {self._problem}"
            elif lost[name][0]:
                said = f"{said}; there was no room to keep {lost[name][0]} of them ({lost[name][1]} bytes)"
            else:
                said = f"{said}; they are kept for the next forwarder"
            self._warn(said)
        return self._spool is not None

    def _take_all(self, spool: Spool) -> None:
        try:
            paths = spool.others()
        except OSError as error:
            self._warn(f"cannot look for what former forwarders have left: {error}")
            return
        living = [path for path in paths if not self._take(path, waits=False)]
        for path in living:
            self._take(path, waits=True)

    def _take(self, path: str, *, waits: bool) -> bool:
        """False while its owner lives."""
        try:
            left = Left.at(path, waits=waits)
            if left is not None:
                with left, self._mutex:
                    if not self._is_over:
                        self._hand_on(left)
        except BlockingIOError:
            return False
        except OSError as error:
            self._warn(f"cannot use {path}: {error.strerror or error}; what it holds is not delivered")
        return True

    def _hand_on(self, left: Left) -> None:
        spooled = left.read(time.monotonic())
        if spooled.damage:
            aside = left.set_aside()
            self._warn(
                f"{left.path} is damaged: {spooled.damage}; the rest is lost; it is set aside as {aside}"
            )
        else:
            left.remove()
        for name, kept in spooled.kept.items():
            lines = sum(block.lines for block in kept.blocks)
            what = f"forward {name}: {lines} lines that were left from before"
            if self._take_up(name, kept):
                self._warn(
                    f"{what} wait again" + (f"; {kept.lost_lines} are lost" if kept.lost_lines else "")
                )
            else:
                self._warn(f"{what} are dropped: there is no such forward any more")
