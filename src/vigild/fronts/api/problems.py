"""What can go wrong, with a code that stays the same over versions, and how it is told (RFC 9457)."""

import json

from vigild.core.errors import Fault, VigilError
from vigild.core.frozen import frozen
from vigild.fronts.serving.messages import Response

MEDIA_TYPE = "application/problem+json"


@frozen
class Problem:
    """One sort of problem: its code, the status of HTTP, and what it means."""

    code: str
    status: int
    title: str


_PROBLEMS = (
    Problem("malformed", 400, "The request cannot be read"),
    Problem("invalid_argument", 400, "A parameter or a field of the body is not as it has to be"),
    Problem("bad_signal", 400, "There is no such signal"),
    Problem("unauthorized", 401, "Who asks must say who that is"),
    Problem("forbidden", 403, "Who asks may not do this"),
    Problem("not_found", 404, "There is nothing at this path"),
    Problem("no_such_name", 404, "There is nothing of that name"),
    Problem("no_file", 404, "There is no such file"),
    Problem("no_such_operation", 404, "There is no such operation, or it is forgotten by now"),
    Problem("no_failure", 404, "The history knows of no failure"),
    Problem(
        "method_not_allowed", 405, "The path has no such method; the header Allow names those that it has"
    ),
    Problem("command_not_found", 409, "The program's file is not there"),
    Problem("not_executable", 409, "The program's file cannot be executed"),
    Problem("failed", 409, "It was tried and failed; detail says why"),
    Problem("abnormal_termination", 409, "It did not come to run, or it is still stopping"),
    Problem("spawn_error", 409, "It could not be started"),
    Problem("already_started", 409, "It runs already"),
    Problem("not_running", 409, "It does not run"),
    Problem("already_added", 409, "There is a group of that name already"),
    Problem("still_running", 409, "It still runs"),
    Problem("cannot_reread", 409, "The configuration has errors"),
    Problem("not_configured", 409, "The configuration does not switch this on"),
    Problem("body_too_large", 413, "The body is too large"),
    Problem("unsupported_media_type", 415, "A body must be application/json"),
    Problem("too_many", 429, "There are too many of these already; try again later"),
    Problem("internal_error", 500, "A defect in Vigil; its log says more"),
    Problem("shutting_down", 503, "The daemon is ending or restarting"),
)
PROBLEMS = {problem.code: problem for problem in _PROBLEMS}

FAULTS: dict[Fault, str] = {
    Fault.INCORRECT_PARAMETERS: "invalid_argument",
    Fault.BAD_ARGUMENTS: "invalid_argument",
    Fault.SHUTDOWN_STATE: "shutting_down",
    Fault.BAD_NAME: "no_such_name",
    Fault.BAD_SIGNAL: "bad_signal",
    Fault.NO_FILE: "no_file",
    Fault.NOT_EXECUTABLE: "not_executable",
    Fault.FAILED: "failed",
    Fault.ABNORMAL_TERMINATION: "abnormal_termination",
    Fault.SPAWN_ERROR: "spawn_error",
    Fault.ALREADY_STARTED: "already_started",
    Fault.NOT_RUNNING: "not_running",
    Fault.ALREADY_ADDED: "already_added",
    Fault.STILL_RUNNING: "still_running",
    Fault.CANT_REREAD: "cannot_reread",
}


class ProblemError(Exception):
    """Answer with this problem."""

    def __init__(self, code: str, detail: str = "", headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.code = code
        self.detail = detail
        self.headers = headers
        super().__init__(f"{code}: {detail}" if detail else code)


def code_of(error: VigilError) -> str:
    """The code of a refusal of control."""
    return FAULTS.get(error.fault, "failed")


def detail_of(error: VigilError) -> str:
    """What it says beside its fault."""
    return str(error.detail) if error.detail is not None else ""


def problem_response(code: str, detail: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """The answer."""
    problem = PROBLEMS[code]
    document = {
        "type": f"/api/v1/docs#{code}",
        "title": problem.title,
        "status": problem.status,
        "code": code,
        "detail": detail,
    }
    body = json.dumps(document, separators=(",", ":")).encode()
    fixed = (
        ("Content-Type", MEDIA_TYPE),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Response(problem.status, (*headers, *fixed), body)
