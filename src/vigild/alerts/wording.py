"""A digest in words: what is the matter, where, since when, how often, and the last lines of output.

Few troubles are told one by one, many of a kind together with their number and their names. What comes from others (names, log
lines, answers) is made plain here; how it is kept from being taken for signs is the senders' (`alerts/markup.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from vigild.alerts.languages import duration, headline, words
from vigild.alerts.sending import Item, Message, Origin
from vigild.core.alert_template import fill_template
from vigild.core.digest import Digest, Telling
from vigild.core.edges import EdgeKind, Severity
from vigild.wire.plain_lines import plain_line

ONE_BY_ONE = 4  # of a kind; more are told together
NAMES_IN_TITLE = 3
LISTED = 20  # of those told together
LINES = 20
TITLE_CHARS = 200

Words = Mapping[str, str]


def message_of(
    digest: Digest,
    origin: Origin,
    *,
    language: str = "en",
    template: str = "",
    zone: tzinfo | None = None,
) -> Message:
    """The message that tells a digest. `zone` None: times are the machine's."""
    table = words(language)
    groups = _grouped(digest.tellings)
    items = tuple(item for group in groups for item in _items(table, group, digest.at, zone))
    heads = [_group_head(table, group, NAMES_IN_TITLE) for group in groups]
    host = plain_line(origin.host, 80)
    title = plain_line(f"[{host}] {table['semicolon'].join(heads)}", TITLE_CHARS)
    notes = tuple(_notes(table, digest, origin))
    text = "\n".join((*_text_of(items), "", *notes))
    if template:
        values = {
            "title": title,
            "text": text,
            "host": host,
            "identifier": plain_line(origin.identifier),
            "alert": digest.alert,
            "severity": digest.severity.value,
            "count": str(len(digest.tellings) + digest.left_out),
            "names": _names(table, [telling.edge.name for telling in digest.tellings], LISTED),
            "time": _when(digest.at, zone),
        }
        text, items, notes = fill_template(template, values), (), ()
    return Message(
        identity=digest.identity,
        title=title,
        text=text,
        severity=digest.severity,
        at=digest.at,
        origin=origin,
        alert=digest.alert,
        edges=tuple(telling.edge for telling in digest.tellings),
        digest=digest,
        items=items,
        notes=notes,
        more=table["more"],
    )


# Grouping.


def _sort(telling: Telling) -> str:
    """Which of the tables' headlines it has."""
    if telling.ended:
        return "recovered" if telling.was_told else "was"
    return telling.edge.kind.value


def _grouped(tellings: Sequence[Telling]) -> list[list[Telling]]:
    groups: dict[str, list[Telling]] = {}
    for telling in tellings:
        groups.setdefault(_sort(telling), []).append(telling)
    return list(groups.values())


def _group_head(table: Words, group: Sequence[Telling], most: int) -> str:
    if len(group) == 1:
        return _head(table, group[0])
    sort = _sort(group[0])
    names = _names(table, [telling.edge.name for telling in group], most)
    return table["wases" if sort == "was" else f"{sort}s"].format(count=len(group), names=names)


def _names(table: Words, names: Sequence[str], most: int) -> str:
    different = list(dict.fromkeys(plain_line(name, 100) for name in names))
    shown = table["comma"].join(different[:most])
    left = len(different) - most
    return table["and_more"].format(names=shown, count=left) if left > 0 else shown


# One trouble, or many of a kind.


def _head(table: Words, telling: Telling) -> str:
    edge, name = telling.edge, plain_line(telling.edge.name, 100)
    match _sort(telling):
        case "was" if edge.kind is EdgeKind.DAEMON:  # whose name is that of the file, more or less
            return headline(table, edge.kind, name)
        case "was":
            return table["was"].format(name=name, kind=edge.kind.value)
        case "recovered":
            return headline(table, EdgeKind.RECOVERED, name)
        case _:
            return headline(table, edge.kind, name)


def _items(table: Words, group: list[Telling], now: float, zone: tzinfo | None) -> Iterator[Item]:
    if len(group) <= ONE_BY_ONE:
        for telling in group:
            yield _item(table, telling, now, zone)
        return
    facts = [_short(table, telling) for telling in group[:LISTED]]
    if len(group) > LISTED:
        facts.append(table["more"].format(count=len(group) - LISTED))
    began = min(telling.began for telling in group)
    facts.append(table["since"].format(when=_when(began, zone)))
    lines = next((lines for telling in group if (lines := _output(table, telling))), ())
    first = group[0]
    head = _group_head(table, group, NAMES_IN_TITLE)
    yield Item(first.edge.severity, head, tuple(facts), lines, bool(first.ended))


