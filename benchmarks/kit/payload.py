"""Makes the payload: the C program where a compiler is, the Python one else."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Payload:
    """How to run the payload: the first words of its command, and what to say about it."""

    command: tuple[str, ...]
    description: str

    @property
    def mark(self) -> str:
        """The word of the command line by which a process of the payload is recognised."""
        return self.command[-1]

    def argv(self, job: str, fifo: Path, *numbers: int) -> list[str]:
        return [*self.command, job, str(fifo), *map(str, numbers)]


def make_payload(cache: Path) -> Payload:
    """Compile payload.c into `cache` (once a version), or fall back to Python."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is not None:
        source = HERE / "payload.c"
        target = cache / f"payload-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
        if not target.exists():
            cache.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                [compiler, "-O2", "-o", str(target), str(source)], capture_output=True, text=True, timeout=60
            )
            if done.returncode != 0:
                raise RuntimeError(f"cannot compile {source}: {done.stderr.strip()}")
        return Payload((str(target),), "C program")
    fallback = (sys.executable, "-ISB", str(HERE / "payload_fallback.py"))
    return Payload(fallback, "Python fallback, no C compiler found: every start costs an interpreter more")
