"""Where output is forwarded to."""

from vigild.core.access import Role
from vigild.fronts.api.endpoint import Answer, Call, Endpoint, Parameter
from vigild.fronts.api.problems import ProblemError
from vigild.fronts.api.schema import list_of, record, ref, text


def _list(call: Call) -> Answer:
    return Answer({"forwards": [info.facts() for info in call.control.forwards.status()]})


async def _test(call: Call) -> Answer:
    has_arrived, words = await call.control.forwards.test(call.text("forward"))
    if not has_arrived:
        raise ProblemError("failed", words)
    return Answer({"text": words})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/forwards",
        "listForwards",
        "forwards",
        Role.VIEWER,
        "How each forward of output stands, in the order of the configuration. Counts are since the daemon began.",
        _list,
        record(forwards=list_of(ref("Forward"))),
    ),
    Endpoint(
        "POST",
        "/forwards/{forward}/test",
        "testForward",
        "forwards",
        Role.OPERATOR,
        "Send a line through a forward now, whatever programs it is for. Answered when the receiver has answered; 409 "
        "`failed` says why it did not work.",
        _test,
        record(text=text("What came of it")),
        (Parameter("forward", text(minLength=1, maxLength=256), "A [forward:x] by its name", "path"),),
        problems=("no_such_name", "failed"),
    ),
)