def _item(table: Words, telling: Telling, now: float, zone: tzinfo | None) -> Item:
    edge = telling.edge
    facts: list[str] = []
    if not telling.ended or not telling.was_told:
        facts += _details(table, telling)
    if telling.ended:
        if telling.end_text and (edge.source != "program" or "status" not in table):
            facts.append(plain_line(telling.end_text))
        lasted = duration(table, telling.ended - telling.began)
        if not telling.end_text and telling.ended - telling.began < 1:  # it happened, and that was all
            facts.append(table["since"].format(when=_when(telling.began, zone)))
            return Item(edge.severity, _head(table, telling), tuple(facts), _output(table, telling), True)
        began, ended = _when(telling.began, zone), _when(telling.ended, zone)
        facts.append(table["ended"].format(duration=lasted, began=began, ended=ended))
    elif telling.is_reminder:
        facts.append(table["reminder"])
        lasted = duration(table, now - telling.began)
        facts.append(table["lasts"].format(when=_when(telling.began, zone), duration=lasted))
    elif edge.kind is not EdgeKind.TEST:
        facts.append(table["since"].format(when=_when(telling.began, zone)))
    if telling.count > 1:
        facts.append(table["often"].format(count=telling.count))
    return Item(
        edge.severity, _head(table, telling), tuple(facts), _output(table, telling), bool(telling.ended)
    )


def _details(table: Words, telling: Telling) -> list[str]:
    """How it ended and how often before: the edge's own text has it in English; in other languages its details have."""
    known = telling.edge.details
    values = {key: plain_line(str(value)) for key, value in known.items()}
    for key in ("ran", "restart_in", "window"):
        if isinstance(seconds := known.get(key), int | float):
            values[key] = duration(table, seconds)
    values.setdefault("ran", "?")
    values.setdefault("window", "?")
    facts: list[str] = []
    for key in ("status", "signal", "unseen", "error", "reason", "restarts", "tries", "answer", "before"):
        value = known.get(key)
        if key == "tries" and value == 1:  # it did start: it was given up for flapping
            continue
        if key in table and value is not None and value is not False and (value or key == "status"):
            core = table["core"] if key == "signal" and known.get("core") else ""
            facts.append(table[key].format(**values) + core)
    if "restart_in" in table and "restart_in" in known and known["restart_in"]:
        facts.append(table["restart_in"].format(**values))
    return facts or [plain_line(telling.edge.text)]


def _short(table: Words, telling: Telling) -> str:
    if telling.ended:
        name = plain_line(telling.edge.name, 100)
        return f"{name}: {duration(table, telling.ended - telling.began)}"
    if "status" in table:
        facts = _details(table, telling)
        return f"{plain_line(telling.edge.name, 100)}: {facts[0]}"
    return plain_line(telling.line)


def _output(table: Words, telling: Telling) -> tuple[str, ...]:
    shown: list[str] = []
    for channel in ("stderr", "stdout"):
        lines = telling.lines.get(channel, ())
        if lines and not shown:
            shown.append(table["output"].format(channel=channel))
            shown += [plain_line(line) for line in lines[-LINES:]]
    return tuple(shown)


# The whole.


def _text_of(items: Sequence[Item]) -> Iterator[str]:
    for number, item in enumerate(items):
        if number:
            yield ""
        yield item.head
        yield from (f"  {fact}" for fact in item.facts)
        yield from (f"  {line}" if not index else f"  | {line}" for index, line in enumerate(item.lines))


def _notes(table: Words, digest: Digest, origin: Origin) -> Iterator[str]:
    if digest.left_out:
        yield table["left_out"].format(count=digest.left_out)
    yield table["where"].format(host=plain_line(origin.host), identifier=plain_line(origin.identifier))
    if digest.held_for:
        yield table["held"].format(why=table.get(digest.held_for, digest.held_for))


def _when(at: float, zone: tzinfo | None) -> str:
    moment = datetime.fromtimestamp(at, zone)
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")


def short_text(message: Message, max_chars: int) -> str:
    """Title and as much of the first facts as there is room for: for an SMS."""
    text = message.title
    if not message.items:
        text = message.text or message.title
    for item in message.items:
        for fact in item.facts:
            if max_chars and len(text) + len(fact) + 1 > max_chars:
                break
            text += f"\n{fact}"
    return text if not max_chars or len(text) <= max_chars else f"{text[: max_chars - 1]}…"


def is_good_news(message: Message) -> bool:
    """Does it tell of nothing but ends?"""
    return bool(message.items) and all(item.is_over for item in message.items)


MARKS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
OVER_MARK = "🟢"


def mark_of(item: Item) -> str:
    """A coloured sign."""
    return OVER_MARK if item.is_over else MARKS[item.severity]
