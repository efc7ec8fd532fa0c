"""Room for what floods of lines leave."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import ports

MEMORY = "/dev/shm"
ROOM_BYTES = 2 << 30


@pytest.fixture
def roomy_tmp() -> Iterator[Path]:
    """A directory for hundreds of megabytes, in memory where there is room, and gone after the test."""
    in_memory = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    path = Path(tempfile.mkdtemp(prefix="vg", dir=MEMORY if in_memory else "/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that nobody has at the moment."""
    return ports.free_port()
