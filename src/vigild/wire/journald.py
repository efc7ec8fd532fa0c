"""Lines of output as entries of systemd's journal, in its native protocol: a datagram of fields for each.

Bytes stay bytes: the journal takes any.
"""

import re
from collections.abc import Mapping

from vigild.core.output_lines import Block, Source, raw_records
from vigild.wire.forward_urls import Journald
from vigild.wire.syslog_messages import utc_stamp

MAX_NAME_CHARS = 64
MAX_HEADS = 4096
_UNFIT = re.compile(r"[^A-Z0-9_]")
# What says what the entry is; a label must not stand in its place.
_OURS = frozenset({"MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_FACILITY", "SYSLOG_PID"})


class JournalWriter:
    """Writes for one target. Labels become fields of their own: `team` is `TEAM`."""

    def __init__(self, target: Journald, labels: Mapping[str, str]) -> None:
        self._target = target
        self._labels = [(field_name(name), value) for name, value in labels.items()]
        self._heads: dict[Source, bytes] = {}

    def entries(self, block: Block) -> list[bytes]:
        """One entry for each line."""
        head = self._head(block.source)
        entries = []
        for at_ns, level, line in raw_records(block, self._target.level_prefix):
            second, ns = divmod(at_ns, 1_000_000_000)
            entries.append(
                b"%bPRIORITY=%d\nVIGIL_TIMESTAMP=%b.%06dZ\n%b"
                % (head, level, utc_stamp(second).encode(), ns // 1000, field("MESSAGE", line))
            )
        return entries

    def _head(self, source: Source) -> bytes:
        head = self._heads.get(source)
        if head is None:
            if len(self._heads) >= MAX_HEADS:
                self._heads.clear()
            fields = {
                "SYSLOG_IDENTIFIER": self._target.app_name or source.name,
                "SYSLOG_FACILITY": str(self._target.facility),
                "SYSLOG_PID": str(source.pid),
                "VIGIL_PROGRAM": source.program,
                "VIGIL_GROUP": source.group,
                "VIGIL_STREAM": source.channel,
                **dict(self._labels),
            }
            head = self._heads[source] = b"".join(
                field(name, value.encode("utf-8", "surrogateescape")) for name, value in fields.items()
            )
        return head


def field(name: str, value: bytes) -> bytes:
    """One field: on a line, or with its length where the value has lines of its own."""
    if b"\n" in value:
        return b"%b\n%b%b\n" % (name.encode(), len(value).to_bytes(8, "little"), value)
    return b"%b=%b\n" % (name.encode(), value)


def field_name(label: str) -> str:
    """A label as the name of a field: capitals, digits and underscores; what begins with an underscore is not ours to say."""
    name = _UNFIT.sub("_", label.upper()).lstrip("_")[:MAX_NAME_CHARS]
    if not name or name[0].isdigit() or name in _OURS:
        return f"LABEL_{name}"[:MAX_NAME_CHARS]
    return name
