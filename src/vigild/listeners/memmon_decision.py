"""Which processes memmon restarts: pure. Texts that Superlance's users know are Superlance's."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from vigild.client.errors import FaultError
from vigild.client.supervisor import ProcessInfo
from vigild.core.names import make_namespec
from vigild.listeners.effects import Mail, Say


class Settings(NamedTuple):
    """What the flags come to. Sizes in bytes; `own`: the listener's own namespec, which it never restarts."""

    programs: Mapping[str, int] = {}
    groups: Mapping[str, int] = {}
    any: int | None = None
    cumulative: bool = False
    email: str = ""
    sender: str = ""
    uptime_seconds: int | None = None
    name: str | None = None
    specific: bool = False
    hold_seconds: int = 0
    restart_command: str = ""
    own: str = ""


class Restart(NamedTuple):
    """Stop and start this process, which held so much."""

    info: ProcessInfo
    rss_bytes: int


Over = Mapping[tuple[str, int], float]
"""Since when (monotonic seconds) each process, by namespec and pid, has been over its limit."""


def decide(
    infos: Sequence[ProcessInfo], rss_bytes: Mapping[int, int], over: Over, settings: Settings, now: float
) -> tuple[Over, list[Say | Restart]]:
    """What to say and restart at a tick. `rss_bytes` by pid, without those that could not be read."""
    effects: list[Say | Restart] = [Say("\n".join(_announced(settings)) + "\n")]
    still: dict[tuple[str, int], float] = {}
    for info in infos:
        rss = rss_bytes.get(info["pid"]) if info["pid"] else None
        if rss is None:
            continue
        name = f"{info['group']}:{info['name']}"
        for limit in _limits(info, settings):
            effects.append(Say(f"RSS of {name} is {rss}\n"))
            if rss <= limit:
                continue
            since = over.get((name, info["pid"]), now)
            if now - since < settings.hold_seconds:
                still[name, info["pid"]] = since
                effects.append(
                    Say(f"{name} has been over its limit for {now - since:.0f} s, not restarting yet\n")
                )
            else:
                effects += [Say(f"Restarting {name}\n"), Restart(info, rss)]
            break
    return still, effects


def _announced(settings: Settings) -> Iterator[str]:
    for what, limits in (("programs", settings.programs), ("groups", settings.groups)):
        if limits:
            yield f"Checking {what} " + ", ".join(f"{name}={limits[name]}" for name in sorted(limits))
    if settings.any is not None:
        yield f"Checking any={settings.any}"


def _limits(info: ProcessInfo, settings: Settings) -> list[int]:
    """The limits that hold for a process, the most specific first."""
    group, name = info["group"], info["name"]
    if make_namespec(group, name) == settings.own:
        return []  # nobody would start us again
    found = [settings.programs[one] for one in (name, f"{group}:{name}") if one in settings.programs]
    if group in settings.groups:
        found.append(settings.groups[group])
    if settings.any is not None:
        found.append(settings.any)
    return found[:1] if settings.specific else found


def mail_of(order: Restart, settings: Settings, when: str, time_zone: str) -> Mail | None:
    """The mail about a restart; None if nobody wants one. `when`: as `time.asctime()` writes it."""
    uptime = order.info["now"] - order.info["start"]
    if settings.uptime_seconds is not None and uptime > settings.uptime_seconds:
        return None
    name = f"{order.info['group']}:{order.info['name']}"
    body = (
        f"memmon.py restarted the process named {name} at {when} {time_zone} because "
        f"it was consuming too much memory ({order.rss_bytes} bytes RSS)"
    )
    return _mail(settings, f"process {name} restarted", body)


def failed_stop_mail(
    settings: Settings, name: str, rss_bytes: int, fault: FaultError
) -> tuple[str, Mail | None]:
    """What to say, and to mail, when a process could not be stopped."""
    words = f"Failed to stop process {name} (RSS {rss_bytes}), exiting: {fault}"
    return words, _mail(settings, f"failed to stop process {name}, exiting", words)


def failed_start_mail(settings: Settings, name: str, fault: FaultError) -> tuple[str, Mail | None]:
    """What to say, and to mail, when a process could not be started again."""
    words = f"Failed to start process {name} after stopping it, exiting: {fault}"
    return words, _mail(settings, f"failed to start process {name}, exiting", words)


def _mail(settings: Settings, subject: str, body: str) -> Mail | None:
    if not settings.email:
        return None
    prefix = "memmon: " if settings.name is None else f"memmon [{settings.name}]: "
    return Mail((settings.email,), prefix + subject, body, settings.sender)
