"""Orders to processes, and the operations that they become."""

from vigild.control.operations import Action, Operation
from vigild.core.access import Role, current_caller
from vigild.core.errors import Fault
from vigild.fronts.api.endpoint import GROUP, NAME, Answer, Call, Endpoint, Parameter
from vigild.fronts.api.problems import FAULTS, ProblemError, code_of, detail_of
from vigild.fronts.api.schema import Schema, list_of, number, record, ref, text

MAX_WAIT_SECONDS = 60
MAX_NAMES = 10_000
_WAIT = number(
    "How long to wait for the end before answering; an order that is not done by then goes on (202)",
    minimum=0,
    maximum=MAX_WAIT_SECONDS,
    default=0,
)
_SIGNAL = text("HUP, SIGHUP or 1", minLength=1, maxLength=20)
_ID = Parameter("id", {"type": "string", "minLength": 1, "maxLength": 64}, "Of an operation", "path")
_WAITING: Schema = record(optional={"wait_seconds": _WAIT})
_REFUSALS = (
    "no_such_name",
    "command_not_found",
    "not_executable",
    "already_started",
    "not_running",
    "spawn_error",
    "abnormal_termination",
    "failed",
)


def operation_view(operation: Operation) -> dict[str, object]:
    """An operation as JSON tells of it."""
    error = operation.error
    return {
        "id": operation.id,
        "action": operation.action,
        "names": list(operation.names),
        "state": operation.state,
        "by": operation.by,
        "started_at": operation.started_at,
        "finished_at": operation.finished_at,
        "total": len(operation.names),
        "outcomes": [_outcome(outcome) for outcome in operation.outcomes],
        "error": str(error) if error is not None else None,
    }


def _outcome(outcome: dict[str, object]) -> dict[str, object]:
    fault = str(outcome["fault"])
    code = _fault_code(fault) if fault else None
    detail = "" if outcome["detail"] == outcome["name"] else outcome["detail"]
    return {"name": outcome["name"], "ok": outcome["ok"], "code": code, "detail": detail}


def _fault_code(fault: str) -> str:
    return "command_not_found" if fault == "NO_FILE" else FAULTS.get(Fault[fault], "failed")


async def answer_with(call: Call, operation: Operation) -> Answer:
    """The operation, after as long a wait as was asked for: 200 when it has finished, 202 when not."""
    seconds = call.body.get("wait_seconds", 0)
    assert isinstance(seconds, int | float)
    # An order that is refused, or done at once, has its outcome in the next turns of the loop.
    await call.control.operations.wait(operation, seconds or 0.01)
    view = operation_view(operation)
    where = (("Location", f"/api/v1/operations/{operation.id}"),)
    return Answer(view, 200 if operation.finished_at else 202, where)


def _one(action: Action) -> "_Order":
    return _Order(action)


class _Order:
    """What an order to one process does."""

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, call: Call) -> Answer:
        names = call.control.operations.expand([call.text("name")])
        signal = str(call.body.get("signal", ""))
        operation = call.control.operations.begin(self.action, names, signal)
        operation.notes_end = len(names) != 1
        try:
            answer = await answer_with(call, operation)
        finally:
            operation.notes_end = True
        if (
            len(names) == 1
            and operation.finished_at
            and operation.outcomes
            and not operation.outcomes[0]["ok"]
        ):
            outcome = _outcome(operation.outcomes[0])
            raise ProblemError(str(outcome["code"]), str(outcome["detail"] or outcome["name"]))
        return answer


async def _many(call: Call) -> Answer:
    action = Action(str(call.body["action"]))
    names = call.body["names"]
    assert isinstance(names, list)
    signal = call.body.get("signal", "")
    if (action is Action.SIGNAL) != bool(signal):
        raise ProblemError(
            "invalid_argument", "signal says which signal: it goes with action=signal, and only there"
        )
    chosen = call.control.operations.expand(names)
    return await answer_with(call, call.control.operations.begin(action, chosen, str(signal)))


async def _group(call: Call, action: Action) -> Answer:
    chosen = call.control.operations.expand([f"{call.text('group')}:*"])
    signal = str(call.body.get("signal", ""))
    return await answer_with(call, call.control.operations.begin(action, chosen, signal))


def _stdin(call: Call) -> Answer:
    call.control.processes.send_stdin(
        call.text("name"), str(call.body["text"]).encode("utf-8", "surrogatepass")
    )
    return Answer(None, 204)


def _clear(call: Call) -> Answer:
    call.control.logs.clear(call.text("name"))
    return Answer(None, 204)


