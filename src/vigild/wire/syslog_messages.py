"""Lines of output as messages of syslog: RFC 5424, or the older form that glibc's `syslog(3)` sends (RFC 3164).

The text has no byte order mark before it, though RFC 5424 has one for UTF-8: receivers show it as rubbish. Control
characters but the tabulator are written as rsyslog writes them (`#033`), so that no terminal obeys what it is shown. A message that is
too long is cut, and ends with an ellipsis.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from vigild.core.output_lines import Block, Source, text_records
from vigild.wire.forward_urls import Syslog, SyslogFormat

NIL = "-"
HOST_CHARS, APP_CHARS, PID_CHARS, MSGID_CHARS, SD_CHARS = 255, 48, 128, 32, 32
ELLIPSIS = "…".encode()
MAX_HEADS = 4096  # of sources that are remembered
_UNPRINTABLE = re.compile(r"[^!-~]")
_UNFIT_FOR_NAME = re.compile(r'[^!-~]|[="\]]')
_ESCAPED = re.compile(r'(["\\\]])')
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class SyslogWriter:
    """Writes for one target. `labels` are in the structured data, which RFC 3164 does not have."""

    def __init__(self, target: Syslog, host: str, labels: Mapping[str, str]) -> None:
        self._target = target
        self._host = host
        self._labels = labels
        self._heads: dict[Source, str] = {}
        self._second = -1
        self._stamp = ""

    def messages(self, block: Block) -> list[bytes]:
        """One message for each line."""
        target = self._target
        head = self._head(block.source)
        is_new = target.format is SyslogFormat.RFC5424
        facility = target.facility << 3
        messages = []
        for at_ns, level, line in text_records(block, target.level_prefix):
            second, ns = divmod(at_ns, 1_000_000_000)
            if second != self._second:
                self._second = second
                self._stamp = utc_stamp(second) if is_new else _old_stamp(second)
            stamp = f"1 {self._stamp}.{ns // 1000:06d}Z" if is_new else self._stamp
            shown = line if line.isprintable() else _CONTROL.sub(_octal, line)
            message = f"<{facility | level}>{stamp} {head} {shown}".encode()
            messages.append(message if len(message) <= target.max_bytes else cut(message, target.max_bytes))
        return messages

    def _head(self, source: Source) -> str:
        """What stands between the time and the text; the same for all lines of a source."""
        head = self._heads.get(source)
        if head is None:
            if len(self._heads) >= MAX_HEADS:
                self._heads.clear()
            head = self._heads[source] = self._new_head(source)
        return head

    def _new_head(self, source: Source) -> str:
        target = self._target
        app_name = target.app_name or source.name
        if target.format is SyslogFormat.RFC3164:
            tag = f"{plain(app_name, APP_CHARS).replace(':', '_').replace('[', '_')}[{source.pid}]:"
            return tag if target.path else f"{plain(self._host, HOST_CHARS)} {tag}"
        pid = str(source.pid) if source.pid else NIL
        head = f"{plain(self._host, HOST_CHARS)} {plain(app_name, APP_CHARS)} {pid} {plain(source.channel, MSGID_CHARS)} "
        facts = {"program": source.program, "group": source.group, "stream": source.channel, **self._labels}
        data = structured_data(f"vigil@{target.enterprise}", facts)
        room = target.max_bytes // 2  # for the text is left what is more than that
        return head + (data if len((head + data).encode()) <= room else NIL)


def structured_data(name: str, values: Mapping[str, str]) -> str:
    """One element of structured data. Names get what may stand in them, values are escaped."""
    pairs = (
        f'{_UNFIT_FOR_NAME.sub("_", key)[:SD_CHARS] or "_"}="{_ESCAPED.sub(_backslash, _CONTROL.sub(_octal, value))}"'
        for key, value in values.items()
    )
    return f"[{' '.join((name, *pairs))}]"


def plain(text: str, max_chars: int) -> str:
    """`text` as a field of the header: printable ASCII without blanks; `-` for nothing."""
    return _UNPRINTABLE.sub("_", text)[:max_chars] or NIL


def cut(message: bytes, max_bytes: int) -> bytes:
    """The beginning of a message, and an ellipsis; no character is cut in two."""
    end = max_bytes - len(ELLIPSIS)
    while message[end] & 0xC0 == 0x80:
        end -= 1
    return message[:end] + ELLIPSIS


def counted(message: bytes) -> bytes:
    """A message in a stream, its length before it (RFC 6587 and 5425: octet counting)."""
    return b"%d %b" % (len(message), message)


@lru_cache(16)
def utc_stamp(second: int) -> str:
    """`2026-11-21T08:22:57`."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _old_stamp(second: int) -> str:
    at = datetime.fromtimestamp(second)  # RFC 3164 wants the time of the place
    return f"{_MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"


def _octal(found: re.Match[str]) -> str:
    return f"#{ord(found[0]):03o}"


def _backslash(found: re.Match[str]) -> str:
    return "\\" + found[0]
