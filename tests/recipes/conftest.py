"""What the recipes need: a short directory that other users may enter, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recipes.book import Kitchen


@pytest.fixture
def kitchen() -> Iterator[Kitchen]:
    """An empty kitchen: short, because sockets live in it; open, because servers switch users."""
    path = Path(tempfile.mkdtemp(prefix="vr", dir="/tmp"))
    path.chmod(0o755)
    yield Kitchen(path)
    shutil.rmtree(path)
