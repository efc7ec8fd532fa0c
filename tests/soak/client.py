"""The few requests the soak makes, over the daemon's unix socket, and clients that do not behave."""

import http.client
import socket
import struct
import xmlrpc.client
from pathlib import Path
from typing import Any

from support.until import DEADLINE_SECONDS

TIMEOUT_SECONDS = DEADLINE_SECONDS
VANISH_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


def connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(TIMEOUT_SECONDS)
    client.connect(str(path))
    return client


class Rpc:
    """XML-RPC calls, a connection each. Faults come as xmlrpc.client.Fault."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def call(self, method: str, *arguments: Any) -> Any:
        connection = http.client.HTTPConnection("localhost", timeout=TIMEOUT_SECONDS)
        connection.sock = connect(self._path)
        try:
            body = xmlrpc.client.dumps(arguments, method)
            connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise http.client.HTTPException(f"{method}: HTTP {answer.status}")
        return xmlrpc.client.loads(text)[0][0]


def half_a_request(client: socket.socket) -> None:
    client.sendall(b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Le")


def a_body_that_never_comes(client: socket.socket) -> None:
    client.sendall(b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n<?xml")


def a_tail_nobody_reads(client: socket.socket) -> None:
    client.sendall(b"GET /logtail/flood HTTP/1.1\r\nHost: localhost\r\n\r\n")


def an_answer_nobody_reads(client: socket.socket) -> None:
    body = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo").encode()
    client.sendall(
        b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    )


def rubbish(client: socket.socket) -> None:
    client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not HTTP at all\r\n\r\n")


def nothing(client: socket.socket) -> None:
    """Connects, and that was it."""


BAD_MANNERS = (
    half_a_request,
    a_body_that_never_comes,
    a_tail_nobody_reads,
    an_answer_nobody_reads,
    rubbish,
    nothing,
)


def vanish(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, VANISH_AT_ONCE)
    client.close()
