"""The line that a service manager shows."""

from support.fakes import World, group, program
from vigild.daemon.status_line import REFRESH_SECONDS, StatusLine
from vigild.host.service_manager import NoServiceManager


class Listening(NoServiceManager):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def status(self, text: str) -> None:
        self.heard.append(text)


def test_it_counts_by_state_and_is_told_when_it_has_changed() -> None:
    service, world = Listening(), World()
    line = StatusLine(world.clock, world.engine, service)
    assert line.text() == "programs: none"
    world.engine.add_group(group(program("a", start_seconds=0)))
    world.engine.add_group(group(program("b", autostart=False)))
    world.boot()
    line.refresh_soon()
    line.refresh_soon()
    assert service.heard == [], "not at once: many may move together"
    world.clock.advance(REFRESH_SECONDS)
    assert service.heard == ["programs: 1 running, 1 stopped"]
    line.refresh_soon()
    world.clock.advance(REFRESH_SECONDS)
    assert len(service.heard) == 1, "nothing has changed"
    world.exits("a", 256)
    line.refresh_soon()
    line.close()
    line.close()
    world.clock.advance(REFRESH_SECONDS)
    assert len(service.heard) == 1
