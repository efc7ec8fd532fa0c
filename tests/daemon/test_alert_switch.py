"""A daemon without alerts loads nothing of them. What it does with them: `test_alerting.py`."""

import subprocess
import sys

CODE = """
import sys
import vigild.daemon.compose
from vigild.daemon.alert_switch import AlertSwitch
late = ("vigild.daemon.alerting", "vigild.engine.alarms", "vigild.engine.telling", "vigild.host.worker_process", "json")
print(*[name for name in late if name in sys.modules and name != "json"])
"""


def test_nothing_is_loaded_that_is_not_needed() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
