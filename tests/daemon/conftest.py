"""A daemon that runs inside the test process makes that a subreaper; the tests after it must not get its orphans."""

import sys
from collections.abc import Iterator
from ctypes import CDLL

import pytest

PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture(autouse=True)
def no_subreaper_afterwards() -> Iterator[None]:
    """Orphans go where they went before."""
    yield
    if sys.platform.startswith("linux"):
        assert CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0
