"""What happened, and why something failed."""

from typing import cast

from vigild.control.facade import Facts
from vigild.core.access import Role
from vigild.core.errors import Fault, VigilError
from vigild.core.facts import Fact
from vigild.core.history import MAX_FACTS, HistoryQuery, Kind
from vigild.core.story import KINDS_BEFORE, KINDS_OF_STORY, Part, latest_failure, tell
from vigild.fronts.api.endpoint import LATEST, MOST, NAME, Answer, Call, Endpoint, Parameter
from vigild.fronts.api.problems import ProblemError
from vigild.fronts.api.schema import anything, boolean, integer, list_of, map_of, number, record, ref, text
from vigild.fronts.api.times import clock_time, signal_name

PAGE = 500
_PARAMETERS = (
    Parameter("name", text(maxLength=512), "NAME, GROUP:NAME or GROUP:*; without it, everything"),
    Parameter("since", number(minimum=0, maximum=LATEST), "Not before this, in seconds since the epoch"),
    Parameter("until", number(minimum=0, maximum=LATEST), "Before this, in seconds since the epoch"),
    Parameter("limit", integer(minimum=1, maximum=MAX_FACTS), "How many at most (100): the last of them"),
    Parameter("after", integer(minimum=0, maximum=MOST), "The first of those with a greater id, to follow"),
    Parameter("kinds", text(maxLength=256), f"Only these, with commas between: {', '.join(Kind)}"),
    Parameter("output", boolean(), "With the last lines before each unexpected exit"),
)
_STORY = record(
    name=text("The process that failed: of a group, the last that did"),
    failure=ref("Fact"),
    story=list_of(
        record(
            part=text(
                "", enum=["", "what", "meaning", "before", "then", "stderr", "stdout", "output", "try"]
            ),
            heading=text("For people; empty for the first line"),
            text=text("May have several lines"),
            sentences=list_of(
                record(
                    code=text("Which sentence it is, in a word that does not change"),
                    text=text("The sentence"),
                    values=map_of(anything(), "What stands in it; times in seconds since the epoch"),
                ),
                "The same, one a line",
            ),
        )
    ),
)


async def _read(call: Call, query: HistoryQuery) -> list[Facts]:
    try:
        return await call.control.history.read(query)
    except VigilError as error:
        if error.fault is Fault.FAILED and "history=false" in str(error):
            raise ProblemError("not_configured", str(error.detail)) from None
        raise


async def _history(call: Call) -> Answer:
    kinds = tuple(word.strip() for word in call.text("kinds").split(",") if word.strip())
    if not set(kinds) <= set(Kind):
        raise ProblemError("invalid_argument", f"the kinds of facts are {', '.join(Kind)}")
    query = HistoryQuery(
        call.text("name"),
        call.number("since"),
        call.number("until"),
        call.integer("limit", 100),
        call.integer("after", -1),
        kinds,
        call.flag("output"),
    )
    return Answer({"facts": await _read(call, query)})


async def _why(call: Call) -> Answer:
    name = call.text("name")
    last = cast(list[Fact], await _read(call, HistoryQuery(name, limit=PAGE, kinds=KINDS_BEFORE)))
    found = latest_failure(last)
    if found is None:
        raise ProblemError("no_failure", f"the history knows of no failure of {name}")
    number_, who = last[found]["id"], last[found]["name"]
    after = HistoryQuery(who, limit=PAGE, after=number_ - 1, kinds=KINDS_OF_STORY)
    with_output = HistoryQuery(who, limit=1, after=number_ - 1, kinds=KINDS_BEFORE, with_output=True)
    following = cast(list[Fact], await _read(call, after))
    (failure, *_) = cast(list[Fact], await _read(call, with_output))
    before = [fact for fact in last[:found] if fact["name"] == who]
    parts = tell(
        who, [*before, *following], len(before), failure, call.control.views.now(), clock_time, signal_name
    )
    return Answer({"name": who, "failure": failure, "story": [_part(part) for part in parts]})


def _part(part: Part) -> dict[str, object]:
    sentences = [{"code": one.code, "text": one.text, "values": one.values} for one in part.sentences]
    kind = _PARTS.get(part.heading, "")
    return {"part": kind, "heading": part.heading, "text": part.text, "sentences": sentences}


_PARTS = {
    "What": "what",
    "Meaning": "meaning",
    "Before": "before",
    "Then": "then",
    "Last lines of stderr": "stderr",
    "Last lines of stdout": "stdout",
    "Last lines": "output",
    "Try": "try",
}

ENDPOINTS = (
    Endpoint(
        "GET",
        "/history",
        "getHistory",
        "history",
        Role.VIEWER,
        "What happened, oldest first, as `vigil history` shows it. A token for some programs gets what is about these.",
        _history,
        record(facts=list_of(ref("Fact"))),
        _PARAMETERS,
        problems=("no_such_name", "not_configured", "failed"),
    ),
    Endpoint(
        "GET",
        "/processes/{name}/why",
        "getWhy",
        "history",
        Role.VIEWER,
        "The story of the latest failure of a process, as `vigil why` tells it.",
        _why,
        _STORY,
        (NAME,),
        problems=("no_such_name", "no_failure", "not_configured", "failed"),
    ),
)
