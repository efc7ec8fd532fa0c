"""The one tree of errors that cross floors.

`VigilError` carries an XML-RPC fault, because every refusal is finally told to a client in that
vocabulary; numbers and names are Supervisor's (observed in `supervisor.xmlrpc.Faults`).
"""

from enum import IntEnum


class Fault(IntEnum):
    """Fault codes of the XML-RPC interface."""

    UNKNOWN_METHOD = 1
    INCORRECT_PARAMETERS = 2
    BAD_ARGUMENTS = 3
    SIGNATURE_UNSUPPORTED = 4
    SHUTDOWN_STATE = 6
    BAD_NAME = 10
    BAD_SIGNAL = 11
    NO_FILE = 20
    NOT_EXECUTABLE = 21
    FAILED = 30
    ABNORMAL_TERMINATION = 40
    SPAWN_ERROR = 50
    ALREADY_STARTED = 60
    NOT_RUNNING = 70
    SUCCESS = 80
    ALREADY_ADDED = 90
    STILL_RUNNING = 91
    CANT_REREAD = 92


NOT_ALLOWED = "not allowed: "  # what the words of such a refusal begin with


class VigilError(Exception):
    """An order that was refused or failed, with the fault a client is told.

    `str(error)` is the fault text on the wire: `NAME` or `NAME: detail`.
    """

    def __init__(self, fault: Fault, detail: object = None) -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(fault.name if detail is None else f"{fault.name}: {detail}")


class NotAllowedError(VigilError):
    """Who asked may not do that. Supervisor has no fault for it: clients get FAILED, other doors answer 403."""

    def __init__(self, why: str) -> None:
        super().__init__(Fault.FAILED, f"{NOT_ALLOWED}{why}")


class RejectEvent(Exception):  # noqa: N818 - the name is Supervisor's, and handlers import it
    """Raised by a pool's `result_handler`: the event was not dealt with and is to be delivered again."""
