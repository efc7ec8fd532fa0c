"""The picture of the states is the table."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_diagram_is_drawn_from_the_table() -> None:
    done = subprocess.run([sys.executable, "scripts/make_state_diagram.py", "--check"], cwd=ROOT)
    assert done.returncode == 0, "run scripts/make_state_diagram.py"
