"""Echo requests over ICMP: with the kernel's unprivileged sockets where it allows them, raw ones for root elsewhere."""

import asyncio
import itertools
import os
import socket
import struct
import time

from vigild.checks.reading import CannotLookError

TRIES = 3  # within the time there is: a single packet may be lost
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_numbers = itertools.count(1)


NOT_ALLOWED = (
    "pinging is not allowed here: put the group of Vigil into the range of the kernel's setting "
    "net.ipv4.ping_group_range, give it CAP_NET_RAW, or ask with tcp:// instead"
)


async def ping(address: str, timeout_seconds: float) -> float:
    """Seconds until the answer came. Raises CannotLookError, TimeoutError, OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with _open(family) as icmp:
        icmp.setblocking(False)
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(timeout_seconds / TRIES):
                    return await _once(icmp, family, address)
            except TimeoutError:
                continue
    raise TimeoutError(f"no answer to {TRIES} pings within {timeout_seconds:g} s")


def _open(family: socket.AddressFamily) -> socket.socket:
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(family, kind, protocol)
        except PermissionError:
            continue
    raise CannotLookError(NOT_ALLOWED)


async def _once(icmp: socket.socket, family: socket.AddressFamily, address: str) -> float:
    loop = asyncio.get_running_loop()
    number = next(_numbers) & 0xFFFF
    payload = os.urandom(16)  # whatever the kernel does with identifiers: this answer is ours
    begun = time.monotonic()
    await loop.sock_sendto(icmp, packet(_REQUEST[family], number, payload), (address, 0))
    while True:
        data = await loop.sock_recv(icmp, 2048)
        if is_reply(data, _REPLY[family], payload):
            return round(time.monotonic() - begun, 5)


def packet(kind: int, number: int, payload: bytes) -> bytes:
    """An echo request; the kernel sets the checksum itself where the socket is not raw."""
    identifier = os.getpid() & 0xFFFF
    head = struct.pack("!BBHHH", kind, 0, 0, identifier, number)
    return struct.pack("!BBHHH", kind, 0, checksum(head + payload), identifier, number) + payload


def checksum(data: bytes) -> int:
    """Of the internet protocols (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def is_reply(data: bytes, kind: int, payload: bytes) -> bool:
    """Is this the answer? Raw sockets for IPv4 show the header of the packet, too."""
    for start in (0, (data[0] & 0x0F) * 4 if data and data[0] >> 4 == 4 else 0):
        if data[start : start + 1] == bytes([kind]) and data[start + 8 :].startswith(payload):
            return True
    return False
