"""`[alert:x]`: who is told of what, and where."""

from dataclasses import fields
from typing import Any

from vigild.config.convert import plain_name
from vigild.config.diagnostics import BadValueError
from vigild.config.ini import Section
from vigild.config.model import AlertConfig
from vigild.config.options import ALERT
from vigild.config.resolve import Resolver

ALERTS_MAX = 100


def resolve_alerts(resolver: Resolver) -> tuple[AlertConfig, ...]:
    """Every alert, in the order of the file."""
    sections = [item for item in resolver.document.sections.values() if item.name.startswith("alert:")]
    if len(sections) > ALERTS_MAX:
        text = f"{len(sections)} alerts; there may be {ALERTS_MAX}"
        resolver.refuse(sections[ALERTS_MAX], None, "V006", text, "one alert takes several url= and patterns")
        del sections[ALERTS_MAX:]
    found = (_alert(resolver, section) for section in sections)
    return tuple(alert for alert in found if alert is not None)


def _alert(resolver: Resolver, section: Section) -> AlertConfig | None:
    try:
        name = plain_name(section.name.partition(":")[2])
    except BadValueError as error:
        resolver.refuse(section, None, error.code, str(error), error.hint)
        return None
    if not name or not name.isprintable():
        text = "an alert's name has a sign that cannot be shown" if name else "an alert without a name"
        resolver.refuse(section, None, "V008", text, "write [alert:NAME]")
        return None
    known = {field.name for field in fields(AlertConfig)}
    values: dict[str, Any] = {
        option.field: value
        for option in ALERT.values()
        if option.field in known and (value := resolver.value(section, option)) is not None
    }
    alert = AlertConfig(name, **values, where=section.where)
    if not alert.urls and alert.url_file is None:
        given = resolver.entries(section)
        if "url" not in given or not given["url"].text.strip():
            hint = "add url=dingtalk://TOKEN?secret=SEC… or another address, or url_file=/path/of/a/file with them"
            resolver.refuse(section, None, "V005", "no url= and no url_file= in this section", hint)
        return None
    return alert
