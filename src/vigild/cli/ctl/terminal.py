"""What programs wrote, for a terminal: colours stay, everything else that a terminal would obey is shown instead.

A program, or whoever it serves, can write what moves the cursor, renames the window or types on the reader's behalf.
Only a terminal obeys that; files and pipes get the bytes as they are.
"""

import re
from typing import IO

# A colour, the end of a line, or what is to be shown: control characters, and those of 8 bits in UTF-8.
_PARTS = re.compile(rb"\x1b\[[0-9;:]*m|\r?\n|\r\Z|\t|\xc2[\x80-\x9f]|[\x00-\x1f\x7f]")


def is_terminal(stream: IO[str]) -> bool:
    """Will somebody's terminal obey what is written there?"""
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def shown(data: bytes) -> bytes:
    """The same with `^[` for an escape, and so on."""
    return _PARTS.sub(_show, data)


def shown_text(text: str) -> str:
    """The same for text."""
    return shown(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _show(match: "re.Match[bytes]") -> bytes:
    part = match[0]
    if part[0] == 0xC2:
        return b"\\x%02x" % part[1]
    if len(part) > 1 or part in b"\n\t" or (part == b"\r" and match.end() == len(match.string)):
        return part
    return b"^" + bytes([part[0] ^ 0x40])
