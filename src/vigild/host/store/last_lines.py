"""The last lines of a log, as it was when its process ended. Read by the store's thread, some time later."""

import os

from vigild.core.history import OutputEnd

MAX_LINES = 20
MAX_BYTES = 8 << 10


def last_lines(end: OutputEnd, begin: int = 0) -> list[str]:
    """At most `MAX_LINES` lines and `MAX_BYTES` before `end`, and nothing before `begin`, where its run began.

    Nothing where the file is gone or was emptied.

    A log that was rotated meanwhile is found under the name of its first backup.
    """
    for path in (end.path, f"{end.path}.1"):
        try:
            data = _read(path, end, begin)
        except OSError:
            continue
        if data is not None:
            return _lines(data, is_cut=end.size - begin > len(data))
    return []


def _read(path: str, end: OutputEnd, earliest: int) -> bytes | None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        facts = os.fstat(fd)
        if (facts.st_dev, facts.st_ino) != (end.device, end.inode) or facts.st_size < end.size:
            return None
        begin = max(earliest, end.size - MAX_BYTES)
        return os.pread(fd, end.size - begin, begin)
    finally:
        os.close(fd)


def _lines(data: bytes, *, is_cut: bool) -> list[str]:
    lines = data.decode("utf-8", "replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    if is_cut and len(lines) > 1 and len(lines) <= MAX_LINES:
        lines[0] = f"…{lines[0]}"
    return [_message(line.rstrip("\r")) for line in lines[-MAX_LINES:]]


def _message(line: str) -> str:
    """What the program wrote, where the log holds JSON (`log_format=json`)."""
    if not (line.startswith('{"time":"') and line.endswith("}")):
        return line
    from json import loads

    try:
        found = loads(line)
    except ValueError:
        return line
    is_ours = {"program", "stream", "message"} <= found.keys()
    return str(found["message"]) if is_ours else line
