"""`vigil.getForwards` and `vigil.testForward`: where output is forwarded to, and does it arrive?"""

from vigild.control.facade import Control, Facts
from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc.method import Method, Param, text


def forward_methods(control: Control) -> list[Method]:
    """The rows of the table."""

    def list_forwards() -> list[Facts]:
        return [info.facts() for info in control.forwards.status()]

    async def test(name: str) -> str:
        ok, words = await control.forwards.test(name)
        if not ok:
            raise VigilError(Fault.FAILED, words)
        return words

    return [
        Method(
            "getForwards",
            "Tell how the forwards of output stand.",
            "array",
            "One struct a forward, in the order of the configuration: string name, string url (without its secrets), array "
            "programs, array channels, int streams (that are open now and go to it), boolean is_running (the forwarder), "
            "string trouble (why it does not run, if so), int waiting_lines and int waiting_bytes (in its buffer), int "
            "sent_lines, int sent_bytes and int sent_batches (that the receiver has taken), int dropped_lines and int "
            "dropped_bytes (because the buffer was full, or the forwarder died with them), int refused_lines (the receiver "
            "said no for good), int unsent_bytes (dropped by the daemon, because the forwarder was behind), double "
            "failing_since (seconds since the epoch; 0: it does not fail) and string error (of the last try). Counts "
            "are since the daemon began",
            list_forwards,
        ),
        Method(
            "testForward",
            "Send a line through a forward now, whatever programs it is for.\n"
            "Answered when its receiver has. When that did not take it, the fault FAILED says why.",
            "string",
            "What came of it",
            test,
            (Param("name", "string", "The forward, as in [forward:NAME]", text),),
        ),
    ]
