"""What the daemon says is configured, as values: `{"type": "config", …}` to a `ForwardSettings` for each forward.

An address in a `url_file` is read here and nowhere else: it never comes into the daemon.
"""

import os
from collections.abc import Mapping
from typing import Any

from vigild.core.frozen import frozen
from vigild.wire.forward_urls import Target, parse_target
from vigild.wire.url_lists import urls_of_file
from vigild.wire.url_parts import ReceiverUrlError

MAX_FILE_BYTES = 64 << 10


@frozen
class ForwardSettings:
    """One forward. `host`: the machine's name. `problem`: why there is no `target`, in words without a secret."""

    name: str
    host: str
    target: Target | None
    problem: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    batch_seconds: float = 1.0
    batch_max_bytes: int = 1 << 20
    buffer_max_bytes: int = 8 << 20

    @property
    def shown(self) -> str:
        """Its address as people may see it."""
        return self.target.shown if self.target is not None else ""


def settings_of(struct: Mapping[str, Any], host: str) -> ForwardSettings:
    """A forward of the message; what is missing has its usual value. Raises ValueError, KeyError, TypeError."""
    target, problem = _target(str(struct.get("url") or ""), str(struct.get("url_file") or ""))
    return ForwardSettings(
        str(struct["name"]),
        clean(host),
        target,
        problem,
        tuple((clean(name), clean(value)) for name, value in struct.get("labels", ())),
        float(struct.get("batch_seconds", 1.0)),
        max(1, int(struct.get("batch_max_bytes", 1 << 20))),
        max(1, int(struct.get("buffer_max_bytes", 8 << 20))),
    )


def clean(value: object) -> str:
    """Text that can be written as UTF-8."""
    return str(value).encode("utf-8", "replace").decode()


def _target(url: str, path: str) -> tuple[Target | None, str]:
    where = ""
    try:
        if path:
            found = urls_of_file(_read(path))
            if len(found) != 1:
                return None, f"url_file {path}: {len(found) or 'no'} addresses in it; write one"
            line, url = found[0]
            where = f"{path}:{line}: "
        return parse_target(url), ""
    except OSError as error:
        return None, f"cannot read url_file {path}: {error.strerror or error}"
    except ReceiverUrlError as error:
        return None, f"{where}{error}; {error.hint}"


def _read(path: str) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.read(fd, MAX_FILE_BYTES).decode("utf-8", "replace")
    finally:
        os.close(fd)
