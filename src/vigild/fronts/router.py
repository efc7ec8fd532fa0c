"""Which front answers a path. Prefixes match as in Supervisor: `/RPC2` is `/RPC2/` and `/RPC2x` too."""

from collections.abc import Mapping

from vigild.control.facade import Control
from vigild.fronts.logtail import make_main_log_handler, make_process_log_handler
from vigild.fronts.serving.messages import Handler, Request, Response, error_response
from vigild.fronts.xmlrpc import make_handler


def _late_api(control: Control) -> Handler:
    """The JSON interface, loaded when it is first asked for."""
    made: list[Handler] = []

    async def handle(request: Request) -> Response:
        if not made:
            from vigild.fronts.api import ENDPOINTS, make_api

            made.append(make_api(control, ENDPOINTS))
        return await made[0](request)

    return handle


def _late_metrics(control: Control) -> Handler:
    """Metrics, loaded when they are first asked for."""
    made: list[Handler] = []

    async def handle(request: Request) -> Response:
        if request.path != "/metrics":
            return error_response(404)
        if request.caller.programs:
            return error_response(403, "this token is for some programs only, and metrics are of all")
        if not made:
            from vigild.fronts.metrics import make_metrics

            made.append(make_metrics(control))
        return await made[0](request)

    return handle


def _late_console() -> Handler:
    """The web console, loaded when it is first asked for."""
    made: list[Handler] = []

    async def handle(request: Request) -> Response:
        if not made:
            from vigild.fronts.console import make_console

            made.append(make_console())
        return await made[0](request)

    return handle


CONSOLE_PAGES = ("/", "/index.html", "/tail.html", "/favicon.ico")  # the second and third are Supervisor's


def make_app(control: Control, interfaces: Mapping[str, object]) -> Handler:
    """Everything that a server of the daemon answers."""
    console = _late_console()
    routes = (
        ("/metrics", _late_metrics(control)),
        ("/api/", _late_api(control)),
        ("/RPC2", make_handler(control, interfaces)),
        ("/mainlogtail", make_main_log_handler(control)),
        ("/logtail", make_process_log_handler(control)),
        ("/console/", console),
    )

    async def handle(request: Request) -> Response:
        for prefix, handler in routes:
            if request.path.startswith(prefix):
                return await handler(request)
        if request.method not in ("GET", "HEAD"):
            return error_response(400)
        if request.path in CONSOLE_PAGES:
            return await console(request)
        return error_response(404)

    return handle
