"""The clock port over a loop."""

import asyncio
import time

from support.until import DEADLINE_SECONDS
from vigild.host.clock import LoopClock


def test_alarms_ring_in_order_and_a_cancelled_one_never() -> None:
    rung: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop)
        done = asyncio.Event()
        now = clock.monotonic()
        clock.call_at(now + 0.02, lambda: (rung.append("second"), done.set()))  # type: ignore[func-returns-value]
        clock.call_at(now + 0.01, lambda: rung.append("first"))
        clock.call_at(now + 0.005, lambda: rung.append("never")).cancel()
        await asyncio.wait_for(done.wait(), DEADLINE_SECONDS)
        assert clock.monotonic() >= now + 0.02
        assert abs(clock.wall() - time.time()) < 60

    asyncio.run(main())
    assert rung == ["first", "second"]
