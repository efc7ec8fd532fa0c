"""Turns what differs from run to run into tokens, so that transcripts can be compared as text."""

import re
from collections.abc import Iterable

# (pattern, replacement), applied in this order to every text that is written down.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "<time>"),
        (r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d \d\d:\d\d [AP]M", "<date>"),
        (r"uptime \d+( days?, \d+)?:\d\d:\d\d|uptime \d+ days?, *\d+:\d\d:\d\d", "uptime <uptime>"),
        (r"\bpid ([1-9]\d*)", "pid <pid>"),
        (r"\bpid:([1-9]\d*)", "pid:<pid>"),
        (r"\(pid ([1-9]\d*)\)", "(pid <pid>)"),
        (r"(killing '[^']*') \(\d+\)", r"\1 (<pid>)"),
        (r"file: \S+ line: \d+", "file: <file> line: <line>"),
        (r"unknown pid [1-9]\d*", "unknown pid <pid>"),
        (r"when:\d+", "when:<second>"),
        (r"-(stdout|stderr)---([A-Za-z]+)-\w{8}\.log", r"-\1---\2-<random>.log"),
        (r"0x[0-9a-f]{6,}", "<address>"),
    )
)
_TIME_KEYS = frozenset({"start", "stop", "now"})


def text(value: str, tokens: Iterable[tuple[str, str]] = ()) -> str:
    """`value` with the given literal tokens (longest first is up to the caller) and all rules applied."""
    for literal, token in tokens:
        value = value.replace(literal, token)
    for pattern, replacement in _RULES:
        value = pattern.sub(replacement, value)
    return value


def structure(value: object, tokens: Iterable[tuple[str, str]] = ()) -> object:
    """The same for an XML-RPC value: pids and times of process infos become tokens, 0 stays 0."""
    if isinstance(value, str):
        return text(value, tokens)
    if isinstance(value, list):
        return [structure(item, tokens) for item in value]
    if isinstance(value, dict):
        return {key: _field(key, value[key], tokens) for key in sorted(value)}
    return value


def _field(key: str, value: object, tokens: Iterable[tuple[str, str]]) -> object:
    if type(value) is int and value != 0:
        if key == "pid":
            return "<pid:int>"
        if key in _TIME_KEYS:
            return "<time:int>"
    return structure(value, tokens)
