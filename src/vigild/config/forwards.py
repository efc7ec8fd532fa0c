"""`[forward:x]`: whose output goes where, besides its log."""

from vigild.config.ini import Section
from vigild.config.model import ForwardConfig
from vigild.config.named_sections import name_of, sections_of, values_of
from vigild.config.options import FORWARD
from vigild.config.resolve import Resolver

FORWARDS_MAX = 20
_URL_HINT = "add url=syslog+tcp://HOST:601 or another address, or url_file=/path/of/a/file with it"


def resolve_forwards(resolver: Resolver) -> tuple[ForwardConfig, ...]:
    """Every forward, in the order of the file."""
    sections = sections_of(resolver, "forward", FORWARDS_MAX, "one forward takes several programs")
    found = (_forward(resolver, section) for section in sections)
    return tuple(forward for forward in found if forward is not None)


def _forward(resolver: Resolver, section: Section) -> ForwardConfig | None:
    name = name_of(resolver, section)
    if name is None:
        return None
    values = values_of(resolver, section, FORWARD, ForwardConfig)
    given = resolver.entries(section)
    if "url" in given and "url_file" in given:
        text = "url and url_file exclude each other"
        resolver.refuse(section, "url_file", "V013", text, "keep one; each address takes a [forward:NAME]")
        return None
    if "url" not in given and "url_file" not in given:
        resolver.refuse(section, None, "V005", "no url= and no url_file= in this section", _URL_HINT)
        return None
    return ForwardConfig(name, **values, where=section.where)
