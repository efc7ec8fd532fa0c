"""`[monitor:x]`: what is looked at beyond programs, and by which rules it is judged."""

from collections.abc import Collection
from shlex import split

from vigild.config.convert import environment
from vigild.config.diagnostics import BadValueError
from vigild.config.ini import Section
from vigild.config.model import GroupConfig, MonitorConfig
from vigild.config.named_sections import name_of, sections_of, values_of
from vigild.config.options import MONITOR
from vigild.config.resolve import Resolver
from vigild.config.rule_text import read_rules
from vigild.config.suggest import did_you_mean
from vigild.core.dependency import find_cycle
from vigild.core.monitors import MONITOR_TYPES, MonitorType
from vigild.core.rules import Rule, Verb

MONITORS_MAX = 1000
FOR_ALL = ("type", "enabled", "interval", "timeout", "start_delay", "rules", "program")
HELD_BY = ("depends_on", "active_times", "paused_times")
MONITOR_PREFIX = "monitor:"
# What the check itself needs; the others are for the daemon.
_SETTINGS = [
    "path",
    "checksum",
    "content",
    "content_ignore",
    "expect_status",
    "expect_body",
    "headers",
    "method",
    "tls_verify",
    "tls_ca",
    "send",
    "expect",
    "interface",
    "pidfile",
    "pattern",
]


def resolve_monitors(resolver: Resolver, groups: tuple[GroupConfig, ...]) -> tuple[MonitorConfig, ...]:
    """Every monitor, in the order of the file."""
    sections = sections_of(resolver, "monitor", MONITORS_MAX, "watch less, or with a second daemon")
    programs = _names_of(groups)
    found = [(section, _monitor(resolver, section, programs)) for section in sections]
    made = {monitor.name: (section, monitor) for section, monitor in found if monitor is not None}
    for section, monitor in made.values():
        _check_dependencies(resolver, section, monitor, programs, made.keys())
    edges = {
        name: [word.removeprefix(MONITOR_PREFIX) for word in one.depends_on]
        for name, (_, one) in made.items()
    }
    cycle = find_cycle({name: [other for other in others if other in made] for name, others in edges.items()})
    if cycle:
        text = f"these monitors wait for one another: {' -> '.join(cycle)}"
        hint = "none of them would ever be judged; take one of the dependencies out"
        resolver.refuse(made[cycle[0]][0], "depends_on", "V017", text, hint)
    return tuple(monitor for _, monitor in made.values())


def _names_of(groups: tuple[GroupConfig, ...]) -> frozenset[str]:
    names = {group.name for group in groups} | {f"{group.name}:*" for group in groups}
    return frozenset(names | {f"{group.name}:{one.name}" for group in groups for one in group.processes})


def _monitor(resolver: Resolver, section: Section, programs: Collection[str]) -> MonitorConfig | None:
    name = name_of(resolver, section)
    if name is None:
        return None
    if "type" not in resolver.entries(section):
        hint = f"add type = one of {', '.join(MONITOR_TYPES)}"
        resolver.refuse(section, None, "V005", "no type= in this section", hint)
        return None
    kind_name = resolver.value(section, MONITOR["type"])
    if kind_name is None:
        return None
    kind = MONITOR_TYPES[kind_name]
    values = values_of(resolver, section, MONITOR, MonitorConfig)
    settings = _settings(resolver, section, kind)
    rules = _rules(resolver, section, kind)
    values |= {"settings": settings, "rules": tuple(rule.name for rule in rules)}
    variables = _environment(resolver, section)
    if variables:
        values["environment"] = variables
        settings["environment"] = variables
    if kind.name == "program" and values.get("directory"):
        settings["directory"] = values["directory"]
    monitor = MonitorConfig(name, **values, where=section.where)
    if kind.name == "program" and monitor.uid is not None:
        settings["uid"] = monitor.uid
    _check_options(resolver, section, kind)
    _check_actions(resolver, section, monitor, rules, programs)
    return monitor


def _settings(resolver: Resolver, section: Section, kind: MonitorType) -> dict[str, object]:
    settings: dict[str, object] = {}
    for name in _SETTINGS:
        value = resolver.value(section, MONITOR[name])
        if value is not None:
            settings[name] = value
    settings |= resolver.value(section, MONITOR["url"], {})
    command = resolver.value(section, MONITOR["command"])
    if command is not None:
        settings["argv"] = split(command)
    return settings


def _environment(resolver: Resolver, section: Section) -> dict[str, str]:
    text = resolver.value(section, MONITOR["environment"], "")
    try:
        return environment(text)
    except BadValueError as error:
        resolver.bad_value(section, "environment", resolver.entries(section)["environment"], error)
        return {}


def _rules(resolver: Resolver, section: Section, kind: MonitorType) -> tuple[Rule, ...]:
    text = resolver.value(section, MONITOR["rules"]) or kind.default_rules
    try:
        return read_rules(text, kind.vocabulary)
    except BadValueError as error:
        resolver.bad_value(section, "rules", resolver.entries(section)["rules"], error)
        return ()


def _check_options(resolver: Resolver, section: Section, kind: MonitorType) -> None:
    given = resolver.entries(section).keys()
    allowed = (*FOR_ALL, *HELD_BY, *kind.needs, *kind.takes)
    for name in sorted(given & MONITOR.keys() - set(allowed)):
        text = f"{name} is not for monitors of type {kind.name}"
        resolver.refuse(section, name, "V013", text, f"drop it; this type takes {', '.join(allowed)}")
    here = [name for name in kind.needs if name in given]
    if kind.needs and not here:
        hint = f"add {' or '.join(f'{name}=' for name in kind.needs)}"
        resolver.refuse(section, None, "V005", f"a monitor of type {kind.name} needs more", hint)
    elif len(here) > 1:
        text = f"{' and '.join(here)} say twice what is meant"
        resolver.refuse(section, here[1], "V013", text, "keep one of the two")


def _check_dependencies(
    resolver: Resolver,
    section: Section,
    monitor: MonitorConfig,
    programs: Collection[str],
    monitors: Collection[str],
) -> None:
    known = {*programs, *(f"{MONITOR_PREFIX}{name}" for name in monitors)}
    for name in monitor.depends_on:
        if name not in known:
            text = f"there is no {name!r} in this configuration"
            hint = (
                f"{did_you_mean(name, known)}write NAME, GROUP:NAME or GROUP:* of programs, or monitor:NAME"
            )
            resolver.refuse(section, "depends_on", "V016", text, hint)


def _check_actions(
    resolver: Resolver,
    section: Section,
    monitor: MonitorConfig,
    rules: tuple[Rule, ...],
    programs: Collection[str],
) -> None:
    if monitor.program and monitor.program not in programs:
        guess = did_you_mean(monitor.program, programs)
        text = f"there is no program {monitor.program!r} in this configuration"
        resolver.refuse(section, "program", "V016", text, f"{guess}write NAME, GROUP:NAME or GROUP:*")
    if monitor.program:
        return
    can = {verb for verb in (Verb.START, Verb.STOP, Verb.RESTART) if monitor.can(verb.value)}
    for verb in (Verb.START, Verb.STOP, Verb.RESTART):
        asked = any(
            action.verb is verb for rule in rules for action in (*rule.actions, *rule.recovery_actions)
        )
        if asked and verb not in can:
            hint = f"add program = NAME of a program of this file, to {verb.value} that one"
            if monitor.type == "process":
                hint += f", or {verb.value}_command ="
            resolver.refuse(section, "rules", "V013", f"nothing says what to {verb.value}", hint)
