"""A probe is a question to a program: an HTTP request, a connection, a command, a line in its output, or its own
word over systemd's notification protocol. What the answers come to is in `core/health.py`, which few daemons need.
"""

from enum import Enum

from vigild.core.frozen import frozen


class Scheme(Enum):
    """How a program is asked."""

    NOTIFY = "notify"
    HTTP = "http"
    TCP = "tcp"
    UNIX = "unix"
    EXEC = "exec"
    LOG = "log"


@frozen
class Probe:
    """One question. `text` is as it was written; the other fields are what a scheme needs of it.

    `target`: the path of an HTTP request (with its query), a socket's path, a command, or a regular expression.
    """

    scheme: Scheme = Scheme.NOTIFY
    text: str = "notify"
    target: str = ""
    host: str = ""
    port: int = 0
    tls: bool = False


def printable(text: str) -> str:
    """What a program answers or says of itself, with a blank for whatever could steer the terminal that shows it.

    A CR in it would write over the line that it stands in, and forge another.
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)
