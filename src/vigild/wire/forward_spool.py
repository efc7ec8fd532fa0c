"""What receivers have not taken when a forwarder ends, as bytes for the next one: blocks of lines, each with a checksum.

A line that says what this is; then records, each a line of JSON with its checksum before it, and so many raw bytes after
it; the last says that it is the last. What is damaged or cut short is of use up to there.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vigild.core.output_lines import Block, Source

FIRST_LINE = b"vigil forward spool 1\n"
MAX_HEAD_BYTES = 64 << 10


@dataclass(slots=True)
class Kept:
    """What is kept for one forward, in order; and what was lost before it could be."""

    blocks: list[Block] = field(default_factory=list)
    lost_lines: int = 0
    lost_bytes: int = 0


@dataclass(slots=True)
class Spooled:
    """What a spool says, by forward. `damage`: why there is no more of it; "" where all is as it was written."""

    kept: dict[str, Kept] = field(default_factory=dict)
    damage: str = ""


class SpoolError(ValueError):
    """This is no record, or not all of one."""


def encode_block(forward: str, block: Block) -> bytes:
    """Lines that wait for a forward."""
    source = block.source
    about = [source.program, source.group, source.name, source.channel, source.pid]
    head = {"forward": forward, "source": about, "at": block.first_ns, "lines": block.lines}
    return _record({**head, "bytes": len(block.data)}, block.data)


def encode_loss(forward: str, lines: int, size: int) -> bytes:
    """Lines that could not be written here, before what follows of this forward."""
    return _record({"forward": forward, "lost_lines": lines, "lost_bytes": size})


def encode_end() -> bytes:
    """Nothing follows."""
    return _record({"end": True})


def decode_spool(data: bytes, arrived: float) -> Spooled:
    """All that can be read of it. `arrived`: when its lines came here, by a clock that is never set."""
    found = Spooled()
    if not data.startswith(FIRST_LINE):
        found.damage = "it is of another kind, or of another version"
        return found
    at = len(FIRST_LINE)
    sources: dict[tuple[object, ...], Source] = {}
    try:
        while True:
            head, body, after = _next(data, at)
            if head.get("end"):
                if after < len(data):
                    raise SpoolError("something follows its end")
                return found
            kept = found.kept.setdefault(str(head["forward"]), Kept())
            if "source" in head:
                kept.blocks.append(_block(head, body, sources, arrived))
            else:
                kept.lost_lines += int(head["lost_lines"])
                kept.lost_bytes += int(head["lost_bytes"])
            at = after
    except SpoolError as error:
        found.damage = f"{error}, at byte {at}"
    except (KeyError, TypeError, ValueError):
        found.damage = f"a record is not understood, at byte {at}"
    return found


def _block(
    head: Mapping[str, Any], body: bytes, sources: dict[tuple[object, ...], Source], arrived: float
) -> Block:
    program, group, name, channel, pid = about = tuple(head["source"])
    source = sources.get(about)
    if source is None:
        source = sources[about] = Source(str(program), str(group), str(name), str(channel), int(pid))
    return Block(source, int(head["at"]), body, body.count(b"\n") + 1, arrived)


def _record(head: dict[str, object], body: bytes = b"") -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    return _checksum(text, body) + text + b"\n" + body


def _checksum(text: bytes, body: bytes) -> bytes:
    return b"%08x " % zlib.crc32(body, zlib.crc32(text))


def _next(data: bytes, at: int) -> tuple[Mapping[str, Any], bytes, int]:
    """The record at this byte, and where the next begins. Raises SpoolError and other ValueErrors."""
    end = data.find(b"\n", at, at + MAX_HEAD_BYTES)
    if end < 0:
        raise SpoolError("it is cut short" if len(data) - at < MAX_HEAD_BYTES else "a record has no end")
    text = data[at + 9 : end]
    head = json.loads(text)
    after = end + 1 + int(head.get("bytes", 0)) if isinstance(head, dict) else 0
    if not end < after <= len(data):
        raise SpoolError("it is cut short")
    body = data[end + 1 : after]
    if data[at : at + 9] != _checksum(text, body):
        raise SpoolError("a checksum is wrong")
    return head, body, after
