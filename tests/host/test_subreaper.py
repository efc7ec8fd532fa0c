"""Orphans come to us; in a process of its own, because it cannot be told apart from us afterwards."""

import subprocess
import sys

import pytest

SCRIPT = """
import os, sys
from vigild.host.subreaper import become_subreaper

assert become_subreaper()
read, write = os.pipe()
child = os.fork()
if not child:
    if not os.fork():  # the grandchild waits until its parent is gone
        os.read(read, 1)
        os._exit(7)
    os._exit(0)
os.waitpid(child, 0)
os.write(write, b"x")
_, status = os.waitpid(-1, 0)  # nobody but the orphan
print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
def test_an_orphan_becomes_our_child_and_its_status_ours_to_know() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("7\n", "")
