"""One HTTP request to a program, and whether the answer will do.

A certificate is not verified: the question is whether the program works, not who it is. Redirects are not followed:
a redirect is an answer. At most `MAX_BODY_BYTES` of the body are read, and none where nobody asks for them.
"""

import asyncio
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from vigild.core.probe import Probe
    from vigild.engine.ports import ProbeRequest

MAX_BODY_BYTES = 64 << 10
READ_BYTES = 16 << 10

_context: "ssl.SSLContext | None" = None


async def ask_http(request: "ProbeRequest", address: str) -> tuple[bool, str]:
    """Ask at this address: whether the answer will do, and the answer in words. Raises OSError, h11.RemoteProtocolError."""
    probe = request.probe
    reader, writer = await asyncio.open_connection(
        address, probe.port, ssl=_tls() if probe.tls else None, limit=READ_BYTES
    )
    try:
        return await _converse(request, reader, writer)
    finally:
        writer.transport.abort()  # nothing of ours is left to be sent, and nobody waits for a goodbye


async def _converse(
    request: "ProbeRequest", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[bool, str]:
    import h11

    probe = request.probe
    connection = h11.Connection(h11.CLIENT)
    headers = [
        ("Host", _host_header(probe)),
        ("User-Agent", "vigil"),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    asked = h11.Request(method="GET", target=probe.target.encode(), headers=headers)
    for said in (asked, h11.EndOfMessage()):
        writer.write(connection.send(said) or b"")
    await writer.drain()
    words, body = "", bytearray()
    while True:
        event = connection.next_event()
        match event:
            case h11.NEED_DATA:
                connection.receive_data(await reader.read(READ_BYTES))
            case h11.Response(status_code=status):
                words = f"HTTP {status}"
                ok = any(low <= status <= high for low, high in request.expect_status)
                if not ok or not request.expect_body:
                    return ok, words
            case h11.Data(data=piece):
                body += piece
                if len(body) >= MAX_BODY_BYTES:
                    break
            case h11.InformationalResponse():
                continue
            case _:
                break
    text = bytes(body[:MAX_BODY_BYTES]).decode("utf-8", "replace")
    if re.search(request.expect_body, text):
        return True, words
    return False, f"{words}, but nothing in the body matches {request.expect_body!r}"


def _host_header(probe: "Probe") -> str:
    host = f"[{probe.host}]" if ":" in probe.host else probe.host
    return host if probe.port == (443 if probe.tls else 80) else f"{host}:{probe.port}"


def _tls() -> "ssl.SSLContext":
    global _context
    if _context is None:
        from vigild.host.late_ssl import import_ssl

        ssl = import_ssl()
        _context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _context.check_hostname = False
        _context.verify_mode = ssl.CERT_NONE
    return _context
