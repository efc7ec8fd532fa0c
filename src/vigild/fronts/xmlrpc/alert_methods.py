"""`vigil.getAlerts` and `vigil.testAlert`: who is told of troubles, and does it arrive?"""

from vigild.control.facade import Control, Facts
from vigild.fronts.xmlrpc.method import Method, Param, text


def alert_methods(control: Control) -> list[Method]:
    """The rows of the table."""

    def list_alerts() -> list[Facts]:
        return control.alerts.list()

    async def test(name: str) -> str:
        return await control.alerts.test(name)

    return [
        Method(
            "getAlerts",
            "Tell how the alerts stand.",
            "array",
            "One struct an alert, in the order of the configuration: string name, int waiting (messages that could not be "
            "delivered yet), int held (troubles that are not told yet), double held_until (when the next of these is; 0: there are none), "
            "string held_for (why they wait: quiet hours, or the limit of messages), int delivered (messages, ever), double failing_since (seconds since the epoch; 0: the last "
            "delivery succeeded), string error (of the last try), string refused (why a receiver will never take "
            "what it was sent; such messages are lost), string trouble (why the deliverer does not run, if so), int unkept "
            "(edges that the deliverer has not taken yet) and int lost (edges that were dropped because of that)",
            list_alerts,
        ),
        Method(
            "testAlert",
            "Send a message through an alert now, whatever it filters and however quiet its hours are.\n"
            "Answered when its receivers have. When one did not take it, the fault FAILED says why.",
            "string",
            "What came of it",
            test,
            (Param("name", "string", "The alert, as in [alert:NAME]", text),),
        ),
    ]
