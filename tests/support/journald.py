"""The real systemd-journald, in a mount namespace of its own, where /run is empty and its sockets are its own.

It takes root and `unshare`; a test that has neither skips. Its socket is reached from outside through /proc.
"""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from support.until import until

BINARY = "/usr/lib/systemd/systemd-journald"
_SCRIPT = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal && exec " + BINARY


class Journald:
    """`socket` is where it listens; `entries` what it has written down."""

    def __enter__(self) -> Self:
        unshare = shutil.which("unshare")
        if (
            os.geteuid() != 0
            or unshare is None
            or not Path(BINARY).exists()
            or not shutil.which("journalctl")
        ):
            pytest.skip("it takes root, unshare and systemd-journald: sh scripts/install_recipes.sh")
        self.process = subprocess.Popen(
            [unshare, "--mount", "sh", "-c", _SCRIPT],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        root = Path(f"/proc/{self.process.pid}/root")
        self.socket = root / "run/systemd/journal/socket"
        self._directory = root / "run/log/journal"
        try:
            until(lambda: self._comm() == "systemd-journal" and self.socket.exists(), what="journald")
        except BaseException:
            self.stop()
            raise
        return self

    def _comm(self) -> str:
        if self.process.poll() is not None:
            pytest.skip("systemd-journald cannot run here")
        return Path(f"/proc/{self.process.pid}/comm").read_text(encoding="ascii").strip()

    def entries(self, *matches: str) -> list[dict[str, Any]]:
        command = ["journalctl", "-D", str(self._directory), "-o", "json", "--all", "--no-pager", *matches]
        done = subprocess.run(command, capture_output=True, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def stop(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        self.process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
