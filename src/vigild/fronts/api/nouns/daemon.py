"""The daemon itself."""

from vigild.core.access import Role, current_caller
from vigild.fronts.api.endpoint import Answer, Call, Endpoint
from vigild.fronts.api.schema import boolean, integer, map_of, number, record, text

_ACCEPTED = record("The order is taken.", accepted=boolean())

_DAEMON = record(
    "What the daemon knows of itself.",
    identifier=text("`identifier` of [supervisord]"),
    state=text("", enum=["RUNNING", "RESTARTING", "SHUTDOWN", "FATAL"]),
    version=text("Of Vigil"),
    python=text(),
    pid=integer(),
    generation=integer("How often it was upgraded in place"),
    started_at=number("In seconds since the epoch"),
    now=number("Its clock, in seconds since the epoch"),
    adopted=integer("Processes that were taken over when this image began"),
    survives=boolean("Does a crash of the daemon leave programs and output unharmed?"),
    survival=text("Why not"),
    upgrade_error=text("Why the last upgrade failed after it was found fit"),
    log=text("Its own log file; empty where there is none"),
    processes=map_of(integer(), "How many processes are in which state"),
)

_CALLER = record(
    "Who asks.",
    name=text("Empty where nobody was asked who they are"),
    role=text("", enum=[role.name.lower() for role in Role]),
    via=text("How that is known: peer, password, token, certificate, session, nobody; may be empty"),
)


def _show(call: Call) -> Answer:
    control = call.control
    facts = dict(control.daemon.facts())
    states: dict[str, int] = {}
    for group in control.views.groups():
        for state, count in group["states"].items():  # type: ignore[attr-defined]
            states[state] = states.get(state, 0) + count
    told = {key: facts[key] for key in _DAEMON["properties"] if key in facts}  # type: ignore[attr-defined]
    told |= {
        "identifier": control.daemon.identification(),
        "state": control.daemon.state()[1],
        "started_at": facts["started"],
        "now": control.views.now(),
        "log": control.daemon.log_path() or "",
        "processes": states,
    }
    return Answer(told)


def _caller(call: Call) -> Answer:
    who = current_caller.get()
    return Answer({"name": who.name, "role": who.role.word, "via": who.via})


def _shutdown(call: Call) -> Answer:
    call.control.daemon.shutdown()
    return Answer({"accepted": True}, 202)


def _restart(call: Call) -> Answer:
    call.control.daemon.restart()
    return Answer({"accepted": True}, 202)


async def _upgrade(call: Call) -> Answer:
    await call.control.daemon.upgrade()
    return Answer({"accepted": True}, 202)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/daemon",
        "getDaemon",
        "daemon",
        Role.VIEWER,
        "The daemon: who it is, how it is, and how many processes are in which state.",
        _show,
        _DAEMON,
        while_shutting_down=True,
    ),
    Endpoint(
        "GET",
        "/caller",
        "getCaller",
        "daemon",
        Role.VIEWER,
        "Who you are to this daemon, and what you may do.",
        _caller,
        _CALLER,
        while_shutting_down=True,
    ),
    Endpoint(
        "POST",
        "/daemon/shutdown",
        "shutdown",
        "daemon",
        Role.ADMIN,
        "Stop everything and end.",
        _shutdown,
        _ACCEPTED,
        statuses=(202,),
    ),
    Endpoint(
        "POST",
        "/daemon/restart",
        "restart",
        "daemon",
        Role.ADMIN,
        "Stop everything, read the configuration anew and start again. To keep what runs, upgrade or update.",
        _restart,
        _ACCEPTED,
        statuses=(202,),
        problems=("cannot_reread",),
    ),
    Endpoint(
        "POST",
        "/daemon/upgrade",
        "upgrade",
        "daemon",
        Role.ADMIN,
        "Execute the daemon anew, with the code and the configuration that are there now; no process is touched. "
        "Answered when the new code has been found fit, just before it takes over.",
        _upgrade,
        _ACCEPTED,
        statuses=(202,),
        problems=("failed",),
    ),
)