def _known(call: Call) -> Operation:
    operation = call.control.operations.get(call.text("id"))
    who = current_caller.get()
    if operation is None or (who.programs and operation.by != who.words):
        raise ProblemError("no_such_operation", call.text("id"))
    return operation


def _list(call: Call) -> Answer:
    return Answer({"operations": [operation_view(known) for known in call.control.operations.all()]})


async def _get(call: Call) -> Answer:
    operation = _known(call)
    await call.control.operations.wait(operation, call.number("wait_seconds"))
    return Answer(operation_view(operation))


async def _cancel(call: Call) -> Answer:
    operation = _known(call)
    call.control.operations.cancel(operation)
    await call.control.operations.wait(operation, 1.0)
    return Answer(operation_view(operation))


def _order(action: Action, words: str, problems: tuple[str, ...] = _REFUSALS) -> Endpoint:
    return Endpoint(
        "POST",
        f"/processes/{{name}}/{action.value}",
        f"{action.value}Process",
        "orders",
        Role.OPERATOR,
        words,
        _one(action),
        ref("Operation"),
        (NAME,),
        _WAITING,
        (200, 202),
        problems,
    )


def _group_order(action: Action, words: str) -> Endpoint:
    return Endpoint(
        "POST",
        f"/groups/{{group}}/{action.value}",
        f"{action.value}Group",
        "orders",
        Role.OPERATOR,
        words,
        lambda call: _group(call, action),
        ref("Operation"),
        (GROUP,),
        _WAITING,
        (200, 202),
        ("no_such_name", "failed"),
    )


ENDPOINTS = (
    _order(Action.START, "Start a process. It is done when it is RUNNING."),
    _order(Action.STOP, "Stop a process. It is done when it has ended."),
    _order(Action.RESTART, "Stop a process if it runs, and start it."),
    Endpoint(
        "POST",
        "/processes/{name}/signal",
        "signalProcess",
        "orders",
        Role.OPERATOR,
        "Send a signal.",
        _one(Action.SIGNAL),
        ref("Operation"),
        (NAME,),
        record(signal=_SIGNAL),
        (200, 202),
        ("no_such_name", "bad_signal", "not_running", "failed"),
        notes=("signal",),
    ),
    Endpoint(
        "POST",
        "/processes/{name}/stdin",
        "writeProcessStdin",
        "orders",
        Role.OPERATOR,
        "Write text to its stdin.",
        _stdin,
        None,
        (NAME,),
        record(text=text("Written as UTF-8; no newline is added", maxLength=65536)),
        (204,),
        ("no_such_name", "not_running", "no_file"),
    ),
    _group_order(Action.START, "Start all processes of a group."),
    _group_order(Action.STOP, "Stop all processes of a group."),
    _group_order(Action.RESTART, "Stop all processes of a group that run, and start all."),
    Endpoint(
        "POST",
        "/actions",
        "actOnMany",
        "orders",
        Role.OPERATOR,
        "Do the same to many processes; the operation has the outcome of each. What depends on others is stopped before "
        "them. A process that is in the wanted state already has the outcome already_started or not_running.",
        _many,
        ref("Operation"),
        body=record(
            action=text(enum=[action.value for action in Action]),
            names=list_of(
                text(minLength=1, maxLength=512),
                "NAME, GROUP:NAME, GROUP:*, or * for all",
                minItems=1,
                maxItems=MAX_NAMES,
            ),
            optional={"signal": _SIGNAL, "wait_seconds": _WAIT},
        ),
        statuses=(200, 202),
        problems=("no_such_name", "failed"),
        notes=("action", "signal", "names"),
    ),
    Endpoint(
        "GET",
        "/operations",
        "listOperations",
        "operations",
        Role.VIEWER,
        "Operations, oldest first: those that are running, and the last that have finished.",
        _list,
        record(operations=list_of(ref("Operation"))),
    ),
    Endpoint(
        "GET",
        "/operations/{id}",
        "getOperation",
        "operations",
        Role.VIEWER,
        "One operation; answered when it has finished, or after `wait_seconds`.",
        _get,
        ref("Operation"),
        (_ID, Parameter("wait_seconds", number(minimum=0, maximum=MAX_WAIT_SECONDS), "How long to wait (0)")),
        problems=("no_such_operation",),
        while_shutting_down=True,
    ),
    Endpoint(
        "DELETE",
        "/operations/{id}",
        "cancelOperation",
        "operations",
        Role.OPERATOR,
        "Wait for nothing more, and begin nothing more. What was ordered goes on.",
        _cancel,
        ref("Operation"),
        (_ID,),
        problems=("no_such_operation",),
    ),
)

__all__ = ["ENDPOINTS", "answer_with", "code_of", "detail_of", "operation_view"]
