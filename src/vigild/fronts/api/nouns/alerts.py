"""Who is told of troubles."""

from vigild.core.access import Role
from vigild.fronts.api.endpoint import Answer, Call, Endpoint, Parameter
from vigild.fronts.api.schema import list_of, record, ref, text


def _list(call: Call) -> Answer:
    return Answer({"alerts": call.control.alerts.list()})


async def _test(call: Call) -> Answer:
    return Answer({"text": await call.control.alerts.test(call.text("alert"))})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/alerts",
        "listAlerts",
        "alerts",
        Role.VIEWER,
        "How each alert stands, in the order of the configuration.",
        _list,
        record(alerts=list_of(ref("Alert"))),
    ),
    Endpoint(
        "POST",
        "/alerts/{alert}/test",
        "testAlert",
        "alerts",
        Role.OPERATOR,
        "Send a message through an alert now. Answered when the receiver has answered; 409 `failed` says why it did not work.",
        _test,
        record(text=text("What the receiver said")),
        (Parameter("alert", text(minLength=1, maxLength=256), "An [alert:x] by its name", "path"),),
        problems=("no_such_name", "failed"),
    ),
)
