"""What is looked at beyond programs."""

from vigild.control.monitors import monitor_view
from vigild.core.access import Role
from vigild.fronts.api.endpoint import Answer, Call, Endpoint, Parameter
from vigild.fronts.api.schema import list_of, record, ref, text

_MONITOR = Parameter("monitor", text(minLength=1, maxLength=256), "A [monitor:x] by its name", "path")


def _list(call: Call) -> Answer:
    return Answer({"monitors": [monitor_view(facts) for facts in call.control.monitors.all()]})


def _one(call: Call) -> Answer:
    return Answer(monitor_view(call.control.monitors.one(call.text("monitor"))))


def _look(call: Call) -> Answer:
    call.control.monitors.look(call.text("monitor"))
    return Answer(monitor_view(call.control.monitors.one(call.text("monitor"))), 202)


def _switch(call: Call, *, is_enabled: bool) -> Answer:
    call.control.monitors.set_enabled(call.text("monitor"), is_enabled)
    return _one(call)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/monitors",
        "listMonitors",
        "monitors",
        Role.VIEWER,
        "Every monitor, in the order of the configuration.",
        _list,
        record(monitors=list_of(ref("Monitor"))),
    ),
    Endpoint(
        "GET",
        "/monitors/{monitor}",
        "getMonitor",
        "monitors",
        Role.VIEWER,
        "One monitor.",
        _one,
        ref("Monitor"),
        (_MONITOR,),
        problems=("no_such_name",),
    ),
    Endpoint(
        "POST",
        "/monitors/{monitor}/look",
        "lookAtMonitored",
        "monitors",
        Role.OPERATOR,
        "Look at it at once; what is seen shows a moment later.",
        _look,
        ref("Monitor"),
        (_MONITOR,),
        statuses=(202,),
        problems=("no_such_name", "failed"),
    ),
    Endpoint(
        "POST",
        "/monitors/{monitor}/pause",
        "pauseMonitor",
        "monitors",
        Role.OPERATOR,
        "Do not look at it until it is resumed.",
        lambda call: _switch(call, is_enabled=False),
        ref("Monitor"),
        (_MONITOR,),
        problems=("no_such_name",),
    ),
    Endpoint(
        "POST",
        "/monitors/{monitor}/resume",
        "resumeMonitor",
        "monitors",
        Role.OPERATOR,
        "Look at it again.",
        lambda call: _switch(call, is_enabled=True),
        ref("Monitor"),
        (_MONITOR,),
        problems=("no_such_name",),
    ),
)
