"""What happens to the bytes of one output stream when an option has to look at them.

In order: escape sequences out, captured parts out, the rest to `on_data`, then heads before lines,
then file and syslog. A stream without such options never comes here.
"""

import time

from vigild.engine.ports import StreamPlan
from vigild.host.logfile import LogFile
from vigild.host.syslog import Syslog
from vigild.wire.ansi import AnsiStripper
from vigild.wire.capture import CaptureSplitter
from vigild.wire.lines import LinePrefixer, LineSplitter


def needs_pipeline(plan: StreamPlan) -> bool:
    """Does any option look at the data?"""
    return bool(
        plan.strip_ansi
        or plan.capture_max_bytes
        or plan.on_data is not None
        or plan.line_prefix
        or plan.line_timestamps
        or plan.syslog_tag is not None
    )


class Pipeline:
    """The steps of one stream, kept from one spawn of the program to its end."""

    __slots__ = ("_ansi", "_capture", "_file", "_plan", "_prefixer", "_splitter", "_syslog", "_tag", "muted")

    def __init__(self, plan: StreamPlan, file: LogFile | None, syslog: Syslog) -> None:
        self._plan = plan
        self._file = file
        self._syslog = syslog
        self._ansi = AnsiStripper() if plan.strip_ansi else None
        self._capture = CaptureSplitter(plan.capture_max_bytes) if plan.capture_max_bytes else None
        self._prefixer = LinePrefixer() if plan.line_prefix or plan.line_timestamps else None
        self._splitter = LineSplitter() if plan.syslog_tag is not None else None
        self._tag = (plan.syslog_tag or "").encode() + b" " if plan.syslog_tag else b""
        self.muted = False  # True: the child is gone, its callbacks too; files still get what comes

    def feed(self, data: bytes) -> bool:
        """Deliver one read. False: the log file cannot take more for now."""
        if self._ansi is not None:
            data = self._ansi.feed(data)
        if self._capture is not None:
            data, parts = self._capture.feed(data)
            self._deliver_parts(parts)
        return self._deliver(data)

    def flush(self) -> None:
        """The stream ended: deliver what was held back."""
        data = b""
        if self._ansi is not None:
            data = self._ansi.flush()
        if self._capture is not None:
            data, parts = self._capture.feed(data)
            self._deliver_parts(parts)
            data += self._capture.flush()
        self._deliver(data)
        if self._splitter is not None:
            for line in self._splitter.flush():
                self._syslog.send(self._tag + line)

    def _deliver_parts(self, parts: list[bytes]) -> None:
        if self._plan.on_capture is not None and not self.muted:
            for part in parts:
                self._plan.on_capture(part)

    def _deliver(self, data: bytes) -> bool:
        if not data:
            return True
        if self._plan.on_data is not None and not self.muted:
            self._plan.on_data(data)
        if self._splitter is not None:
            for line in self._splitter.feed(data):
                self._syslog.send(self._tag + line)
        if self._file is None:
            return True
        if self._prefixer is not None:
            return self._file.write(self._prefixer.feed(data, self._head()))
        return self._file.write(data)

    def _head(self) -> bytes:
        if self._plan.line_timestamps:
            return timestamp(time.time()) + b" " + self._plan.line_prefix
        return self._plan.line_prefix


_stamp_second = -1
_stamp_parts = (b"", b"")


def timestamp(wall: float) -> bytes:
    """ISO 8601 in local time with milliseconds and offset: `2026-11-20T22:00:00.123+01:00`."""
    global _stamp_second, _stamp_parts
    second = int(wall)
    if second != _stamp_second:
        text = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(second))
        _stamp_parts = (text[:-5].encode(), f"{text[-5:-2]}:{text[-2:]}".encode())
        _stamp_second = second
    date, zone = _stamp_parts
    return b"%b.%03d%b" % (date, int((wall - second) * 1000), zone)
