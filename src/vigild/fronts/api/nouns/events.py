"""What happens, as it happens."""

from vigild.core.access import Role
from vigild.fronts.api.endpoint import EVENT_STREAM, Call, Endpoint, Outcome, Parameter
from vigild.fronts.api.nouns.logs import STREAM_HEADERS
from vigild.fronts.api.schema import boolean
from vigild.fronts.serving.messages import Response


def _events(call: Call) -> Outcome:
    last_id = (call.request.header("last-event-id") or "")[:100]
    return Response(200, STREAM_HEADERS, call.feed().join(last_id, samples=call.flag("samples")))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/events",
        "followEvents",
        "events",
        Role.VIEWER,
        "What happens, as server-sent events: `hello` (first, for a new client), `state` (each move of a process), `process` (a "
        "Process, when anything about it has changed), `group` (name; added or removed), `operation` (id, action, state, "
        "total, done, failed), `config` (the files were read again: added, changed, removed), `alert`, `monitor` and `forward` (an Alert, Monitor or Forward that is otherwise than it was, and when: `at`), `history` (its kind: the history has an `order` or an `access` more), `daemon` (its state), `samples` (what all processes use), and `reset` when events are missing: "
        "ask for everything anew. A client that sends `Last-Event-ID` goes on where it was. Silence has a comment every 15 "
        "seconds. Who does not take what is sent is sent away. A token for some programs gets what is about these, its own "
        "operations, and the state of the daemon.",
        _events,
        None,
        (Parameter("samples", boolean(), "Send samples, too, every few seconds"),),
        problems=("too_many",),
        media=EVENT_STREAM,
    ),
)
