"""The flight recorder: what was read from a child and is not in its log yet outlives the daemon.

A FIFO keeps what nobody has read. But SIGKILL takes effect when a system call returns, so under load every
third `kill -9` finds bytes that were read and not yet written. So the read buffer is a file in the runtime
directory, mapped shared: what the kernel copied there stays, whatever becomes of us. In front of it a few
words say whose bytes these are, how many, and how long the log was before they came. The next daemon compares
with the log and writes what is missing.

**One batch.** Each read is a batch of bytes of a length that is known beforehand (FIONREAD; we are the only
reader). Before the read the buffer is filled with a pattern that no text contains. A read that took place has
overwritten it to the last byte; one that did not has left it. Bytes that go to the log as they are need one
record, STRAIGHT. Where a pipeline looks at them there are two: READ (deliver all of it again), then WRITE (what
the pipeline made of it, and what it holds back, are in a second file: finish the write, deliver nothing).

**Why it holds.** A process that is killed stops between two instructions, and what it stored before that, in
program order, is in the mapping. A record is filled in while nothing refers to it, and becomes valid by the store
of a single byte (`_STATE`: 0 none, 1 and 2 which of the two records). There are two, so that a valid one is
replaced in the same way. That byte is the only commit; nothing else needs to be atomic.

| killed | found at the next start | done then |
| --- | --- | --- |
| before or while a record is filled in | the state of before: none | nothing was read: the FIFO still has it |
| after the commit, before or in the read | the pattern, whole | nothing: the FIFO still has it |
| in the read, half-way (only if memory was taken from us in that microsecond) | the pattern from some byte on | what stands before it is the batch |
| after the read, before, in or after the write | bytes, and the log's length before | what the log has not got is written |
| in a write that the kernel cut short | the log has grown by less | the rest is written |
| while a log is rotated | the log by device and inode, under its name or a backup's; bytes known to be in it do not count again | the rest is written to the new log |
| in a pipeline, before WRITE | READ, and what the pipeline held back before | all of it goes through the pipeline again; events and syslog may be told twice, the log is not |
| after WRITE | the bytes for the log and what is held back after them | the rest is written, the pipeline goes on from there |
| after the state went to none | none | nothing: the log has it |
| while recovering | the record that the recovery keeps up to date by the same rules | the rest of the rest |

What it cannot know: how much a target took that is not a regular file (a pipe, a terminal, a socket). It is then
written again from the beginning of the batch: at least once. A log that was emptied or removed while no daemon
ran counts as one that has not got the batch. Binary output that ends in the very pattern (eight bytes; all of
them, if the batch is shorter) looks like a read that did not take place.
"""

import mmap
import os
import struct
from enum import IntEnum
from fcntl import ioctl
from termios import FIONREAD
from typing import NamedTuple

from vigild.core.frozen import plain

BUFFER_BYTES = 256 << 10
KEEP_OUTPUT_BYTES = 1 << 20  # a file of what a pipeline made of one read that got bigger is cut back

