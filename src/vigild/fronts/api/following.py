"""A log as it grows, as server-sent events: looked at ten times a second, and only while somebody reads."""

import asyncio
import json
import os
from collections.abc import AsyncIterator

from vigild.fronts.api.logfiles import PIECE_BYTES, LogFile, whole_characters
from vigild.fronts.api.problems import ProblemError

POLL_SECONDS = 0.1
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": alive\n\n"


def event(kind: str, value: object, id_: str = "") -> bytes:
    """One server-sent event."""
    head = f"id: {id_}\nevent: {kind}\n" if id_ else f"event: {kind}\n"
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"{head}data: {data}\n\n".encode("utf-8", "replace")


class Follower:
    """What is written to the file of that name from `offset` on, across rotation, for ever."""

    def __init__(self, file: LogFile, offset: int) -> None:
        self._file = file
        self._offset = offset
        self._silent = 0.0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            piece = self._next_piece()
            if piece:
                self._silent = 0.0
                return piece
            if self._silent >= HEARTBEAT_SECONDS:
                self._silent = 0.0
                return HEARTBEAT
            await asyncio.sleep(POLL_SECONDS)
            self._silent += POLL_SECONDS

    async def aclose(self) -> None:
        """Close the file."""
        self._file.close()

    def _next_piece(self) -> bytes:
        size = self._file.size
        if size < self._offset:
            self._offset = 0
            return event("reset", {"reason": "truncated", "file": self._file.key})
        if size > self._offset:
            data = self._file.read(self._offset, min(size - self._offset, PIECE_BYTES))
            data = data[: whole_characters(data) or len(data)]
            told = self._file.told(data, self._offset)
            self._offset += len(data)
            return event("output", told, f"{self._file.key}:{self._offset}")
        return self._follow_rotation()

    def _follow_rotation(self) -> bytes:
        # Only after the old file was read to its end: nothing is lost between the two.
        try:
            facts = os.stat(self._file.path)
            if f"{facts.st_dev:x}-{facts.st_ino:x}" == self._file.key:
                return b""
            file = LogFile(self._file.path)
        except (OSError, ProblemError):
            return b""  # between the renaming and the new file
        self._file.close()
        self._file, self._offset = file, 0
        return event("reset", {"reason": "rotated", "file": file.key})
