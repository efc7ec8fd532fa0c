"""Ports for servers of tests."""

import random
import socket

# Below those that the kernel gives to whoever wants any (from 32768 on): between the moment a test is told of its port
# and the moment its server has it, one of those would go to a client or a server of a test beside it now and then.
FIRST, LAST = 12_000, 32_000
_given: set[int] = set()
_chance = random.Random()


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now, and that no other test here was given."""
    while True:
        port = _chance.randrange(FIRST, LAST)
        if port in _given:
            continue
        _given.add(port)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
