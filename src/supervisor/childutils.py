"""For programs that the daemon runs: talk back to it, follow the listener protocol, send events."""

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from xmlrpc.client import ServerProxy

    from supervisor.xmlrpc import SupervisorTransport

BEGIN_TOKEN = "<!--XSUPERVISOR:BEGIN-->"
END_TOKEN = "<!--XSUPERVISOR:END-->"
READY_TOKEN = "READY\n"
RESULT_TOKEN = "RESULT "


def getRPCTransport(env: Mapping[str, str]) -> "SupervisorTransport":
    """A transport to the daemon that `env` names. KeyError without SUPERVISOR_SERVER_URL."""
    from supervisor.xmlrpc import SupervisorTransport

    name, password = env.get("SUPERVISOR_USERNAME", ""), env.get("SUPERVISOR_PASSWORD", "")
    return SupervisorTransport(name, password, env["SUPERVISOR_SERVER_URL"])


def getRPCInterface(env: Mapping[str, str]) -> "ServerProxy":
    """A proxy for the daemon: `getRPCInterface(os.environ).supervisor.getState()`."""
    from xmlrpc.client import ServerProxy

    # The URL is a stand-in that ServerProxy accepts; the transport knows where to go.
    return ServerProxy("http://127.0.0.1", getRPCTransport(env))


def get_headers(line: str) -> dict[str, str]:
    """`a:1 b:2` as a dict. ValueError for a word without a colon, or with two."""
    return dict(_pair(word) for word in line.split())


def _pair(word: str) -> tuple[str, str]:
    name, value = word.split(":")
    return name, value


def eventdata(payload: str) -> tuple[dict[str, str], str]:
    """Split the payload of an event with data into its headers and the data."""
    line, data = payload.split("\n", 1)
    return get_headers(line), data


def get_asctime(now: float | None = None) -> str:
    """A time as Supervisor's log shows it, with milliseconds; the present one if none is given."""
    moment = time.time() if now is None else now
    milliseconds = int((moment - int(moment)) * 1000)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(moment))},{milliseconds:03d}"


class ProcessCommunicationsProtocol:
    """Sends the daemon an event through a captured stream (`stdout_capture_maxbytes`)."""

    def send(self, msg: str, fp: TextIO = sys.stdout) -> None:
        """Send on any stream."""
        fp.write(f"{BEGIN_TOKEN}{msg}{END_TOKEN}")
        fp.flush()

    def stdout(self, msg: str) -> None:
        """Send on standard output."""
        self.send(msg, sys.stdout)

    def stderr(self, msg: str) -> None:
        """Send on standard error."""
        self.send(msg, sys.stderr)


pcomm = ProcessCommunicationsProtocol()


class InputClosed(EOFError, KeyError):  # noqa: N818 - an end, not a failure
    """The daemon has closed our input. A KeyError too, which is what Supervisor's `wait` ended with."""


class EventListenerProtocol:
    """The listener's side: `wait()` for an event, deal with it, answer `ok()` or `fail()`.

    Lengths are bytes on the wire, in both directions, whatever the event holds.
    """

    def wait(self, stdin: Any = sys.stdin, stdout: Any = sys.stdout) -> tuple[dict[str, str], str]:
        """Say that we are ready, and return the next event: headers and payload.

        InputClosed (an EOFError) when the daemon has closed our input: there will be no more events.
        """
        self.ready(stdout)
        line = stdin.readline()
        if not line:
            raise InputClosed("the daemon closed this listener's input")
        if isinstance(line, bytes):
            line = line.decode()
        headers = get_headers(line)
        return headers, _read_payload(stdin, int(headers["len"]))

    def ready(self, stdout: Any = sys.stdout) -> None:
        """Ask for an event."""
        stdout.write(READY_TOKEN)
        stdout.flush()

    def ok(self, stdout: Any = sys.stdout) -> None:
        """The event was dealt with."""
        self.send("OK", stdout)

    def fail(self, stdout: Any = sys.stdout) -> None:
        """The event was not dealt with and is to be delivered again."""
        self.send("FAIL", stdout)

    def send(self, data: str, stdout: Any = sys.stdout) -> None:
        """Answer with anything, for a `result_handler` of one's own."""
        stdout.write(f"{RESULT_TOKEN}{len(data.encode())}\n{data}")
        stdout.flush()


def _read_payload(stdin: Any, length: int) -> str:
    """Read `length` bytes of a stream of text.

    `read(n)` counts characters there, and a character takes up to four bytes: asking for a quarter of what is
    missing never waits for bytes that will not come.
    """
    text = ""
    missing = length
    while missing > 0:
        piece = stdin.read(max(1, missing // 4))
        if not piece:
            break
        if isinstance(piece, bytes):
            piece = piece.decode()
        text += piece
        missing -= len(piece.encode("utf-8", "surrogateescape"))
    return text


listener = EventListenerProtocol()
