"""`GET /metrics`."""

import asyncio
from collections.abc import Iterator

from vigild.control.facade import Control
from vigild.core.access import Role, require
from vigild.core.errors import NotAllowedError
from vigild.fronts.metrics.collect import collect
from vigild.fronts.metrics.exposition import OPENMETRICS, PROMETHEUS, render, wants_openmetrics
from vigild.fronts.serving.messages import Handler, Request, Response, error_response

LOOK_AHEAD_SECONDS = 0.005  # how late the loop comes to a timer of so much is its delay
TURN_SECONDS = 0.002
SCRAPER = "metrics"
SAMPLE_SECONDS = 15.0
WATCHED_SECONDS = 180.0  # after a scrape, what programs use is looked at more often


def make_metrics(control: Control) -> Handler:
    """The handler."""

    async def handle(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return error_response(405, headers=(("Allow", "GET, HEAD"),))
        try:
            require(Role.VIEWER, "reading metrics")
        except NotAllowedError as error:
            return error_response(403, str(error.detail))
        control.views.watch(SCRAPER, SAMPLE_SECONDS, WATCHED_SECONDS)
        openmetrics = wants_openmetrics(request.header("accept") or "")
        samples = await collect(control, await loop_delay_seconds())
        body = await _joined(render(samples, openmetrics=openmetrics))
        kind = OPENMETRICS if openmetrics else PROMETHEUS
        return Response(200, (("Content-Type", kind), ("Cache-Control", "no-store")), body)

    return handle


async def _joined(parts: Iterator[bytes]) -> bytes:
    """All of it; others have their turn every other millisecond."""
    clock = asyncio.get_running_loop().time
    joined, turn_ends = [], clock() + TURN_SECONDS
    for part in parts:
        joined.append(part)
        if clock() > turn_ends:
            await asyncio.sleep(0)
            turn_ends = clock() + TURN_SECONDS
    return b"".join(joined)


async def loop_delay_seconds() -> float:
    """How late the loop comes to what is due."""
    loop = asyncio.get_running_loop()
    due = loop.time() + LOOK_AHEAD_SECONDS
    await asyncio.sleep(LOOK_AHEAD_SECONDS)
    return max(0.0, loop.time() - due)
