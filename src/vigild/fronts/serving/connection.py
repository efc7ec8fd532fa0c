"""One connection: requests in, one after the other, responses out, every wait with an end.

h11 keeps the state of HTTP; a task a connection reads, asks the handler and writes. Bytes that arrive meanwhile
are kept by h11 up to `pipelined_bytes`, then reading pauses, so that a client that never stops sending meets
back-pressure and not our memory.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import h11

from vigild.core.access import current_caller
from vigild.core.frozen import frozen
from vigild.fronts.serving.gate import Gatekeeper
from vigild.fronts.serving.guard import with_default_headers
from vigild.fronts.serving.limits import Counters, Limits
from vigild.fronts.serving.messages import (
    REASONS,
    Handler,
    Request,
    Response,
    decode_path,
    error_response,
    http_date,
)

if TYPE_CHECKING:
    from vigild.fronts.serving.tls import Certificates

INTERRUPTED = "the daemon is being upgraded; what was ordered goes on, ask again for the outcome"
_MAX_LINGER_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Context:
    """What the connections of one server share."""

    handler: Handler
    gate: Gatekeeper
    limits: Limits
    counters: Counters
    log: Callable[[str, str], None]
    wall_clock: Callable[[], float]
    connections: "set[Connection]" = field(default_factory=set)
    closing: bool = False
    tls: "Certificates | None" = None
    held: asyncio.Event | None = None  # no request is begun until it is set


@frozen
class Peer:
    """Who is at the other end: `label` for people, and what the kernel says of a process on this machine."""

    label: str
    uid: int = -1
    gids: tuple[int, ...] = ()


@frozen
class OpenConnection:
    """A connection between two requests, to be served on by the daemon's next image.

    `early`: what has arrived of the next request. `used`: it has had an answer before, and may idle longer.
    """

    fd: int
    peer: str
    early: bytes
    used: bool


class _GoneError(Exception):
    """There is nobody to answer, or nothing more to say: end the connection."""


class _RefusedError(Exception):
    """Answer with this and end the connection."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(response.status)


