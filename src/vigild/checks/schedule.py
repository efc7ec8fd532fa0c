"""When what is looked at: each monitor has a task of its own, so that one that hangs holds up no other.

Looks are spread over time, as monitors begin together; `MAX_AT_ONCE` are under way at once, and the time of a look
begins when its turn has come. One whose turn comes late is not made up for.
"""

import asyncio
import time
import zlib
from collections.abc import Callable, Mapping

from vigild.checks.reading import CannotLookError, Check, Memory, Reading, Settings, shortened, words_of
from vigild.checks.table import make_check
from vigild.core.frozen import frozen
from vigild.core.health import check_delay

MAX_AT_ONCE = 16
MAX_MONITORS = 1000
Tell = Callable[[str, float, Reading], None]


@frozen
class Order:
    """A monitor as the daemon orders it. `settings`: what its type needs; `memory`: what its last look left."""

    name: str
    kind: str
    interval_seconds: float
    timeout_seconds: float
    start_delay_seconds: float
    settings: Settings

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> "Order":
        """Raises KeyError, TypeError, ValueError for what is no order."""
        settings = message.get("settings")
        return cls(
            str(message["name"]),
            str(message["type"]),
            max(0.1, _number(message["interval_seconds"])),
            max(0.1, _number(message["timeout_seconds"])),
            max(0.0, _number(message.get("start_delay_seconds", 0.0))),
            settings if isinstance(settings, dict) else {},
        )


class Schedule:
    """All monitors. `tell` gets every reading, with the name and the time since the epoch."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)
        self._running: dict[str, _Running] = {}

    def follow(self, orders: list[tuple[Order, Memory]]) -> None:
        """These and no others. Those that did not change go on as they are."""
        wanted = {order.name: (order, memory) for order, memory in orders[:MAX_MONITORS]}
        for name, running in list(self._running.items()):
            if name not in wanted or wanted[name][0] != running.order:
                running.task.cancel()
                del self._running[name]
        for name, (order, memory) in wanted.items():
            if name not in self._running:
                self._running[name] = _Running(order, memory, self._turns, self._tell)

    def look_now(self, name: str) -> bool:
        """Look at this one at once, and then in its usual interval. False where there is none of that name."""
        running = self._running.get(name)
        if running is not None:
            running.hurry.set()
        return running is not None

    def close(self) -> None:
        """Nothing is looked at any more."""
        self.follow([])


class _Running:
    """One monitor in its task."""

    def __init__(self, order: Order, memory: Memory, turns: asyncio.Semaphore, tell: Tell) -> None:
        self.order = order
        self.hurry = asyncio.Event()
        self._memory = memory
        self._turns = turns
        self._tell = tell
        self.task = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        order, loop = self.order, asyncio.get_running_loop()
        phase = zlib.crc32(order.name.encode()) / 2**32
        try:
            check = make_check(order.kind, order.settings, self._memory, order.timeout_seconds)
        except Exception as error:
            reading = Reading(cannot=shortened(f"it cannot be looked at: {words_of(error)}"))
            self._tell(order.name, time.time(), reading)
            return
        number, due = 0, loop.time() + order.start_delay_seconds
        while True:
            due += check_delay(number, phase, order.interval_seconds)
            number += 1
            if await self._is_hurried(due - loop.time()):
                due = loop.time()
            async with self._turns:
                reading = await look(check, order.timeout_seconds)
            self._tell(order.name, time.time(), reading)
            due = max(due, loop.time() - order.interval_seconds)

    async def _is_hurried(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.hurry.wait()
        except TimeoutError:
            return False
        self.hurry.clear()
        return True


async def look(check: Check, timeout_seconds: float) -> Reading:
    """One look, whatever becomes of it."""
    try:
        async with asyncio.timeout(timeout_seconds + check.grace_seconds):
            return await check.read()
    except TimeoutError as error:
        return Reading(error=shortened(str(error)) or f"no answer within {timeout_seconds:g} s")
    except CannotLookError as error:
        return Reading(cannot=shortened(str(error)))
    except Exception as error:  # whatever happens while a thing is looked at says something of that thing
        return Reading(error=shortened(words_of(error)))


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise TypeError(f"no number: {value!r}")
