"""Processes and groups: looking at them."""

import asyncio

from vigild.control.facade import Facts
from vigild.control.view import SLICE
from vigild.core.access import Role
from vigild.core.states import ProcessState
from vigild.fronts.api.endpoint import GROUP, NAME, Answer, Call, Endpoint, Parameter
from vigild.fronts.api.schema import boolean, integer, list_of, number, record, ref, text

_FILTERS = (
    Parameter("group", text(maxLength=256), "Only those of this group"),
    Parameter("state", text(enum=[state.name for state in ProcessState]), "Only those in this state"),
)
_TREE = list_of(
    record(
        pid=integer(),
        parent_pid=integer(),
        process_group=integer(),
        name=text("Of the program, as the kernel knows it"),
    ),
    "Oldest first, the process itself included",
)
_GRAPH = record(
    waves=list_of(list_of(text()), "What starts first comes first; those of a wave start together"),
    processes=list_of(
        record(
            name=text(),
            wave=integer("Counted from 1"),
            state=text(),
            autostart=boolean(),
            restart_with_dependency=boolean(),
            depends_on=list_of(
                record(
                    name=text("As the configuration names it"),
                    condition=text("started, running, ready, healthy or completed"),
                    targets=list_of(text(), "The processes (or whole groups) that the name stands for"),
                    waited_for=boolean("Does it keep the process from being started now?"),
                    trouble=text("Why that may never be"),
                )
            ),
        )
    ),
)
_HEALTH = record(
    "How everything is, in one look.",
    status=text("ok; degraded: something is FATAL, BACKOFF, unhealthy or flapping", enum=["ok", "degraded"]),
    fatal=list_of(text(), "Names of processes that are FATAL"),
    backoff=list_of(text(), "… that fail to start"),
    unhealthy=list_of(text(), "… whose healthcheck fails"),
    flapping=list_of(text(), "… that end again and again"),
    waiting=list_of(text(), "… that wait for what they depend on"),
)


async def _list(call: Call) -> Answer:
    views = call.control.views
    found: list[Facts] = []
    for some in views.in_slices(SLICE):  # of a thousand, others have their turn in between
        found += some
        await asyncio.sleep(0)
    for key in ("group", "state"):
        if key in call.arguments:
            found = [view for view in found if view[key] == call.arguments[key]]
    return Answer({"now": views.now(), "processes": found})


def _graph(call: Call) -> Answer:
    return Answer(call.control.graph.graph())


def _health(call: Call) -> Answer:
    told: dict[str, list[str]] = {"fatal": [], "backoff": [], "unhealthy": [], "flapping": [], "waiting": []}
    for view in call.control.views.processes():
        name, health = str(view["name"]), view["health"]
        if view["state"] in ("FATAL", "BACKOFF"):
            told[str(view["state"]).lower()].append(name)
        if isinstance(health, dict) and health["state"] == "unhealthy":
            told["unhealthy"].append(name)
        if view["flapping"]:
            told["flapping"].append(name)
        if view["waiting_for"]:
            told["waiting"].append(name)
    bad = told["fatal"] or told["backoff"] or told["unhealthy"] or told["flapping"]
    return Answer({"status": "degraded" if bad else "ok", **told})


def _schedule(call: Call, *, is_enabled: bool) -> Answer:
    call.control.processes.set_schedule(call.text("name"), is_enabled)
    return Answer(call.control.views.process(call.text("name")))


def _tree(call: Call) -> Answer:
    return Answer({"processes": call.control.views.tree(call.text("name"))})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/processes",
        "listProcesses",
        "processes",
        Role.VIEWER,
        "All processes, by group and name.",
        _list,
        record(
            now=number("The daemon's clock, in seconds since the epoch"), processes=list_of(ref("Process"))
        ),
        _FILTERS,
    ),
    Endpoint(
        "GET",
        "/processes/{name}",
        "getProcess",
        "processes",
        Role.VIEWER,
        "One process.",
        lambda call: Answer(call.control.views.process(call.text("name"))),
        ref("Process"),
        (NAME,),
        problems=("no_such_name",),
    ),
    Endpoint(
        "GET",
        "/processes/{name}/tree",
        "getProcessTree",
        "processes",
        Role.VIEWER,
        "Everything that descends from a process, and what it left behind. Looks at every process of the machine.",
        _tree,
        record(processes=_TREE),
        (NAME,),
        problems=("no_such_name",),
    ),
    Endpoint(
        "POST",
        "/processes/{name}/schedule/pause",
        "pauseSchedule",
        "processes",
        Role.OPERATOR,
        "Let its schedule not start it until it is resumed.",
        lambda call: _schedule(call, is_enabled=False),
        ref("Process"),
        (NAME,),
        problems=("no_such_name", "failed"),
    ),
    Endpoint(
        "POST",
        "/processes/{name}/schedule/resume",
        "resumeSchedule",
        "processes",
        Role.OPERATOR,
        "Let its schedule start it again.",
        lambda call: _schedule(call, is_enabled=True),
        ref("Process"),
        (NAME,),
        problems=("no_such_name", "failed"),
    ),
    Endpoint(
        "GET",
        "/groups",
        "listGroups",
        "processes",
        Role.VIEWER,
        "All groups, by name.",
        lambda call: Answer({"groups": call.control.views.groups()}),
        record(groups=list_of(ref("Group"))),
    ),
    Endpoint(
        "GET",
        "/groups/{group}",
        "getGroup",
        "processes",
        Role.VIEWER,
        "One group.",
        lambda call: Answer(call.control.views.group(call.text("group"))),
        ref("Group"),
        (GROUP,),
        problems=("no_such_name",),
    ),
    Endpoint(
        "GET",
        "/dependencies",
        "getDependencies",
        "processes",
        Role.VIEWER,
        "Who waits for whom, and in which waves everything starts.",
        _graph,
        _GRAPH,
    ),
    Endpoint(
        "GET",
        "/health",
        "getHealth",
        "processes",
        Role.VIEWER,
        "Is anything wrong? Always 200: this is about the programs, and the daemon answers.",
        _health,
        _HEALTH,
    ),
)
