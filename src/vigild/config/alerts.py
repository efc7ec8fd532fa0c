"""`[alert:x]`: who is told of what, and where."""

from vigild.config.ini import Section
from vigild.config.model import AlertConfig
from vigild.config.named_sections import name_of, sections_of, values_of
from vigild.config.options import ALERT
from vigild.config.resolve import Resolver

ALERTS_MAX = 100


def resolve_alerts(resolver: Resolver) -> tuple[AlertConfig, ...]:
    """Every alert, in the order of the file."""
    sections = sections_of(resolver, "alert", ALERTS_MAX, "one alert takes several url= and patterns")
    found = (_alert(resolver, section) for section in sections)
    return tuple(alert for alert in found if alert is not None)


def _alert(resolver: Resolver, section: Section) -> AlertConfig | None:
    name = name_of(resolver, section)
    if name is None:
        return None
    values = values_of(resolver, section, ALERT, AlertConfig)
    alert = AlertConfig(name, **values, where=section.where)
    if not alert.urls and alert.url_file is None:
        given = resolver.entries(section)
        if "url" not in given or not given["url"].text.strip():
            hint = "add url=dingtalk://TOKEN?secret=SEC… or another address, or url_file=/path/of/a/file with them"
            resolver.refuse(section, None, "V005", "no url= and no url_file= in this section", hint)
        return None
    return alert