class Connection(asyncio.Protocol):
    """Made when a client is accepted; ends itself."""

    def __init__(self, context: Context, peer: Peer, *, early: bytes = b"", used: bool = False) -> None:
        self._context = context
        self._early = early
        self._limits = context.limits
        self._peer = peer.label
        self._who = peer
        self._certificate: tuple[str, ...] = ()
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=context.limits.header_bytes)
        self._wake = asyncio.Event()  # bytes came, or the client went
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None
        self._ahead_bytes = 0  # arrived since h11 was last asked for an event
        self._eof = False
        self._lost = False
        self._streaming = False
        self._lingering = False
        self._done = False
        self._used = used
        self._is_interrupted = False
        self._cutoff: asyncio.TimerHandle | None = None
        self.waiting_since: float | None = (
            self._loop.time()
        )  # for a request; None while one is being answered

    # ---- what the loop tells ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._context.connections.add(self)
        if self._context.tls is not None:
            from vigild.fronts.serving.tls import names_in

            self._certificate = names_in(transport.get_extra_info("peercert"))
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._ended)
        if self._early:
            self.data_received(self._early)

    def data_received(self, data: bytes) -> None:
        self._ahead_bytes += len(data)
        if self._lingering:
            if self._ahead_bytes > _MAX_LINGER_BYTES:
                self._transport.abort()
            return
        self._http.receive_data(data)
        if self._ahead_bytes > self._limits.pipelined_bytes:
            self._transport.pause_reading()
        self._wake.set()

    def eof_received(self) -> bool:
        self._eof = True
        if not self._lingering:
            self._http.receive_data(b"")
        self._wake.set()
        if self._streaming and self._task is not None:
            self._task.cancel()
        # An answer in the making is still sent to who only closed his half; TLS knows no halves.
        return self._context.tls is None

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._wake.set()
        self._writable.set()
        if self._cutoff is not None:
            self._cutoff.cancel()
        self._forget()
        if self._streaming and self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # ---- what the server asks for ----

    def wind_down(self) -> None:
        """End now if there is no request or an endless answer, else after the answer."""
        if self._task is not None and (self.waiting_since is not None or self._streaming):
            self._task.cancel()

    def wind_down_stream(self) -> None:
        """End an endless answer in good order."""
        if self._task is not None and self._streaming:
            self._task.cancel()

    def cut(self) -> None:
        """End now, whatever goes on."""
        self._transport.abort()
        if self._task is not None:
            self._task.cancel()

    def hold(self) -> None:
        """Read nothing until `resume`; a request that has been begun is seen to its end."""
        if self.waiting_since is not None:
            self._transport.pause_reading()

    def part(self) -> None:
        """Before the next image, which cannot go on with this connection: say goodbye as TLS has it."""
        self._transport.close()

    def resume(self) -> None:
        """Go on reading."""
        self._transport.resume_reading()

    def interrupt(self) -> None:
        """Answer 503 now, whatever the request waits for; what it ordered goes on."""
        if self._task is not None and self.waiting_since is None and not self._streaming:
            self._is_interrupted = True
            self._task.cancel()

    @property
    def is_between_requests(self) -> bool:
        """All that was asked is answered, and the answer is with the kernel."""
        if self._lost:
            return self._done
        if self._transport.get_write_buffer_size():
            return False
        return self._done or (self.waiting_since is not None and not self._eof)

    def describe(self) -> OpenConnection | None:
        """For the daemon's next image; None for one that it cannot go on with."""
        if self._done or self._lost or not self.is_between_requests or self._context.tls is not None:
            return None  # the keys of TLS are in this image's memory
        fd = self._transport.get_extra_info("socket").fileno()
        return OpenConnection(fd, self._peer, bytes(self._http.trailing_data[0]), self._used)

    async def wait_ended(self, seconds: float) -> None:
        """Return when the connection's work is done, or after `seconds`."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)

    # ---- the conversation ----

    async def _run(self) -> None:
        try:
            await self._converse()
        except (_GoneError, asyncio.CancelledError):
            pass
        except _RefusedError as refused:
            await self._refuse(refused.response)
        except h11.RemoteProtocolError as error:
            await self._refuse(self._protocol_error(error))
        except Exception as error:
            self._context.log("error", f"the connection of {self._peer} ended by a defect: {error!r}")
            self._transport.abort()

    def _ended(self, _task: asyncio.Task[None]) -> None:
        # A callback and not a `finally`: a task that is cancelled before its first step runs none of its code.
        self._done = True
        self._transport.close()  # sends what is buffered first, if the client takes it
        if self._lost:
            self._forget()
        else:
            self._cutoff = self._loop.call_later(self._limits.stall_seconds, self._transport.abort)

    def _forget(self) -> None:
        if self._done and self._lost:
            self._context.connections.discard(self)

    async def _converse(self) -> None:
        while True:
            request = await self._read_request()
            response = await self._handle(request)
            await self._send(request, response)
            if self._context.closing or self._http.our_state is not h11.DONE:
                return
            if self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()
            if self._context.held is not None:
                self.waiting_since = self._loop.time()
                self._transport.pause_reading()
                await self._context.held.wait()

    def _protocol_error(self, error: h11.RemoteProtocolError) -> Response:
        if error.error_status_hint == 431:
            self._context.counters.headers_too_large += 1
            return error_response(
                431, f"request line and headers are longer than {self._limits.header_bytes} bytes"
            )
        self._context.counters.malformed += 1
        status = error.error_status_hint if error.error_status_hint in REASONS else 400
        return error_response(status, f"the request cannot be read: {_shown(error)}")

    # ---- reading ----

    async def _read_request(self) -> Request:
        head = await self._read_head()
        self._context.counters.requests += 1
        path, _, query = head.target.partition(b"?")
        request = Request(
            head.method.decode("ascii"),
            head.target.decode("ascii"),
            decode_path(path),
            query.decode("ascii"),
            tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers),
            peer=self._peer,
            uid=self._who.uid,
            gids=self._who.gids,
            certificate=self._certificate,
            is_secure=self._context.tls is not None,
        )
        request = self._context.gate.behind_proxies(request)
        caller = await self._context.gate.admit(request)
        if isinstance(caller, Response):
            self._context.counters.unauthorized += caller.status == 401
            raise _RefusedError(caller)
        return replace(request, body=await self._read_body(head), caller=caller)

    async def _read_head(self) -> h11.Request:
        limits = self._limits
        # A connection that has been used may idle; a new one, or one with a request begun, may not dawdle.
        idle_deadline = self._loop.time() + limits.idle_seconds
        deadline = None if self._used else self._loop.time() + limits.header_seconds
        self.waiting_since = self._loop.time()
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self.waiting_since = None
                self._used = True
                return event
            if event is not h11.NEED_DATA:  # the client is done, properly
                raise _GoneError
            if deadline is None and self._http.trailing_data[0]:
                deadline = self._loop.time() + limits.header_seconds
            if not await self._more_by(idle_deadline if deadline is None else deadline):
                self._give_up_on_head(
                    idle=deadline is None or not (self._used or self._http.trailing_data[0])
                )

    def _give_up_on_head(self, *, idle: bool) -> None:
        self.waiting_since = None
        if idle:
            self._context.counters.idle_timeouts += 1
            raise _GoneError
        self._context.counters.header_timeouts += 1
        raise _RefusedError(
            error_response(408, f"no complete request in {self._limits.header_seconds:g} seconds")
        )

    async def _read_body(self, head: h11.Request) -> bytes:
        limits, counters = self._limits, self._context.counters
        self._require_acceptable_length(head)
        if self._http.they_are_waiting_for_100_continue:
            self._write(
                self._http.send(h11.InformationalResponse(status_code=100, headers=[], reason="Continue"))
            )
        end = self._loop.time() + limits.body_seconds
        pieces: list[bytes] = []
        size = 0
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.EndOfMessage):
                return b"".join(pieces)
            if isinstance(event, h11.Data):
                pieces.append(bytes(event.data))
                size += len(event.data)
                if size > limits.body_bytes:
                    self._refuse_body()
            elif not await self._more_by(min(end, self._loop.time() + limits.body_idle_seconds)):
                counters.body_timeouts += 1
                raise _RefusedError(error_response(408, "the body of the request did not arrive in time"))

    def _require_acceptable_length(self, head: h11.Request) -> None:
        for name, value in head.headers:
            if name == b"content-length" and int(value) > self._limits.body_bytes:
                self._refuse_body()

    def _refuse_body(self) -> None:
        self._context.counters.bodies_too_large += 1
        raise _RefusedError(error_response(413, f"the body is larger than {self._limits.body_bytes} bytes"))

    async def _more_by(self, deadline: float) -> bool:
        """Wait until there is something new for h11; False when it is `deadline` before."""
        self._ahead_bytes = 0
        if self._context.held is None or self.waiting_since is None:
            self._transport.resume_reading()
        if self._lost:
            raise _GoneError
        self._wake.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    # ---- answering ----

    async def _handle(self, request: Request) -> Response:
        current_caller.set(request.caller)
        try:
            response = await self._context.handler(request)
        except asyncio.CancelledError:
            if not self._is_interrupted or self._task is None:
                raise
            self._task.uncancel()
            response = error_response(503, INTERRUPTED, (("Retry-After", "1"),))
        except Exception as error:
            self._context.counters.handler_errors += 1
            self._context.log("error", f"cannot answer {request.method} {request.target}: {_describe(error)}")
            response = error_response(500)
        self._context.log("trace", f"{self._peer} {request.method} {request.target} {response.status}")
        return response

    async def _send(self, request: Request, response: Response) -> None:
        if self._lost:
            await _close_stream(response.body)
            raise _GoneError
        if isinstance(response.body, bytes):
            self._write(self._encode(response, response.body, has_body=request.method != "HEAD"))
            await self._drained()
            return
        await self._stream(request, response, response.body)

    def _head(self, response: Response, *framing: tuple[str, str]) -> h11.Response:
        headers = [
            ("Server", "Vigil"),
            ("Date", http_date(self._context.wall_clock())),
            *with_default_headers(response.headers),
            *framing,
        ]
        if self._context.closing:
            headers.append(("Connection", "close"))
        reason = REASONS.get(response.status, "Unknown")
        return h11.Response(status_code=response.status, headers=headers, reason=reason)

    def _encode(self, response: Response, body: bytes, *, has_body: bool) -> bytes:
        head = self._http.send(self._head(response, ("Content-Length", str(len(body))))) or b""
        sent = self._http.send(h11.Data(data=body)) if has_body and body else b""
        return head + (sent or b"") + (self._http.send(h11.EndOfMessage()) or b"")

    async def _stream(self, request: Request, response: Response, body: AsyncIterator[bytes]) -> None:
        self._streaming = True
        try:
            self._write(
                self._http.send(self._head(response))
            )  # at once: the first piece may be long in coming
            if request.method != "HEAD" and not (self._eof or self._context.closing):
                await self._send_pieces(request, body)
            self._write(self._http.send(h11.EndOfMessage()))
            await self._drained()
        except asyncio.CancelledError:  # the client went, or the server closes
            if not self._lost and self._http.our_state is h11.SEND_BODY:
                self._write(self._http.send(h11.EndOfMessage()))
            raise
        except Exception as error:
            # Too late for a status; an answer that ends early must not look complete.
            self._context.counters.handler_errors += 1
            self._context.log("error", f"cannot go on with {request.target}: {_describe(error)}")
            self._transport.abort()
            raise _GoneError from None
        finally:
            self._streaming = False
            await _close_stream(body)

    async def _send_pieces(self, request: Request, body: AsyncIterator[bytes]) -> None:
        """What a stream brings, until whoever asked for it may no longer have it. He is told when he asks again."""
        clock, trust_seconds = asyncio.get_running_loop().time, self._limits.trust_seconds
        trusted_until = clock() + trust_seconds
        async for piece in body:
            if clock() >= trusted_until:
                if not self._context.gate.still_admits(request):
                    return
                trusted_until = clock() + trust_seconds
            if piece:
                self._write(self._http.send(h11.Data(data=piece)))
                await self._drained()

    def _write(self, data: bytes | None) -> None:
        if data and not self._lost:
            self._transport.write(data)

    async def _drained(self) -> None:
        """Wait until the client has taken most of what was written; cut it when it takes nothing for long."""
        while not self._writable.is_set():
            before = self._transport.get_write_buffer_size()
            try:
                async with asyncio.timeout(self._limits.stall_seconds):
                    await self._writable.wait()
            except TimeoutError:
                if self._transport.get_write_buffer_size() < before:
                    continue
                self._context.counters.stalled_readers += 1
                self._transport.abort()
                raise _GoneError from None
        if self._lost:
            raise _GoneError

    async def _refuse(self, response: Response) -> None:
        """Say why, then read on for a moment: closing at once could destroy the answer on its way."""
        if self._lost or self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        close = (*response.headers, ("Connection", "close"))
        self._lingering = True
        self._ahead_bytes = 0
        self._write(self._encode(Response(response.status, close), cast(bytes, response.body), has_body=True))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        try:
            async with asyncio.timeout(self._limits.linger_seconds):
                while not (self._eof or self._lost):
                    self._wake.clear()
                    await self._wake.wait()
        except (TimeoutError, asyncio.CancelledError):
            self._transport.abort()


def _shown(error: h11.RemoteProtocolError) -> str:
    # h11 quotes some lines as bytearray(...); a client's own line need not come back to it.
    return str(error).partition(": bytearray")[0]


def _describe(error: Exception) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


async def _close_stream(body: bytes | AsyncIterator[bytes]) -> None:
    close = getattr(body, "aclose", None)
    if close is not None:
        await close()
