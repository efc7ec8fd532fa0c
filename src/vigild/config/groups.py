"""Groups of every kind, made in Supervisor's order and sorted as it sorts them: by priority, then name.

A program that a `[group:x]` names runs there only. An fcgi-program in such a group loses its socket: it
runs as a plain program (observed), which `vigil check` warns about.
"""

import os
import re

from vigild.config.convert import plain_name
from vigild.config.diagnostics import BadValueError
from vigild.config.ini import Section
from vigild.config.model import FcgiSocketConfig, GroupConfig, GroupKind, ProcessConfig
from vigild.config.options import EVENTLISTENER, FCGI_PROGRAM, GROUP, PROGRAM
from vigild.config.programs import resolve_processes
from vigild.config.resolve import Resolver
from vigild.config.suggest import did_you_mean
from vigild.core.events import EVENT_TYPES

DEFAULT_RESULT_HANDLER = "supervisor.dispatchers:default_handler"
_TCP = re.compile(r"tcp://([^\s:]+):(\d+)$")


def resolve_groups(resolver: Resolver) -> tuple[GroupConfig, ...]:
    """Every group of the document."""
    members: set[str] = set()
    sections = resolver.document.sections.values()
    groups = [_group(resolver, section, members) for section in sections if section.name.startswith("group:")]
    for prefix, make in (
        ("program:", _program_group),
        ("eventlistener:", _listener_pool),
        ("fcgi-program:", _fcgi_group),
    ):
        for section in sections:
            if section.name.startswith(prefix) and section.name not in members:
                groups.append(make(resolver, section))
    groups.sort(key=lambda group: (group.priority, group.name))
    return tuple(groups)


def _name(resolver: Resolver, section: Section) -> str:
    name = section.name.partition(":")[2]
    try:
        return plain_name(name)
    except BadValueError as error:
        resolver.refuse(section, None, error.code, str(error), error.hint)
        return name


def _group(resolver: Resolver, section: Section, members: set[str]) -> GroupConfig:
    name = _name(resolver, section)
    programs: tuple[str, ...] = resolver.value(section, GROUP["programs"], ())
    priority = resolver.value(section, GROUP["priority"], 999)
    processes: list[ProcessConfig] = []
    known = resolver.document.sections
    for program in programs:
        found = [known[key] for key in (f"program:{program}", f"fcgi-program:{program}") if key in known]
        if len(found) == 1:
            members.add(found[0].name)
            processes.extend(resolve_processes(resolver, found[0], name, GroupKind.PROGRAM))
            continue
        if found:
            text = f"{program!r} is both a [program:…] and an [fcgi-program:…]"
            hint = f"rename one: {found[0].where} and {found[1].where}"
        else:
            text = f"no [program:{program}] and no [fcgi-program:{program}] in any file read"
            choices = [
                key.partition(":")[2] for key in known if key.startswith(("program:", "fcgi-program:"))
            ]
            hint = f"{did_you_mean(program, choices)}the group's members: {', '.join(programs)}"
        resolver.refuse(section, "programs", "V009", text, hint)
    return GroupConfig(name, priority, tuple(processes), where=section.where)


def _program_group(resolver: Resolver, section: Section) -> GroupConfig:
    processes = resolve_processes(
        resolver, section, section.name.partition(":")[2].strip(), GroupKind.PROGRAM
    )
    name = _name(resolver, section)
    priority = processes[0].priority if processes else _priority(resolver, section)
    return GroupConfig(name, priority, processes, where=section.where)


def _priority(resolver: Resolver, section: Section) -> int:
    value: int = resolver.value(section, PROGRAM["priority"], 999)
    return value


def _listener_pool(resolver: Resolver, section: Section) -> GroupConfig:
    name = section.name.partition(":")[2]  # not stripped, and not checked but as a program's name
    table = EVENTLISTENER
    priority = resolver.value(section, table["priority"], -1)
    buffer_size = resolver.value(section, table["buffer_size"], 10)
    if buffer_size < 1:
        resolver.refuse(section, "buffer_size", "V006", f"a buffer of {buffer_size} events", "at least 1")
    handler = resolver.value(section, table["result_handler"], DEFAULT_RESULT_HANDLER)
    if handler != DEFAULT_RESULT_HANDLER and (why := resolver.around.why_not_importable(handler)):
        hint = (
            f"install the package that has it, for the Python of supervisord, or drop result_handler ({why})"
        )
        resolver.refuse(section, "result_handler", "V012", f"cannot import {handler}", hint)
    if resolver.value(section, table["redirect_stderr"], False):
        text = "a listener's stdout carries the event protocol; stderr must not be mixed into it"
        resolver.refuse(section, "redirect_stderr", "V013", text, "drop redirect_stderr from this section")
    processes = resolve_processes(resolver, section, name, GroupKind.EVENTLISTENER)
    return GroupConfig(
        name,
        priority,
        processes,
        GroupKind.EVENTLISTENER,
        buffer_size=buffer_size,
        events=_events(resolver, section),
        result_handler=handler,
        length_in_characters=resolver.value(section, table["length_in_characters"], False),
        where=section.where,
    )


