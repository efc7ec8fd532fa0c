"""How much is measured: the full run, or the quick one that only shows that everything works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    quick: bool
    repeats: int  # alternating turns of every contender, for the rows that start a daemon for one figure
    many: int = 200
    crowd: int = 1000  # 0: leave the rows with a thousand programs out
    respawn_rounds: int = 50
    respawn_limit_seconds: float = 60.0
    idle_settle_seconds: float = 8.0
    idle_seconds: float = 20.0
    flood_bytes: int = 2_000_000_000
    flood_limit_seconds: int = 10
    lines_seconds: float = 20.0
    asks: int = 9
    events: int = 5000

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.many, self.crowd) if self.crowd else (self.many,)


def full_plan(repeats: int) -> Plan:
    return Plan(quick=False, repeats=repeats)


def quick_plan() -> Plan:
    return Plan(
        quick=True,
        repeats=1,
        crowd=0,
        respawn_rounds=20,
        respawn_limit_seconds=2.5,
        idle_settle_seconds=8.0,
        idle_seconds=3.0,
        flood_bytes=200_000_000,
        flood_limit_seconds=1,
        lines_seconds=2.0,
        asks=3,
        events=1000,
    )
