"""Facts of the history in words, for `vigil history` and `vigil why`. Pure."""

import time
from collections.abc import Mapping
from typing import cast

from vigild.core.facts import Fact as Fact
from vigild.core.facts import by_whom as by_whom
from vigild.core.facts import duration as duration
from vigild.core.facts import end_words as end_words
from vigild.core.facts import is_failure as is_failure

_CAUSES = {
    "start": "started",
    "stop": "stopped",
    "shutdown": "the daemon ends",
    "dependency": "what it depends on is restarted",
    "exit": "it ended",
    "restart": "restarted by Vigil",
    "retry": "tried again by Vigil",
    "stayed_up": "it has stayed up",
    "spawn_failed": "it could not be started",
    "signal_failed": "it could not be signalled",
    "gave_up": "given up",
}
_USER_CHANGES = ("added", "removed", "changed")
BAD, GOOD, PLAIN = "bad", "good", ""  # how a line looks on a terminal


def mood_of(fact: Fact) -> str:
    """BAD, GOOD or PLAIN."""
    details = fact["details"]
    if details.get("what") == "refused" and fact["kind"] == "alert":
        return BAD
    if is_failure(fact) or fact["kind"] in ("unseen", "lost") or details.get("new") in ("FATAL", "BACKOFF"):
        return BAD
    if fact["kind"] == "access":
        return BAD if details.get("what") == "failed" else PLAIN
    if fact["kind"] == "flapping":
        return BAD if details.get("what") == "began" else GOOD
    if fact["kind"] == "monitor":
        return BAD if details.get("what") == "failed" else GOOD
    if fact["kind"] == "rule":
        return BAD if details.get("what") == "raised" else GOOD
    return GOOD if details.get("new") == "RUNNING" else PLAIN


def words_of(fact: Fact) -> str:
    """One line without time and name."""
    details = fact["details"]
    match fact["kind"]:
        case "state":
            return _move_words(details)
        case "exit":
            expected = "expected" if details.get("expected") else "not expected"
            pid, ran = details.get("pid", 0), duration(_number(details, "ran"))
            why = f"ended by Vigil ({details['reason']})" if "reason" in details else "ended"
            return f"{why}: {end_words(details)}; pid {pid}, ran {ran}; {expected}"
        case "spawn_failed":
            return f"could not be started: {details.get('text', '')}"
        case "flapping":
            if details.get("what") == "began":
                return f"flapping: {details.get('text', '')}"
            return f"flapping is over ({details.get('text', '')})"
        case "rule":
            is_over = details.get("what") == "cleared"
            return (
                f"rule{' is over' if is_over else ''}: {details.get('text', '')} ({details.get('rule', '')})"
            )
        case "monitor":
            condition = str(details.get("rule", "")).partition(" then ")[0]
            return f"monitor {details.get('what')}: {details.get('text', '')} ({condition})"
        case "order":
            return _order_words(details)
        case "lost":
            return f"{details.get('count', 0)} facts could not be kept here"
        case "daemon":
            return _daemon_words(details)
        case "alert":
            return _alert_words(details)
        case "access":
            return _access_words(details)
        case _:
            return str(details.get("text", ""))


def signal_name(number: int) -> str:
    """`SIGTERM` for 15."""
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def clock_time(at: float) -> str:
    """Local time, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _move_words(details: Mapping[str, object]) -> str:
    cause = _CAUSES.get(str(details.get("cause")), str(details.get("cause")))
    tries = f", try {details['tries']}" if details.get("tries") else ""
    return f"{details.get('old')} -> {details.get('new')} ({cause}{by_whom(details)}{tries})"


def _order_words(details: Mapping[str, object]) -> str:
    arguments = cast(list[object], details.get("arguments", []))
    shown = ", ".join(str(argument) for argument in arguments)
    failed = f": refused: {details['failed']}" if details.get("failed") else ""
    return f"order{by_whom(details)}: {details.get('method')}({shown}){failed}"


def _daemon_words(details: Mapping[str, object]) -> str:
    text = f": {details['text']}" if details.get("text") else ""
    adopted = details.get("adopted")
    count = f"; {adopted} running processes adopted" if adopted else ""
    version, pid = details.get("version"), details.get("pid")
    return f"daemon {details.get('what')}{by_whom(details)} (Vigil {version}, pid {pid}){text}{count}"


def _alert_words(details: Mapping[str, object]) -> str:
    what = "told" if details.get("what") == "delivered" else "was refused"
    why = f": {details['error']}" if details.get("error") else ""
    return f"alert {details.get('alert')} {what}: {details.get('text')}{why}"


def _access_words(details: Mapping[str, object]) -> str:
    what, by, count = details.get("what"), details.get("by") or "somebody", details.get("count", 0)
    untold = f"; {details['untold']} more like this were counted only" if details.get("untold") else ""
    if what == "users":
        names = {key: ", ".join(map(str, cast(list[object], details.get(key, [])))) for key in _USER_CHANGES}
        told = "; ".join(f"{key} {words}" for key, words in names.items() if words)
        return f"users changed{by_whom(details)}: {told}"
    if what == "failed":
        again = f", {count} in a row" if count != 1 else ""
        return f"login failed: {by} (wrong {details.get('via')}{again}){untold}"
    after = f", after {count} wrong {'try' if count == 1 else 'tries'}" if count else ""
    return f"{what} {by}{after}{untold}"


def _number(details: Mapping[str, object], key: str) -> float:
    value = details.get(key, 0)
    return float(value) if isinstance(value, int | float) else 0.0