def _events(resolver: Resolver, section: Section) -> tuple[str, ...]:
    entry = resolver.entries(section).get("events")
    events = {name.upper() for name in resolver.value(section, EVENTLISTENER["events"], ())}
    if not events and (entry is None or not entry.text):
        hint = "add events=PROCESS_STATE,TICK_60 or the like: what the listener wants to be told"
        resolver.refuse(section, "events", "V005", "no events= in this section", hint)
    for event in sorted(events - EVENT_TYPES):
        hint = f"{did_you_mean(event, sorted(EVENT_TYPES))}the families are PROCESS_STATE, PROCESS_LOG, PROCESS_COMMUNICATION, PROCESS_GROUP, PROCESS_FLAPPING, REMOTE_COMMUNICATION, SUPERVISOR_STATE_CHANGE and TICK"
        resolver.refuse(section, "events", "V006", f"no event type is named {event!r}", hint)
    return tuple(sorted(events))


def _fcgi_group(resolver: Resolver, section: Section) -> GroupConfig:
    name = _name(resolver, section)
    socket = _fcgi_socket(resolver, section, name)
    processes = resolve_processes(resolver, section, name, GroupKind.FCGI)
    priority = processes[0].priority if processes else _priority(resolver, section)
    return GroupConfig(name, priority, processes, GroupKind.FCGI, socket=socket, where=section.where)


def _fcgi_socket(resolver: Resolver, section: Section, name: str) -> FcgiSocketConfig | None:
    table = FCGI_PROGRAM
    names = {**resolver.names, "program_name": name}
    url = resolver.value(section, table["socket"], None, names)
    backlog = resolver.value(section, table["socket_backlog"])
    if backlog is not None and not 1 <= backlog <= 65535:
        resolver.refuse(section, "socket_backlog", "V006", f"a backlog of {backlog}", "from 1 to 65535")
    mode = resolver.value(section, table["socket_mode"])
    owner = resolver.value(section, table["socket_owner"])
    if not url:
        hint = "add socket=unix:///path/to/socket or socket=tcp://host:port"
        resolver.refuse(section, "socket", "V005", "no socket= in this section", hint)
        return None
    if url.startswith("unix://"):
        return _unix_socket(resolver, section, url[7:], mode, owner, backlog)
    match = _TCP.match(url)
    if match is None or not 1 <= int(match[2]) <= 65535:
        hint = "write unix:///path/to/socket or tcp://host:port"
        resolver.refuse(section, "socket", "V006", f"not the address of a socket: {url!r}", hint)
        return None
    if owner is not None or mode is not None:
        text = "socket_owner and socket_mode are for unix sockets, and this one is TCP"
        resolver.refuse(section, "socket", "V013", text, "drop them, or use socket=unix://…")
    host, port = match[1].lower(), int(match[2])
    return FcgiSocketConfig(f"tcp://{host}:{port}", host=host, port=port, backlog=backlog)


def _unix_socket(
    resolver: Resolver,
    section: Section,
    path: str,
    mode: int | None,
    owner: tuple[int, int] | None,
    backlog: int | None,
) -> FcgiSocketConfig | None:
    if not os.path.isabs(path):
        text = f"the path of a unix socket has to be absolute: {path!r}"
        resolver.refuse(section, "socket", "V006", text, "write unix:///path, with three slashes")
        return None
    path = resolver.around.normal_path(path)
    if owner is None:
        uid = resolver.value(section, FCGI_PROGRAM["user"])
        if uid is not None and uid != resolver.around.uid:
            owner = (uid, resolver.around.accounts.gid_of_user(uid) or 0)
    mode = 0o700 if mode is None else mode
    return FcgiSocketConfig(f"unix://{path}", path=path, mode=mode, owner=owner, backlog=backlog)
