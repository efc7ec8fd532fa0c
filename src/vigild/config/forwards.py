"""`[forward:x]`: whose output goes where, besides its log."""

from dataclasses import fields
from typing import Any

from vigild.config.convert import plain_name
from vigild.config.diagnostics import BadValueError
from vigild.config.ini import Section
from vigild.config.model import ForwardConfig
from vigild.config.options import FORWARD
from vigild.config.resolve import Resolver

FORWARDS_MAX = 20
_URL_HINT = "add url=syslog+tcp://HOST:601 or another address, or url_file=/path/of/a/file with it"


def resolve_forwards(resolver: Resolver) -> tuple[ForwardConfig, ...]:
    """Every forward, in the order of the file."""
    sections = [item for item in resolver.document.sections.values() if item.name.startswith("forward:")]
    if len(sections) > FORWARDS_MAX:
        text = f"{len(sections)} forwards; there may be {FORWARDS_MAX}"
        resolver.refuse(sections[FORWARDS_MAX], None, "V006", text, "one forward takes several programs")
        del sections[FORWARDS_MAX:]
    found = (_forward(resolver, section) for section in sections)
    return tuple(forward for forward in found if forward is not None)


def _forward(resolver: Resolver, section: Section) -> ForwardConfig | None:
    try:
        name = plain_name(section.name.partition(":")[2])
    except BadValueError as error:
        resolver.refuse(section, None, error.code, str(error), error.hint)
        return None
    if not name or not name.isprintable():
        text = "a forward's name has a sign that cannot be shown" if name else "a forward without a name"
        resolver.refuse(section, None, "V008", text, "write [forward:NAME]")
        return None
    known = {field.name for field in fields(ForwardConfig)}
    values: dict[str, Any] = {
        option.field: value
        for option in FORWARD.values()
        if option.field in known and (value := resolver.value(section, option)) is not None
    }
    given = resolver.entries(section)
    if "url" in given and "url_file" in given:
        text = "url and url_file exclude each other"
        resolver.refuse(section, "url_file", "V013", text, "keep one; each address takes a [forward:NAME]")
        return None
    if "url" not in given and "url_file" not in given:
        resolver.refuse(section, None, "V005", "no url= and no url_file= in this section", _URL_HINT)
        return None
    return ForwardConfig(name, **values, where=section.where)
