"""Every bound of the server, and a counter for each time it was reached."""

from dataclasses import dataclass

from vigild.core.frozen import frozen


@frozen
class Limits:
    """What one server gives to clients.

    header_bytes            request line and headers together
    header_seconds          from the first byte of a request (or the connection) to the end of its headers
    body_bytes              a request's body
    body_idle_seconds       between two pieces of a body
    body_seconds            a whole body
    idle_seconds            a connection that asks for nothing
    connections             open at once; the longest idle one makes room, else a new one gets a 503
    stall_seconds           a reader that takes nothing of what is sent to it
    pipelined_bytes         read ahead while a request is being answered
    linger_seconds          reading on after a refusal, so that the client gets to see it
    trust_seconds           an answer that goes on is sent to whoever asked for it, before it is asked whether he still may
    """

    header_bytes: int = 32 * 1024
    header_seconds: float = 15.0
    body_bytes: int = 8 * 1024 * 1024
    body_idle_seconds: float = 30.0
    body_seconds: float = 300.0
    idle_seconds: float = 300.0
    connections: int = 256
    stall_seconds: float = 60.0
    pipelined_bytes: int = 64 * 1024
    linger_seconds: float = 2.0
    trust_seconds: float = 5.0


@dataclass(slots=True)
class Counters:
    """What happened since the server was opened."""

    connections: int = 0
    connections_refused: int = 0
    connections_evicted: int = 0
    requests: int = 0
    malformed: int = 0
    headers_too_large: int = 0
    header_timeouts: int = 0
    bodies_too_large: int = 0
    body_timeouts: int = 0
    idle_timeouts: int = 0
    stalled_readers: int = 0
    unauthorized: int = 0
    handshakes_failed: int = 0
    handler_errors: int = 0
