"""TICK events: at multiples of their period by the wall clock, and only while somebody listens."""

from support.fakes import EPOCH, FakeClock, FakeJournal
from vigild.core.events import Event
from vigild.engine.bus import EventBus
from vigild.engine.ticks import Ticks


class Ear:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def accept(self, event: Event, serial: int) -> None:
        self.heard.append(f"{event.type} {event.payload.decode()}")

    def restored(self) -> None: ...


def world(*types: str) -> tuple[FakeClock, EventBus, Ticks, Ear]:
    clock, bus, ear = FakeClock(), EventBus(FakeJournal()), Ear()
    bus.subscribe(ear, frozenset(types))
    ticks = Ticks(clock, bus)
    ticks.refresh()
    return clock, bus, ticks, ear


def test_ticks_fall_on_multiples_of_the_period() -> None:
    clock, _, _, ear = world("TICK_5", "TICK_60")
    start = int(EPOCH)
    clock.advance(62)
    sixty = (start // 60 + 1) * 60
    assert ear.heard[:2] == [f"TICK_5 when:{start + 5}", f"TICK_5 when:{start + 10}"]
    assert f"TICK_60 when:{sixty}" in ear.heard
    assert clock.armed == 2


def test_a_timer_that_rings_early_by_the_wall_clock_says_nothing_yet() -> None:
    clock, _, _, ear = world("TICK_5")
    drift = [0.0]
    real_wall = clock.wall
    clock.wall = lambda: real_wall() - drift[0]  # type: ignore[method-assign]
    drift[0] = 0.5  # set back while the timer runs
    clock.advance(5)
    assert ear.heard == []
    clock.advance(0.5)
    assert ear.heard == [f"TICK_5 when:{int(EPOCH) + 5}"]


def test_refresh_and_stop_disarm() -> None:
    clock, bus, ticks, ear = world("TICK_5")
    ticks.refresh()
    assert clock.armed == 1, "arming twice would tick twice"
    bus.unsubscribe(ear)
    ticks.refresh()
    assert clock.armed == 0
    bus.subscribe(ear, frozenset({"TICK_3600"}))
    ticks.refresh()
    ticks.stop()
    assert clock.armed == 0
