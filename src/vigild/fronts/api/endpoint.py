"""One row of the table: a method and a path, who may, what comes in, what goes out, what can go wrong."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from vigild.control.facade import Control
from vigild.core.access import Role
from vigild.core.frozen import frozen
from vigild.fronts.api.schema import Schema
from vigild.fronts.serving.messages import Request, Response

if TYPE_CHECKING:
    from vigild.fronts.api.feed import Feed

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
# What checks by itself with which programs somebody has to do: by the names that they give, or by what they get.
_LOOKS_FOR_ITSELF = frozenset(
    {
        "getCaller",
        "listProcesses",
        "getHealth",
        "getHistory",
        "followEvents",
        "getRecentSamples",
        "actOnMany",
        "getOperation",
        "cancelOperation",
    }
)
MOST = 2**53 - 1  # what every reader of JSON takes as a whole number
LATEST = 10**11  # seconds since the epoch: the year 5138
COMMON_PROBLEMS = ("malformed", "invalid_argument", "unauthorized", "forbidden")


@frozen
class Parameter:
    """A part of the path, or of the query. `schema`: a plain type; `required`: parts of paths always are."""

    name: str
    schema: Schema
    words: str
    place: str = "query"

    @property
    def required(self) -> bool:
        """Must it be there?"""
        return self.place == "path"


@frozen
class Call:
    """A request as an endpoint sees it: everything checked. `arguments`: what the client gave, by parameter."""

    control: Control
    request: Request
    arguments: dict[str, object]
    body: dict[str, object]
    feed: "Callable[[], Feed]"  # of events; made when it is first wanted

    def text(self, name: str, default: str = "") -> str:
        """A parameter that is text."""
        return cast(str, self.arguments.get(name, default))

    def integer(self, name: str, default: int = 0) -> int:
        """A parameter that is a whole number."""
        return cast(int, self.arguments.get(name, default))

    def number(self, name: str, default: float = 0.0) -> float:
        """A parameter that is a number."""
        return cast(float, self.arguments.get(name, default))

    def flag(self, name: str) -> bool:
        """A parameter that is true or false."""
        return bool(self.arguments.get(name, False))


@frozen
class Answer:
    """A value that becomes JSON, and what goes with it."""

    value: object
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Outcome = Answer | Response
Run = Callable[[Call], Outcome | Awaitable[Outcome]]


@frozen
class Endpoint:
    """One row. `path` is below `/api/v1`; `id` names it in the document and, of an order, in the history.

    `notes` are the fields of the body that may be told of in the history. `media`: what a success is made of.
    """

    method: str
    path: str
    id: str
    tag: str
    role: Role
    words: str
    run: Run
    result: Schema | None = None
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    statuses: tuple[int, ...] = (200,)
    problems: tuple[str, ...] = ()
    media: str = JSON
    notes: tuple[str, ...] = ()
    while_shutting_down: bool = False

    @property
    def is_order(self) -> bool:
        """Does it change anything? Then the history is told who gave it."""
        return self.method != "GET"

    @property
    def is_about_all(self) -> bool:
        """Is it not for those who have to do with some programs only?"""
        return not (
            self.path.startswith("/processes/{name}") or self.tag == "about" or self.id in _LOOKS_FOR_ITSELF
        )

    @property
    def all_problems(self) -> tuple[str, ...]:
        """Every code that it may answer with."""
        more = ("unsupported_media_type", "body_too_large") if self.is_order else ()
        down = () if self.while_shutting_down else ("shutting_down",)
        return tuple(dict.fromkeys((*COMMON_PROBLEMS, *self.problems, *more, *down)))


NAME = Parameter(
    "name",
    {"type": "string", "minLength": 1, "maxLength": 512},
    "A process: NAME or GROUP:NAME",
    "path",
)
GROUP = Parameter("group", {"type": "string", "minLength": 1, "maxLength": 256}, "A group", "path")
