"""Where the two implementations are."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.until import DEADLINE_SECONDS

PROJECT = Path(__file__).resolve().parents[3]
PROBES = Path(__file__).resolve().parent / "probes"


@dataclass(frozen=True, slots=True)
class Installation:
    """A directory of commands (`supervisord`, `supervisorctl`, …) under the name used in transcripts."""

    name: str
    bin: Path

    def command(self, name: str) -> str:
        """Full path of one of its commands."""
        return str(self.bin / name)


THEIRS = Installation("supervisor", PROJECT / ".peers" / "supervisor" / "bin")
# VIGIL_COMPAT_OURS=self plays Supervisor against itself: whatever differs then is noise of the harness.
# Any other value is a directory of commands, such as the bin of another installation of Vigil.
_WANTED = os.environ.get("VIGIL_COMPAT_OURS", "")
OURS = (
    Installation("supervisor-again", THEIRS.bin)
    if _WANTED == "self"
    else Installation("vigil", Path(_WANTED or Path(sys.executable).parent))
)


@cache
def why_not_installed(installation: Installation) -> str:
    """Empty when both commands answer `--version`-like questions; else what is wrong, in words."""
    for name, flag in (("supervisord", "--version"), ("supervisorctl", "--help")):
        command = installation.command(name)
        try:
            done = subprocess.run([command, flag], capture_output=True, text=True, timeout=DEADLINE_SECONDS)
        except OSError as error:
            return f"cannot run {command}: {error.strerror}; run `make test` or scripts/install_peers.py"
        if done.returncode:
            return f"{command} {flag} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    return ""
