"""The configuration: what is in force, what its files would change, what is wrong with them; making it so."""

from vigild.core.access import Role, require
from vigild.fronts.api.endpoint import NAME, Answer, Call, Endpoint, Parameter
from vigild.fronts.api.nouns.operations import answer_with
from vigild.fronts.api.schema import (
    anything,
    boolean,
    integer,
    list_of,
    map_of,
    maybe,
    number,
    record,
    ref,
    text,
)

_REVEAL = Parameter("reveal", boolean(), "Show what is secret (admin only; it is noted in the history)")
_OPTION = record(option=text("The model's name of the option"), old=anything(), new=anything())
_CHANGE = text("", enum=["added", "changed", "removed"])
_PENDING = record(
    changes=list_of(
        record(
            group=text(),
            change=_CHANGE,
            processes=list_of(
                record(
                    process=text("Its name in the group; empty for the group's own options"),
                    change=_CHANGE,
                    options=list_of(_OPTION),
                )
            ),
        )
    )
)
_FINDINGS = record(
    file=text(),
    files=list_of(text(), "All that were read"),
    errors=integer(),
    warnings=integer(),
    infos=integer(),
    findings=list_of(
        record(
            severity=text("", enum=["error", "warning", "info"]),
            code=text("Stable, such as V006"),
            file=text(),
            line=integer("0: the file as a whole"),
            section=maybe(text()),
            option=maybe(text()),
            text=text(),
            hint=text("What to do about it; may be empty"),
        )
    ),
)


def _reveals(call: Call) -> bool:
    if not call.flag("reveal"):
        return False
    require(Role.ADMIN, "seeing secrets")
    call.control.history.note_order("reveal", call.text("name"), [call.request.path], "")
    return True


def _current(call: Call) -> Answer:
    return Answer(call.control.inspection.current(reveal=_reveals(call)))


def _process(call: Call) -> Answer:
    return Answer(call.control.inspection.process(call.text("name"), reveal=_reveals(call)))


def _pending(call: Call) -> Answer:
    return Answer(call.control.inspection.pending(reveal=_reveals(call)))


def _reload(call: Call) -> Answer:
    added, changed, removed = call.control.config.reload()
    return Answer({"added": added, "changed": changed, "removed": removed})


async def _update(call: Call) -> Answer:
    groups = call.body.get("groups", [])
    assert isinstance(groups, list)
    return await answer_with(call, call.control.inspection.update(groups))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/config",
        "getConfig",
        "config",
        Role.VIEWER,
        "What is in force now, resolved. Secrets are shown as ********.",
        _current,
        map_of(anything(), "By the model's names: path, daemon, servers, groups, …"),
        (_REVEAL,),
    ),
    Endpoint(
        "GET",
        "/processes/{name}/config",
        "getProcessConfig",
        "config",
        Role.VIEWER,
        "What is in force for one process, resolved. Secrets are shown as ********.",
        _process,
        map_of(anything(), "By the model's names"),
        (NAME, _REVEAL),
        problems=("no_such_name",),
    ),
    Endpoint(
        "GET",
        "/config/pending",
        "getPendingConfig",
        "config",
        Role.VIEWER,
        "What an update would change, read from the files now. Changes nothing.",
        _pending,
        _PENDING,
        (_REVEAL,),
        problems=("cannot_reread",),
    ),
    Endpoint(
        "GET",
        "/config/diagnostics",
        "checkConfig",
        "config",
        Role.VIEWER,
        "What `vigil check` says of the files as they are now.",
        lambda call: Answer(call.control.inspection.check()),
        _FINDINGS,
    ),
    Endpoint(
        "POST",
        "/config/reload",
        "reloadConfig",
        "config",
        Role.ADMIN,
        "Read the files again, as `supervisorctl reread`: groups can then be added. Processes stay as they are.",
        _reload,
        record(added=list_of(text()), changed=list_of(text()), removed=list_of(text())),
        problems=("cannot_reread",),
    ),
    Endpoint(
        "POST",
        "/config/apply",
        "applyConfig",
        "config",
        Role.ADMIN,
        "Make what the files say so, as `supervisorctl update`: stop and remove what is gone, replace what changed, add what "
        "is new.",
        _update,
        ref("Operation"),
        body=record(
            optional={
                "groups": list_of(text(minLength=1, maxLength=256), "Only these; else all", maxItems=1000),
                "wait_seconds": number(
                    "How long to wait for the end before answering", minimum=0, maximum=60, default=0
                ),
            }
        ),
        statuses=(200, 202),
        problems=("cannot_reread", "no_such_name", "failed"),
        notes=("groups",),
    ),
)
