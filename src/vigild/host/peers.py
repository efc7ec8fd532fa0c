"""The other end of a connection: what went wrong with it in words, whether it has ended, and how to end it.

Nothing here loads TLS or HTTP: who speaks neither does not pay for them.
"""

import select
import socket
import sys

CONNECT_SECONDS = 10.0


class RequestError(Exception):
    """Nothing came back, in words; it may at another time."""


def has_news(sock: socket.socket) -> bool:
    """Can something be read from it, where nothing is expected? Then it is mostly its end."""
    poll = select.poll()
    try:
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


def has_nothing_yet(error: OSError) -> bool:
    """Does it only say that a socket that does not wait has nothing to read, encrypted or not?"""
    ssl = sys.modules.get("ssl")
    return isinstance(error, BlockingIOError) or (ssl is not None and isinstance(error, ssl.SSLWantReadError))


def cut_socket(sock: socket.socket | None) -> None:
    """End both directions of a socket from another thread; TLS is not asked."""
    if sock is not None:
        try:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            pass


def words_of(error: Exception) -> str:
    """What went wrong on the way, without anything that we sent."""
    ssl = sys.modules.get("ssl")
    if ssl is not None and isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if ssl is not None and isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or type(error).__name__}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"it does not speak HTTP as it should ({type(error).__name__})"
