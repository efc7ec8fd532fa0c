"""What an alert tells, and when. Nothing here sends, waits or writes: times are seconds since the epoch, and arguments.

An alert keeps a book of troubles. An edge changes one entry of it (`heard`). What is news opens a batch: it stays open
for `batch_seconds`, so that a machine that falls over makes one message and not two hundred, and then all that is news
goes into one digest (`taken`). The rules:

- A trouble that is begun again while it lasts is one trouble. It is told again when it became worse, or when nothing was
  heard of it for `ANEW_SECONDS`: its end may have been missed, and a trouble never told is worse than one told twice.
- One that was told, ended, and began again within a batch goes on as it was told; its end will tell how often it began.
- A trouble that is over before it was told is told in one line with its end, never left out: a crash at night matters
  in the morning, although the program was started again.
- An end is told of what was told to have begun. A quiet end (somebody stopped it) is not told, but closes the entry.
- The quiet end of a rule is that its program is down, perhaps because the rule stopped it. Where that is not told yet it is
  told as begun: nothing has recovered.
- In quiet hours, and when the hour has had its messages, news wait and are told together later. Nothing is dropped.
- What lasts is told again every `repeat_seconds`, all that is due together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from vigild.core.alert_filter import Filter
from vigild.core.digest import Digest, Telling, rank
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.frozen import frozen
from vigild.core.quiet import OffsetAt, QuietHours, quiet_until

ANEW_SECONDS = 3600.0
HOUR_SECONDS = 3600.0
MAX_TROUBLES = 5000  # in one book
MAX_TELLINGS = 1000  # in one digest; more are counted
MAX_WITH_LINES = 20  # tellings of a digest that keep their last lines of output
QUIET_HOURS, LIMIT = "quiet hours", "the limit of messages"
_FOLDED = {EdgeKind.DOWN: 1, EdgeKind.FLAPPING: 2, EdgeKind.FATAL: 3}  # each says what those below it do
_PASSING = {"critical": rank(Severity.CRITICAL), "warning": rank(Severity.WARNING), "none": -1}

Lines = dict[str, tuple[str, ...]]


@frozen
class Policy:
    """What is configured for one alert. `max_per_hour` 0 and `repeat_seconds` 0: never mind."""

    filter: Filter = field(default_factory=Filter)
    batch_seconds: float = 10.0
    repeat_seconds: float = 0.0
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    quiet_pass: str = "critical"
    max_per_hour: int = 60


@frozen
class Trouble:
    """An entry of the book.

    `news_since` 0: all is told. `told_at` 0: nothing was ever. `count`: beginnings that were not told yet.
    """

    edge: Edge
    began: float
    heard_at: float
    count: int = 1
    news_since: float = 0.0
    told_at: float = 0.0
    ended: float = 0.0
    end_text: str = ""
    lines: Lines = field(default_factory=dict)


def heard(
    trouble: Trouble | None, edge: Edge, now: float, policy: Policy, lines: Lines | None = None
) -> Trouble | None:
    """The entry of a trouble after `edge`; None where the book has none (any more)."""
    if edge.kind is EdgeKind.RECOVERED:
        return _ended(trouble, edge, now, policy)
    if trouble is None:
        if not policy.filter.begins(edge):
            return None
        return Trouble(edge, edge.at, now, 1, news_since=now, lines=lines or {})
    is_as_told = (
        trouble.ended > 0 and trouble.told_at > 0 and 0 <= now - trouble.ended <= policy.batch_seconds
    )
    is_news = (
        (trouble.news_since > 0 and not is_as_told)
        or rank(edge.severity) < rank(trouble.edge.severity)
        or now - trouble.heard_at > ANEW_SECONDS
    )
    return replace(
        trouble,
        edge=edge,
        heard_at=now,
        count=trouble.count + 1,
        news_since=(trouble.news_since or now) if is_news else 0.0,
        ended=0.0,
        end_text="",
        lines=lines or {},
    )


def _ended(trouble: Trouble | None, edge: Edge, now: float, policy: Policy) -> Trouble | None:
    if trouble is None or trouble.ended:
        return trouble
    is_told = not edge.quiet and policy.filter.tells_ends(trouble.edge)
    if not trouble.news_since and not is_told:
        return None
    return replace(
        trouble,
        heard_at=now,
        ended=edge.at,
        end_text="" if edge.quiet and trouble.edge.kind is EdgeKind.RULE else edge.text,
        news_since=trouble.news_since or now,
    )


@frozen
class Plan:
    """When the next digest is due, and why not sooner."""

    at: float
    held_for: str = ""


def planned(
    troubles: Iterable[Trouble], told: Iterable[float], now: float, policy: Policy, offset_at: OffsetAt
) -> Plan | None:
    """When something is to be told; None while there is nothing. `told`: when messages were sent, within the hour."""
    free = _free_at(told, now, policy)
    first: dict[bool, float] = {}  # by whether quiet hours let it pass
    for trouble in troubles:
        due = _due(trouble, now, policy)
        if due is not None:
            passes = _passes(trouble, policy)
            first[passes] = min(due, first.get(passes, due))
    plans = []
    for passes, due in first.items():
        at, held_for = (due, "") if due >= free else (free, LIMIT)
        over = at if passes else quiet_until(policy.quiet_hours, max(at, now), offset_at)
        plans.append(Plan(over, QUIET_HOURS if over > max(at, now) else held_for))
    return min(plans, key=lambda plan: plan.at, default=None)


@frozen
class Held:
    """How many troubles wait longer than a batch takes, until when the first of them does, and for what."""

    count: int = 0
    until: float = 0.0
    held_for: str = ""


def held(
    troubles: Iterable[Trouble], told: Iterable[float], now: float, policy: Policy, offset_at: OffsetAt
) -> Held:
    """What is news and is not told yet because of quiet hours or the limit of messages."""
    news = [trouble for trouble in troubles if trouble.news_since]
    count, soonest = 0, None
    for passes in (True, False):
        some = [trouble for trouble in news if _passes(trouble, policy) is passes]
        plan = planned(some, told, now, policy, offset_at)
        if plan is not None and plan.held_for:
            count += len(some)
            soonest = min(soonest or plan, plan, key=lambda one: one.at)
    return Held(count, soonest.at, soonest.held_for) if soonest else Held()


def taken(
    book: Mapping[str, Trouble], now: float, policy: Policy, offset_at: OffsetAt
) -> tuple[list[Telling], dict[str, Trouble | None], bool]:
    """All that is to be told now that a digest is due, the changed entries, and whether any waited for quiet hours."""
    is_quiet = quiet_until(policy.quiet_hours, now, offset_at) > now
    tellings: list[Telling] = []
    changes: dict[str, Trouble | None] = {}
    waited = False
    for key, trouble in book.items():
        if is_quiet and not _passes(trouble, policy):
            continue
        is_reminder = not trouble.news_since
        due = _due(trouble, now, policy)
        if due is None or (is_reminder and due > now + policy.batch_seconds):
            continue
        since = trouble.news_since
        waited = waited or (not is_reminder and quiet_until(policy.quiet_hours, since, offset_at) > since)
        tellings.append(_telling(trouble, is_reminder))
        changes[key] = (
            None if trouble.ended else replace(trouble, news_since=0.0, told_at=now, count=0, lines={})
        )
    return tellings, changes, waited


def digest_of(
    alert: str, identity: str, now: float, tellings: list[Telling], left_out: int = 0, held_for: str = ""
) -> Digest:
    """The worst first, what lasts before what is over, and no more than fits."""
    ordered = sorted(_folded(tellings), key=_order)
    shown = [
        telling if number < MAX_WITH_LINES or not telling.lines else replace(telling, lines={})
        for number, telling in enumerate(ordered[:MAX_TELLINGS])
    ]
    left_out += len(ordered) - len(shown)
    return Digest(alert, identity, now, tuple(shown), left_out, held_for)


def _folded(tellings: list[Telling]) -> list[Telling]:
    """Without what another says, too: whoever flaps or is given up is down, and one that is back from it is up again."""
    worst: dict[tuple[str, str, bool], int] = {}
    for telling in tellings:
        whose = telling.edge.source, telling.edge.name, telling.ended > 0
        worst[whose] = max(worst.get(whose, 0), _FOLDED.get(telling.edge.kind, 0))
    return [
        telling
        for telling in tellings
        if _FOLDED.get(telling.edge.kind, 9)
        >= worst[telling.edge.source, telling.edge.name, telling.ended > 0]
    ]


def too_many(book: Mapping[str, Trouble]) -> str | None:
    """The entry that has to make room when the book is full; one that is told and silent for longest if there is one."""
    if len(book) <= MAX_TROUBLES:
        return None
    return min(book, key=lambda key: (book[key].news_since > 0, book[key].heard_at))


def _telling(trouble: Trouble, is_reminder: bool) -> Telling:
    is_down = trouble.edge.kind is EdgeKind.RULE and not trouble.end_text  # it rests, and has not recovered
    return Telling(
        edge=trouble.edge,
        began=trouble.began,
        count=max(1, trouble.count),
        ended=0.0 if is_down else trouble.ended,
        end_text=trouble.end_text,
        was_told=trouble.told_at > 0,
        is_reminder=is_reminder,
        lines=trouble.lines,
    )


def _order(telling: Telling) -> tuple[bool, bool, int, float, str]:
    return (
        telling.ended > 0,
        telling.is_reminder,
        rank(telling.edge.severity),
        telling.began,
        telling.edge.key,
    )


def _due(trouble: Trouble, now: float, policy: Policy) -> float | None:
    if trouble.news_since:
        # A clock that was set back must not hold it up.
        return now if trouble.news_since > now else trouble.news_since + policy.batch_seconds
    if policy.repeat_seconds and not trouble.ended:
        return trouble.told_at + policy.repeat_seconds
    return None


def _passes(trouble: Trouble, policy: Policy) -> bool:
    return rank(trouble.edge.severity) <= _PASSING.get(policy.quiet_pass, -1)


def _free_at(told: Iterable[float], now: float, policy: Policy) -> float:
    recent = sorted(at for at in told if now - HOUR_SECONDS < at <= now)
    if not policy.max_per_hour or len(recent) < policy.max_per_hour:
        return now
    return recent[-policy.max_per_hour] + HOUR_SECONDS
