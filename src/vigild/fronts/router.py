"""Which front answers a path. Prefixes match as in Supervisor: `/RPC2` is `/RPC2/` and `/RPC2x` too."""

from collections.abc import Callable, Mapping
from functools import partial

from vigild.control.facade import Control
from vigild.fronts.logtail import make_main_log_handler, make_process_log_handler
from vigild.fronts.serving.messages import Handler, Request, Response, error_response
from vigild.fronts.xmlrpc import make_handler


def _late(make: Callable[[], Handler]) -> Handler:
    """The handler that `make` gives, made (and its rooms loaded) when it is first asked."""
    made: list[Handler] = []

    async def handle(request: Request) -> Response:
        if not made:
            made.append(make())
        return await made[0](request)

    return handle


def _api(control: Control) -> Handler:
    from vigild.fronts.api import ENDPOINTS, make_api

    return make_api(control, ENDPOINTS)


def _metrics(control: Control) -> Handler:
    from vigild.fronts.metrics import make_metrics

    return make_metrics(control)


def _console() -> Handler:
    from vigild.fronts.console import make_console

    return make_console()


def _of_all_programs(metrics: Handler) -> Handler:
    """Metrics, at one path, for those who may see all programs."""

    async def handle(request: Request) -> Response:
        if request.path != "/metrics":
            return error_response(404)
        if request.caller.programs:
            return error_response(403, "this token is for some programs only, and metrics are of all")
        return await metrics(request)

    return handle


CONSOLE_PAGES = ("/", "/index.html", "/tail.html", "/favicon.ico")  # the second and third are Supervisor's


def make_app(control: Control, interfaces: Mapping[str, object]) -> Handler:
    """Everything that a server of the daemon answers."""
    console = _late(_console)
    routes = (
        ("/metrics", _of_all_programs(_late(partial(_metrics, control)))),
        ("/api/", _late(partial(_api, control))),
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
