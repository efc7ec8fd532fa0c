"""Servers that speak UDP: a datagram is sent, and an answer awaited, or at least no refusal.

UDP knows no connection. That nothing listens is known where the machine says so (an ICMP message), which firewalls often
swallow; only an answer proves that somebody is there. Datagrams may get lost, so each is sent up to three times.
"""

import asyncio
import re
import time

TRIES = 3
REFUSAL_SECONDS = 1.0  # at most, for a refusal, where no answer is expected
MAX_ANSWER_BYTES = 64 << 10
ANYTHING = b"\0"  # is sent where nothing is given: asyncio does not send an empty datagram


class _Ears(asyncio.DatagramProtocol):
    """What comes back: datagrams, or a refusal."""

    def __init__(self, expected: str) -> None:
        self._expected = re.compile(expected)
        self.heard = ""
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Is this what is awaited?"""
        self.heard = data[:MAX_ANSWER_BYTES].decode("utf-8", "replace")
        if self._expected.search(self.heard) and not self.answered.done():
            self.answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there."""
        if not self.answered.done():
            self.answered.set_exception(exc)


async def ask(address: str, port: int, said: bytes, expected: str, seconds: float) -> float | None:
    """How long an answer took that `expected` (an expression) is found in.

    Where nothing is expected ("") any answer will do, and so does silence: None. Raises OSError where it is refused,
    TimeoutError with words.
    """
    loop = asyncio.get_running_loop()
    endpoint = await loop.create_datagram_endpoint(lambda: _Ears(expected), remote_addr=(address, port))
    transport, ears = endpoint
    patience = (seconds if expected else min(seconds, REFUSAL_SECONDS)) / TRIES
    begun = time.monotonic()
    try:
        for _ in range(TRIES):
            transport.sendto(said or ANYTHING)
            done, _ = await asyncio.wait([ears.answered], timeout=patience)
            if done:
                ears.answered.result()
                return round(time.monotonic() - begun, 4)
    finally:
        if not ears.answered.cancel():
            ears.answered.exception()  # which nobody may have had the time to take
        transport.abort()
    if expected and ears.heard:
        raise TimeoutError(f"no answer from {address} matches {expected!r}: {ears.heard}")
    if expected:
        raise TimeoutError(f"no answer from {address} within {seconds:g} s")
    return None
