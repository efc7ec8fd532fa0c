"""The real systemd-journald, as an instance of its own whose sockets and files are in a directory of the test.

Nothing of the machine's own journal is touched, and it takes no rights.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from support.until import until

BINARY = "/usr/lib/systemd/systemd-journald"


class Journald:
    """`socket` is where it listens; `entries` what it has written down."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "run/socket"
        self._logs = directory / "logs"
        self._errors = directory / "journald.err"
        for path in (self.socket.parent, self._logs):
            path.mkdir()

    def __enter__(self) -> Self:
        if not Path(BINARY).exists() or not shutil.which("journalctl"):
            pytest.skip("systemd is not installed: sh scripts/install_recipes.sh")
        places = {"RUNTIME_DIRECTORY": str(self.socket.parent), "LOGS_DIRECTORY": str(self._logs)}
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [BINARY, f"vigil{os.getpid()}"],  # a name makes it an instance beside the machine's own
                env={**os.environ, **places, "SYSTEMD_LOG_TARGET": "console"},
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        try:
            until(self._is_ready, what="journald")
        except BaseException:
            self.stop()
            raise
        return self

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self._errors.read_text()
        return self.socket.exists() and (self._logs / "system.journal").exists()

    def entries(self, *matches: str) -> list[dict[str, Any]]:
        command = ["journalctl", "-D", str(self._logs), "-o", "json", "--all", "--no-pager", *matches]
        done = subprocess.run(command, capture_output=True, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