_MAGIC = b"vigil-flight-1\n\0"
_STATE = len(_MAGIC)
_RECORD = struct.Struct("<8Q")  # the fields of `_Record`
_RECORDS = (0, 64, 192)  # where, by state; the first is none
_STAMP = 320  # FIFO, NUL, path of the log
_AREA = 12 << 10
_MAX_STAMP_BYTES = _AREA - _STAMP
_PATTERN = bytes(range(0xFF, 0xF7, -1))  # not in any UTF-8 text
_FILL_BYTES = (
    32 << 10
)  # one store for nearly every read; as long as the buffer it would cost its size in memory
_FILL = memoryview(_PATTERN * (_FILL_BYTES // len(_PATTERN)))


class Stage(IntEnum):
    """How far a batch has come."""

    STRAIGHT = 1  # is being read, and goes to the log as it is
    READ = 2  # is being read, and goes through a pipeline
    WRITE = 3  # has come out of the pipeline as it was, and goes to the log
    WRITE_OUTPUT = 4  # what the pipeline made of it goes to the log


Mark = tuple[int, int, int]
"""A regular file and its length: device, inode, bytes. `NO_MARK` for what is no regular file."""

NO_MARK: Mark = (0, 0, 0)


class _Record(NamedTuple):
    stage: int
    length: int  # bytes of the batch, in the buffer or in the file of outputs
    offset: int  # so many of them are dealt with
    device: int  # the log, and its length when `offset` was true
    inode: int
    size: int
    stamp_length: int
    state_length: int  # bytes in the file of outputs, before the batch: what the pipeline holds back


@plain
class Batch:
    """What a daemon that died had read and, as far as its recorder knows, not written."""

    stage: Stage
    fifo: str
    log_path: str  # "" for none
    mark: Mark  # the log before `data` was written
    data: bytes
    offset: int  # of `data` in the batch
    state: bytes  # of the pipeline, after this batch; only with WRITE_OUTPUT


def stamp_of(fifo: str, log_path: str | None) -> bytes:
    """What a record says about whose bytes these are."""
    return (os.fsencode(fifo) + b"\0" + os.fsencode(log_path or ""))[:_MAX_STAMP_BYTES]


class FlightRecorder:
    """The read buffer for one batch at a time, in the file `path`. Raises OSError when it cannot be made.

    `is_open` says that there is a batch: `done` has not been called since it began. A batch that the file held
    already counts; `pending` has it.
    """

    __slots__ = (
        "_area",
        "_base",
        "_length",
        "_map",
        "_output",
        "_output_bytes",
        "_path",
        "_stamp",
        "_waiting",
        "is_open",
    )

    def __init__(self, path: str) -> None:
        self._path = path
        self._map = _map_file(path)
        self._area = memoryview(self._map)[_AREA:]
        self._length = 0
        self._stamp = b""
        self._waiting = memoryview(bytearray(4)).cast("i")
        self._output = -1
        self._output_bytes = 0
        self._base = 0
        self.is_open = bool(self._map[_STATE])

    def close(self) -> None:
        """Let go of the file, and remove it unless it holds a batch."""
        is_needed = bool(self._map[_STATE])
        self._area.release()
        self._map.close()
        if self._output >= 0:
            os.close(self._output)
            self._output = -1
        if not is_needed:
            for path in (self._path, _output_path(self._path)):
                try:
                    os.unlink(path)
                except OSError:
                    pass

    # -- one batch ---------------------------------------------------------------------------------

    def expect(self, fd: int, stamp: bytes, stage: Stage, mark: Mark) -> memoryview:
        """Open a batch for what waits in the pipe `fd`; read it into exactly this view."""
        try:
            ioctl(fd, FIONREAD, self._waiting)
            count = min(self._waiting[0], BUFFER_BYTES) or 1  # reading one byte tells an end from nothing
        except OSError:
            count = 1
        view = self._area[:count]
        if count <= _FILL_BYTES:
            view[:] = _FILL[:count]
        else:
            _fill(view)
        self._begin(count, stamp, stage, mark)
        return view

    def expect_nothing(self, stamp: bytes) -> None:
        """Open a batch of no bytes, for what a pipeline still holds back at the end of its stream."""
        self._begin(0, stamp, Stage.READ, NO_MARK)

    def cut(self, count: int) -> memoryview:
        """The read gave less than was waiting (the child reads its own output): only so much is the batch."""
        self._replace(self._current()._replace(length=count))
        self._length = count
        return self._area[:count]

    def write_follows(self, mark: Mark) -> None:
        """The pipeline is done with the batch and has left it as it was; all of it goes to the log now."""
        self._put(Stage.WRITE, self._length, mark, 0)

    def output_follows(self, state: bytes, output: bytes | memoryview, mark: Mark) -> None:
        """The pipeline made `output` of the batch, which goes to the log now, and holds back `state`."""
        if self._output < 0:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._output = os.open(_output_path(self._path), flags, 0o600)
        length = len(output)
        self._output_bytes = len(state) + length
        _write_all(self._output, state + output if state else output)
        self._put(Stage.WRITE_OUTPUT, length, mark, len(state))

    def progress(self, done: int, mark: Mark) -> None:
        """`done` bytes of what was handed to the log are dealt with; the log is `mark` now."""
        device, inode, size = mark
        record = self._current()
        self._replace(record._replace(offset=self._base + done, device=device, inode=inode, size=size))

    def done(self) -> None:
        """All that this batch was for has happened."""
        self._map[_STATE] = 0
        self.is_open = False
        if self._base:
            self._base = 0
        if self._output_bytes > KEEP_OUTPUT_BYTES:
            self._output_bytes = 0
            os.ftruncate(self._output, 0)

    # -- after a crash -----------------------------------------------------------------------------

    def pending(self) -> Batch | None:
        """The batch that a dead daemon left open; None for none (then nothing was read)."""
        if not self.is_open:
            return None
        record = self._current()
        stamp = bytes(self._map[_STAMP : _STAMP + record.stamp_length])
        fifo, _, log_path = stamp.partition(b"\0")
        data, state = b"", b""
        if record.stage == Stage.WRITE_OUTPUT:
            with open(_output_path(self._path), "rb") as file:
                state = file.read(record.state_length)
                data = file.read(record.length)
        else:
            data = bytes(self._area[: record.length])
            if record.stage in (Stage.STRAIGHT, Stage.READ):
                data = _what_was_read(data)
                self._replace(record._replace(length=len(data)))
            self._length = len(data)
        self._stamp = stamp
        return Batch(
            Stage(record.stage),
            os.fsdecode(fifo),
            os.fsdecode(log_path),
            (record.device, record.inode, record.size),
            data[record.offset :],
            record.offset,
            state,
        )

    def rebase(self, offset: int) -> None:
        """What is handed to the log next begins at `offset` in the batch."""
        self._base = offset

    def _begin(self, count: int, stamp: bytes, stage: Stage, mark: Mark) -> None:
        if stamp != self._stamp:
            self._map[_STAMP : _STAMP + len(stamp)] = stamp
            self._stamp = stamp
        self._length = count
        _RECORD.pack_into(self._map, 64, stage, count, 0, *mark, len(stamp), 0)
        self.is_open = True
        self._map[_STATE] = 1

    def _put(self, stage: Stage, length: int, mark: Mark, state_length: int) -> None:
        """The record from now on."""
        state = 3 - self._map[_STATE]
        place = _RECORDS[state]
        _RECORD.pack_into(self._map, place, stage, length, 0, *mark, len(self._stamp), state_length)
        self._map[_STATE] = state

    def _current(self) -> _Record:
        return _Record(*_RECORD.unpack_from(self._map, _RECORDS[self._map[_STATE]]))

    def _replace(self, record: _Record) -> None:
        other = 3 - self._map[_STATE]
        _RECORD.pack_into(self._map, _RECORDS[other], *record)
        self._map[_STATE] = other


def _map_file(path: str) -> mmap.mmap:
    """The file at `path`, whole and mapped. Its memory is taken now: a full tmpfs later would be a SIGBUS."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        size = _AREA + BUFFER_BYTES
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, size)
        else:
            os.pwrite(fd, b"\0", size - 1)
        mapped = mmap.mmap(fd, size)
    finally:
        os.close(fd)
    if mapped[: len(_MAGIC)] != _MAGIC:
        mapped[_STATE] = 0
        mapped[: len(_MAGIC)] = _MAGIC
    return mapped


def _fill(view: memoryview) -> None:
    for start in range(0, len(view), _FILL_BYTES):
        piece = view[start : start + _FILL_BYTES]
        piece[:] = _FILL[: len(piece)]


def _what_was_read(data: bytes) -> bytes:
    """What a read has left in the place of the pattern."""
    pattern = (_PATTERN * (len(data) // len(_PATTERN) + 1))[: len(data)]
    if data[-8:] != pattern[-8:]:
        return data
    count = len(data)
    while count and data[count - 1] == pattern[count - 1]:
        count -= 1
    return data[:count]


def _write_all(fd: int, data: bytes | memoryview) -> None:
    """From the beginning of `fd`. Raises OSError."""
    count = os.pwrite(fd, data, 0)
    while count < len(data):
        count += os.pwrite(fd, data[count:], count)


def _output_path(path: str) -> str:
    return f"{path}-output"
