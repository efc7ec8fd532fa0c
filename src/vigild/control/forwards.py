"""Forwards, as a door may ask for them: how each stands, and a line to try one out."""

from collections.abc import Callable, Sequence
from typing import Protocol

from vigild.core.errors import Fault, VigilError
from vigild.core.forwards import ForwardInfo

NONE = "there is no [forward:x] in the configuration"


class ForwardDesk(Protocol):
    """Where output is forwarded from; `engine/` has the real one."""

    def status(self) -> list[ForwardInfo]:
        """How each forward stands, in the order of the configuration."""

    async def test(self, name: str) -> tuple[bool, str]:
        """Send a line through one that there is; did it arrive, and what was said?"""


class Forwards:
    """See `control.facade.ForwardControl`. `desk` answers None while there are no forwards."""

    def __init__(self, desk: Callable[[], ForwardDesk | None]) -> None:
        self._desk = desk

    def status(self) -> list[ForwardInfo]:
        """How each forward stands, in the order of the configuration."""
        desk = self._desk()
        return [] if desk is None else desk.status()

    async def test(self, name: str) -> tuple[bool, str]:
        """Send a line through this forward now; did it arrive, and what was said? BAD_NAME, FAILED."""
        desk = self._desk()
        if desk is None:
            raise VigilError(Fault.BAD_NAME, f"{name}: {NONE}")
        known: Sequence[str] = [info.name for info in desk.status()]
        if name not in known:
            raise VigilError(Fault.BAD_NAME, f"{name}: the forwards are {', '.join(known)}")
        return await desk.test(name)
