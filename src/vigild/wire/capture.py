"""Capture mode: what a process writes between two tokens goes to listeners and not to its log.

`<!--XSUPERVISOR:BEGIN-->` and `<!--XSUPERVISOR:END-->` may be cut anywhere between two reads. Only
the beginning of a token is ever held back. (Supervisor holds back everything shorter than a token,
and loses it when the process exits.) A captured part keeps its last `max_bytes` bytes.
"""

BEGIN_TOKEN = b"<!--XSUPERVISOR:BEGIN-->"
END_TOKEN = b"<!--XSUPERVISOR:END-->"


class CaptureSplitter:
    """Splits one stream into log bytes and captured parts, in order.

    Between two reads: `capturing` says that a part has begun, `captured` is what there is of it, and `held`
    what could become a token.
    """

    __slots__ = ("_max_bytes", "captured", "capturing", "held")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.capturing = False
        self.captured = b""
        self.held = b""

    def feed(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """`(bytes for the log, parts that are now complete)`."""
        if self.held:
            data = self.held + data
            self.held = b""
        log: list[bytes] = []
        parts: list[bytes] = []
        while data:
            token = END_TOKEN if self.capturing else BEGIN_TOKEN
            before, found, data = data.partition(token)
            if not found:
                held = _prefix_at_end(before, token)
                if held:
                    self.held = before[-held:]
                    before = before[:-held]
            if self.capturing:
                self.captured = (self.captured + before)[-self._max_bytes :]
            else:
                log.append(before)
            if found:
                if self.capturing:
                    parts.append(self.captured)
                    self.captured = b""
                self.capturing = not self.capturing
        return b"".join(log), parts

    def flush(self) -> bytes:
        """The stream ended: what was held back; a part whose END never came goes to the log, not to nobody."""
        rest = self.captured + self.held
        self.captured = self.held = b""
        self.capturing = False
        return rest


def _prefix_at_end(data: bytes, token: bytes) -> int:
    """How many bytes at the end of `data` could be the beginning of `token`."""
    # A token's first byte stands nowhere else in it, so the last one in the data is the only candidate.
    start = data.rfind(token[:1], max(0, len(data) - len(token) + 1))
    return len(data) - start if start >= 0 and token.startswith(data[start:]) else 0
