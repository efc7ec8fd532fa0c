"""The floor: a bare Python loop that does only the work of the row, and nothing a supervisor is for."""

import json
import platform
import sys
from pathlib import Path

from benchmarks.kit.contender import Contender, Daemon, Setup
from benchmarks.kit.site import Site, start

LOOP = Path(__file__).with_name("floor_loop.py")


class FloorDaemon(Daemon):
    """The bare loop, running."""

    def status_argv(self) -> list[str]:
        """What any command written in Python costs at least."""
        return [sys.executable, "-IS", "-c", "pass"]

    def send_events(self, number: int) -> None:
        """The loop makes its events itself."""


class Floor(Contender):
    name = "floor"
    title = "floor (bare Python loop)"

    def version(self) -> str:
        return platform.python_version()

    def launch(self, site: Site, setup: Setup) -> FloorDaemon:
        plan = {
            "listener": setup.listener,
            "events": setup.listener_buffer,
            "programs": [
                {
                    "argv": program.argv,
                    "copies": program.copies,
                    "log": str(program.log) if program.log else None,
                    "maxbytes": program.rotation.maxbytes,
                }
                for program in setup.programs
            ],
        }
        path = site.root / "floor.json"
        path.write_text(json.dumps(plan))
        process, before = start(site, [sys.executable, "-ISB", str(LOOP), str(path)])
        return FloorDaemon(site, process, before)
