"""Free pages go back to the system."""

import os
import subprocess
import sys

GROW_AND_SHRINK = """
import os
from vigild.host.memory import give_back
give_back()  # whatever it needs is loaded
def resident(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
held = [bytes(1000) for _ in range(20_000)]
fence = bytes(1000)
before = resident()
del held
assert give_back()
print(before - resident())
"""


def test_free_pages_go_back_to_the_system() -> None:
    environ = {**os.environ, "PYTHONMALLOC": "malloc"}
    done = subprocess.run(
        [sys.executable, "-c", GROW_AND_SHRINK], env=environ, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 10_000_000
