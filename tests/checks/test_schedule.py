import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from support.until import DEADLINE_SECONDS
from vigild.checks import programs
from vigild.checks.reading import CannotLookError, Reading
from vigild.checks.schedule import Order, Schedule, look

Told = list[tuple[str, Reading]]


def order(
    name: str, kind: str = "file", *, interval: float = 0.1, delay: float = 0.0, **settings: object
) -> Order:
    return Order(name, kind, interval, 5.0, delay, settings)


def play(steps: Callable[[Schedule, Told], Awaitable[None]]) -> Told:
    async def run() -> Told:
        told: Told = []
        schedule = Schedule(lambda name, at, reading: told.append((name, reading)))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await steps(schedule, told)
        schedule.close()
        programs.COMMANDS.end_all()
        programs.COMMANDS = programs.Commands()  # for the next test
        await asyncio.sleep(0)
        return told

    return asyncio.run(run())


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0)


def test_one_that_hangs_holds_up_no_other() -> None:
    async def steps(schedule: Schedule, told: Told) -> None:
        hanging = order("hanging", "program", argv=["sleep", "600"])
        schedule.follow([(hanging, {}), (order("quick", path="/"), {})])
        await until(lambda: len(told) >= 3)

    assert {name for name, _ in play(steps)} == {"quick"}


def test_many_hanging_leave_turns_for_nobody_only_until_their_time_is_up() -> None:
    async def steps(schedule: Schedule, told: Told) -> None:
        slow = [
            Order(f"s{number}", "program", 0.1, 0.2, 0.0, {"argv": ["sleep", "600"]}) for number in range(20)
        ]
        schedule.follow([(item, {}) for item in slow])
        await until(lambda: len({name for name, _ in told}) == 20)

    assert all("was killed" in reading.error for _, reading in play(steps))


def test_those_that_did_not_change_go_on_and_the_others_do_not() -> None:
    async def steps(schedule: Schedule, told: Told) -> None:
        kept, left = order("kept", path="/", interval=600.0), order("left", path="/")
        schedule.follow([(kept, {}), (left, {})])
        await until(lambda: {"kept", "left"} <= {name for name, _ in told})
        schedule.follow([(kept, {})])
        told.clear()
        await asyncio.sleep(0)
        assert not schedule.look_now("left")
        assert schedule.look_now("kept")
        await until(lambda: told)

    assert [name for name, _ in play(steps)] == ["kept"]


def test_a_start_delay_comes_before_the_first_look() -> None:
    async def steps(schedule: Schedule, told: Told) -> None:
        schedule.follow([(order("late", path="/", delay=600.0), {}), (order("now", path="/"), {})])
        await until(lambda: told)

    assert next(name for name, _ in play(steps)) == "now"


def test_memory_reaches_the_check(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\nnew\n")
    found = log.stat()

    async def steps(schedule: Schedule, told: Told) -> None:
        memory = {"device": found.st_dev, "inode": found.st_ino, "offset": 4}
        schedule.follow([(order("f", path=str(log), content="."), memory)])
        await until(lambda: told)

    assert play(steps)[0][1].values["line"] == "new"


def test_one_that_cannot_be_made_says_so_once() -> None:
    async def steps(schedule: Schedule, told: Told) -> None:
        schedule.follow([(order("x", "weather"), {}), (order("y", path="/"), {})])
        await until(lambda: len(told) >= 3)

    told = [reading for name, reading in play(steps) if name == "x"]
    assert [reading.cannot for reading in told] == [
        "it cannot be looked at: there are no monitors of type 'weather'"
    ]


class Raising:
    grace_seconds = 0.0

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def read(self) -> Reading:
        if self.error is None:
            await asyncio.Event().wait()
            raise AssertionError
        raise self.error


@pytest.mark.parametrize(
    ("error", "reading"),
    [
        (None, Reading(error="no answer within 0.05 s")),
        (TimeoutError("so late"), Reading(error="so late")),
        (CannotLookError("no right"), Reading(cannot="no right")),
        (PermissionError(13, "x", "/a"), Reading(error="permission denied: /a")),
        (RuntimeError("odd"), Reading(error="odd")),
    ],
)
def test_whatever_becomes_of_a_look_it_is_a_reading(error: Exception | None, reading: Reading) -> None:
    begun = time.monotonic()
    assert asyncio.run(look(Raising(error), 0.05)) == reading
    assert time.monotonic() - begun < 20


def test_orders_from_messages() -> None:
    message = {
        "name": "a",
        "type": "file",
        "interval_seconds": 5,
        "timeout_seconds": 0,
        "settings": {"path": "/"},
    }
    assert Order.from_message(message) == Order("a", "file", 5.0, 0.1, 0.0, {"path": "/"})
    with pytest.raises(TypeError):
        Order.from_message({**message, "interval_seconds": "5"})
    with pytest.raises(KeyError):
        Order.from_message({})
