"""Servers: a connection, what is said over it, and how long that took.

Names are resolved in a thread; the addresses are tried one after the other, each with its part of the time. Redirects
are not followed: a redirect is an answer. At most `MAX_BODY_BYTES` of an answer are read.
"""

import asyncio
import re
import socket
import time
from typing import TYPE_CHECKING

from vigild.checks.reading import (
    HangingError,
    Reading,
    Settings,
    Values,
    Work,
    pairs_of,
    shortened,
    text_of,
    truth_of,
)

if TYPE_CHECKING:
    from vigild.checks.tls import Trust

MAX_BODY_BYTES = 64 << 10
READ_BYTES = 16 << 10
UDP_SHARE = 0.9  # of the time that there is, so that its own words are said and not that it was over
LEAST_SECONDS = 1.0  # for one address of several
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class WrongAnswerError(Exception):
    """It answered, but not as it should; the values are what it said."""

    def __init__(self, text: str, values: Values) -> None:
        super().__init__(text)
        self.values = values


class HostCheck:
    """`scheme`: http, tcp, udp, unix or ping; `host`, `port`, `target` and `tls` as in a `core.probe.Probe`."""

    grace_seconds = 0.0

    def __init__(self, settings: Settings, timeout_seconds: float) -> None:
        port = settings.get("port")
        self._scheme = text_of(settings, "scheme")
        self._host = text_of(settings, "host")
        self._port = port if isinstance(port, int) else 0
        self._target = text_of(settings, "target")
        self._is_tls = truth_of(settings, "tls", False)
        self._verifies = truth_of(settings, "tls_verify", True)
        self._ca = text_of(settings, "tls_ca")
        self._settings = settings
        self._timeout_seconds = timeout_seconds
        self._resolving: Work | None = None
        self._trust: Trust | None = None

    async def read(self) -> Reading:
        """Ask. Raises what goes wrong on the way; a wrong answer is a reading with an error."""
        begun = time.monotonic()
        try:
            values = await self._ask()
        except WrongAnswerError as error:
            values = {**error.values, "response_time": round(time.monotonic() - begun, 4)}
            return Reading(values, str(error))
        if self._scheme != "udp":  # where silence may be an answer
            values.setdefault("response_time", round(time.monotonic() - begun, 4))
        return Reading(values)

    async def _ask(self) -> Values:
        if self._scheme == "unix":
            return await self._converse(*await asyncio.open_unix_connection(self._target))
        addresses = await self._resolve()
        if self._scheme == "ping":
            from vigild.checks.ping import ping

            return {"response_time": await ping(addresses[0], self._timeout_seconds), "address": addresses[0]}
        seconds = max(self._timeout_seconds / len(addresses), LEAST_SECONDS)
        failure: Exception | None = None
        for address in addresses:
            try:
                if self._scheme == "udp":
                    return {**await self._exchange(address, seconds), "address": address}
                async with asyncio.timeout(seconds):
                    return {**await self._ask_at(address), "address": address}
            except TimeoutError as error:
                failure = TimeoutError(str(error) or f"no answer from {address} within {seconds:g} s")
            except ConnectionError as error:
                failure = error
        assert failure is not None  # a name that has no address is an error of its own
        raise failure

    async def _resolve(self) -> list[str]:
        if self._resolving is not None and not self._resolving.is_over:
            raise HangingError("the name is still being looked up since the last check")
        self._resolving = Work(lambda: _addresses(self._host))
        found = await self._resolving.outcome()
        assert isinstance(found, list)
        return found

    async def _ask_at(self, address: str) -> Values:
        if not self._is_tls:
            return await self._converse(*await asyncio.open_connection(address, self._port))
        if self._trust is None:
            from vigild.checks.tls import Trust

            self._trust = Trust(self._host, self._port, self._ca, verifies=self._verifies)
        reader, writer, values = await self._trust.connect(address)
        try:
            return {**values, **await self._converse(reader, writer)}
        except WrongAnswerError as error:
            raise WrongAnswerError(str(error), {**values, **error.values}) from None

    async def _exchange(self, address: str, seconds: float) -> Values:
        from vigild.checks.datagrams import ask

        said, expected = unescaped(text_of(self._settings, "send")), text_of(self._settings, "expect")
        took = await ask(address, self._port, said, expected, seconds * UDP_SHARE)
        return {} if took is None else {"response_time": took}

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Values:
        try:
            if self._scheme == "http":
                return await self._request(reader, writer)
            return await self._talk(reader, writer)
        finally:
            writer.transport.abort()  # nothing of ours is left to be sent, and nobody waits for a goodbye

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Values:
        said, expected = text_of(self._settings, "send"), text_of(self._settings, "expect")
        if said:
            writer.write(unescaped(said))
            await writer.drain()
        answer = b""
        while expected and not re.search(expected, answer.decode("utf-8", "replace")):
            piece = await reader.read(READ_BYTES)
            answer += piece
            if not piece or len(answer) > MAX_BODY_BYTES:
                heard = shortened(answer.decode("utf-8", "replace")) or "nothing"
                raise WrongAnswerError(f"the answer does not match {expected!r}: {heard}", {})
        return {}

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Values:
        import h11

        connection = h11.Connection(h11.CLIENT)
        asked = h11.Request(
            method=text_of(self._settings, "method") or "GET",
            target=self._target.encode(),
            headers=list(self._headers().items()),
        )
        for said in (asked, h11.EndOfMessage()):
            writer.write(connection.send(said) or b"")
        await writer.drain()
        values: Values = {}
        expected = text_of(self._settings, "expect_body")
        body = bytearray()
        while len(body) < MAX_BODY_BYTES:
            match connection.next_event():
                case h11.NEED_DATA:
                    connection.receive_data(await reader.read(READ_BYTES))
                case h11.Response(status_code=status):
                    values["status"] = status
                    if not self._is_expected(status):
                        raise WrongAnswerError(f"HTTP status {status}", values)
                    if not expected:
                        return values
                case h11.Data(data=piece):
                    body += piece
                case h11.InformationalResponse():
                    continue
                case _:
                    break
        text = bytes(body[:MAX_BODY_BYTES]).decode("utf-8", "replace")
        values["body"] = shortened(text)
        if not re.search(expected, text):
            raise WrongAnswerError(f"nothing in the body matches {expected!r}", values)
        return values

    def _headers(self) -> dict[str, str]:
        host = f"[{self._host}]" if ":" in self._host else self._host
        usual = self._port == (443 if self._is_tls else 80)
        headers = {
            "Host": host if usual else f"{host}:{self._port}",
            "User-Agent": "vigil",
            "Accept": "*/*",
            "Connection": "close",
        }
        given = pairs_of(self._settings, "headers")
        names = {name.lower() for name in given}
        return {name: text for name, text in headers.items() if name.lower() not in names} | given

    def _is_expected(self, status: int) -> bool:
        ranges = self._settings.get("expect_status")
        if not isinstance(ranges, list) or not ranges:
            return 200 <= status <= 399
        return any(low <= status <= high for low, high in ranges)


def _addresses(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\"}


def unescaped(text: str) -> bytes:
    r"""What is sent for `send = PING\r\n`."""

    def replaced(match: re.Match[str]) -> str:
        return chr(int(match[1][1:], 16)) if match[1].startswith("x") else _ESCAPES[match[1]]

    return re.sub(r"\\(x[0-9A-Fa-f]{2}|[nrt0\\])", replaced, text).encode()
