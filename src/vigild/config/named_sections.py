"""`[alert:NAME]`, `[forward:NAME]`, `[monitor:NAME]`: the sections of one kind, what each is called, what it says."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vigild.config.convert import plain_name
from vigild.config.diagnostics import BadValueError
from vigild.config.ini import Section
from vigild.config.options import Option
from vigild.config.resolve import Resolver


def sections_of(resolver: Resolver, kind: str, most: int, hint: str) -> list[Section]:
    """Every `[kind:…]`, in the order of the file; what is more than `most` is refused, with the way out."""
    found = [item for item in resolver.document.sections.values() if item.name.startswith(f"{kind}:")]
    if len(found) > most:
        resolver.refuse(found[most], None, "V006", f"{len(found)} {kind}s; there may be {most}", hint)
    return found[:most]


def name_of(resolver: Resolver, section: Section) -> str | None:
    """What it is called; None, and refused, when nothing can be called that."""
    kind, _, written = section.name.partition(":")
    article = "an" if kind[0] in "aeiou" else "a"
    try:
        name = plain_name(written)
    except BadValueError as error:
        resolver.refuse(section, None, error.code, str(error), error.hint)
        return None
    if not name or not name.isprintable():
        what = (
            f"{article} {kind}'s name has a sign that cannot be shown"
            if name
            else f"{article} {kind} without a name"
        )
        resolver.refuse(section, None, "V008", what, f"write [{kind}:NAME]")
        return None
    return name


def values_of(
    resolver: Resolver, section: Section, options: Mapping[str, Option], model: type
) -> dict[str, Any]:
    """What is written in it, by field of `model`. Options that `model` has no field for are left to others."""
    known = {field.name for field in fields(model)}
    return {
        option.field: value
        for option in options.values()
        if option.field in known and (value := resolver.value(section, option)) is not None
    }
