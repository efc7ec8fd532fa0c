"""What happens to the bytes of one output stream when an option has to look at them.

In order: escape sequences out, captured parts out, the rest to `on_data` and to the sink, then heads before
lines (or lines as JSON), then file and syslog. A stream without such options never comes here.

What is held back from one read to the next (half an escape sequence, a part that is still being captured, a
line that has not ended) outlives the daemon: whenever it changed, `save` is told the new `state`, and the
recorder holds the state that goes with the bytes that are on their way to the log.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.engine.ports import Sink, StreamPlan
from vigild.host.flight import NO_MARK, FlightRecorder
from vigild.host.logfile import LogFile
from vigild.host.syslog import Syslog
from vigild.wire.ansi import AnsiStripper
from vigild.wire.capture import CaptureSplitter
from vigild.wire.journal import decode, encode_put
from vigild.wire.lines import LinePrefixer, LineSplitter

if TYPE_CHECKING:
    from vigild.wire.json_lines import JsonLines

MAX_SAVED_CAPTURE_BYTES = 256 << 10  # of a part that is still being captured: the end of it

Save = Callable[[bytes], None]
"""Keep the state of this stream for the next daemon; an empty one need not be kept."""


def needs_pipeline(plan: StreamPlan) -> bool:
    """Does any option look at the data?"""
    return bool(
        plan.strip_ansi
        or plan.capture_max_bytes
        or plan.on_data is not None
        or plan.line_prefix
        or plan.line_timestamps
        or plan.json_program
        or plan.syslog_tag is not None
        or (plan.tap is not None and plan.tap.is_wanted)
    )


class Pipeline:
    """The steps of one stream, kept from one spawn of the program to its end."""

    __slots__ = (
        "_ansi",
        "_capture",
        "_file",
        "_json",
        "_plan",
        "_prefixer",
        "_save",
        "_saved",
        "_splitter",
        "_syslog",
        "_tag",
        "muted",
        "sink",
        "unrecorded",
    )

    def __init__(
        self, plan: StreamPlan, file: LogFile | None, syslog: Syslog, save: Save | None = None
    ) -> None:
        self._plan = plan
        self._file = file
        self._syslog = syslog
        self._save = save
        self._saved = b""
        self._ansi = AnsiStripper() if plan.strip_ansi else None
        self._capture = CaptureSplitter(plan.capture_max_bytes) if plan.capture_max_bytes else None
        self._prefixer = LinePrefixer() if plan.line_prefix or plan.line_timestamps else None
        self._json = _json_lines(plan) if plan.json_program and file is not None else None
        self._splitter = LineSplitter() if plan.syslog_tag is not None else None
        self._tag = (plan.syslog_tag or "").encode() + b" " if plan.syslog_tag else b""
        self.muted = False  # True: the child is gone, its callbacks too; files still get what comes
        self.sink: Sink | None = None  # gets all that goes to the log, also while muted
        self.unrecorded = 0  # batches whose output could not be recorded: a crash would repeat them

    def feed(self, data: bytes, flight: FlightRecorder | None = None) -> bool:
        """Deliver one read, a batch of `flight`. False: the log file cannot take more for now."""
        kept = data
        if self._ansi is not None:
            kept = self._ansi.feed(kept)
        if self._capture is not None:
            kept, parts = self._capture.feed(kept)
            self._deliver_parts(parts)
        return self._deliver(data, kept, flight)

    def flush(self, flight: FlightRecorder | None = None) -> None:
        """The stream ended: deliver what was held back."""
        data = b""
        if self._ansi is not None:
            data = self._ansi.flush()
        if self._capture is not None:
            data, parts = self._capture.feed(data)
            self._deliver_parts(parts)
            data += self._capture.flush()
        if self._splitter is not None:
            for line in [*self._splitter.feed(data), *self._splitter.flush()]:
                self._syslog.send(self._tag + line)
        self._deliver(b"", data, flight, at_end=True)

    def state(self) -> bytes:
        """What is held back, for `restore` in another life; empty for nothing."""
        parts = b""
        if self._ansi is not None and self._ansi.held:
            parts += encode_put("ansi", "", self._ansi.held)
        capture = self._capture
        if capture is not None and (capture.capturing or capture.held):
            part = capture.captured[-MAX_SAVED_CAPTURE_BYTES:]
            parts += encode_put("capture", "on" if capture.capturing else "off", part)
            parts += encode_put("token", "", capture.held)
        if self._prefixer is not None and not self._prefixer.at_start:
            parts += _IN_LINE
        if self._json is not None and self._json.held:
            parts += encode_put("json", "", self._json.held)
        if self._splitter is not None and self._splitter.held:
            parts += encode_put("line", "", self._splitter.held)
        return parts

    def restore(self, state: bytes) -> None:
        """Go on from where a pipeline with this `state`, which is saved, was.

        What the plan no longer asks for is left out.
        """
        self._saved = state
        entries, _ = decode(state)
        if self._ansi is not None:
            self._ansi.held = entries.get("ansi", {}).get("", b"")
        if self._capture is not None:
            parts = entries.get("capture", {})
            self._capture.capturing = "on" in parts
            self._capture.captured = parts.get("on", b"")
            self._capture.held = entries.get("token", {}).get("", b"")
        if self._prefixer is not None:
            self._prefixer.at_start = "in-line" not in entries
        if self._json is not None:
            self._json.held = entries.get("json", {}).get("", b"")
        if self._splitter is not None:
            self._splitter.held = entries.get("line", {}).get("", b"")

    def keep(self, state: bytes) -> None:
        """Have `state` saved, if that is news."""
        if state != self._saved:
            self._saved = state
            if self._save is not None:
                self._save(state)

    def _deliver_parts(self, parts: list[bytes]) -> None:
        if self._plan.on_capture is not None and not self.muted:
            for part in parts:
                self._plan.on_capture(part)

    def _deliver(
        self, raw: bytes, data: bytes, flight: FlightRecorder | None, *, at_end: bool = False
    ) -> bool:
        output: bytes | memoryview = data
        if data:
            if self._plan.on_data is not None and not self.muted:
                self._plan.on_data(data)
            if self.sink is not None:
                self.sink.take(data)
            if self._splitter is not None and not at_end:
                for line in self._splitter.feed(data):
                    self._syslog.send(self._tag + line)
            if self._prefixer is not None:
                output = self._prefixer.feed(data, self._head())
        if self._json is not None:
            now = timestamp(time.time())
            output = self._json.feed(data, now)
            if at_end:
                output += self._json.flush(now)
        state = self.state()
        if flight is not None and (output or state != self._saved):
            flight = self._record(flight, output is raw, state, output)
        self.keep(state)
        return not output or self._file is None or self._file.write(output, flight)

    def _record(
        self, flight: FlightRecorder, is_unchanged: bool, state: bytes, output: bytes | memoryview
    ) -> FlightRecorder | None:
        """All is delivered but what goes to the file. None: that could not be recorded."""
        mark = NO_MARK
        if self._file is None:
            output = b""
        else:
            mark = self._file.mark()
        if is_unchanged and not state and not self._saved:
            flight.write_follows(mark)
            return flight
        try:
            flight.output_follows(state, output, mark)
        except OSError:
            self.unrecorded += 1
            return None
        return flight

    def _head(self) -> bytes:
        if self._plan.line_timestamps:
            return timestamp(time.time()) + b" " + self._plan.line_prefix
        return self._plan.line_prefix


def _json_lines(plan: StreamPlan) -> "JsonLines":
    from vigild.wire.json_lines import JsonLines  # late: few programs ask for it

    return JsonLines(plan.json_program, plan.channel)


_IN_LINE = encode_put("in-line", "", b"")
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
