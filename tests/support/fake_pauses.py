"""Which monitors are paused, without a disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class FakePauseStore:
    """What is kept; `saves` and `closes` count."""

    enabled: dict[str, bool] = field(default_factory=dict)
    saves: int = 0
    closes: int = 0

    def load(self) -> dict[str, bool]:
        return dict(self.enabled)

    def save(self, enabled: Mapping[str, bool]) -> None:
        self.saves += 1
        self.enabled = dict(enabled)

    def close(self) -> None:
        self.closes += 1
