"""What the daemon says is configured, as values: `{"type": "config", …}` to an `AlertSettings` for each alert.

Addresses in a `url_file` are read here and nowhere else: they never come into the daemon.
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Any

from vigild.alerts.sending import Receiver
from vigild.core.alert_filter import USUAL_EVENTS, Filter
from vigild.core.alerting import Policy
from vigild.core.frozen import frozen
from vigild.core.quiet import QuietHours
from vigild.wire.alert_urls import parse_target
from vigild.wire.url_lists import urls_of_file
from vigild.wire.url_parts import ReceiverUrlError

MAX_FILE_BYTES = 64 << 10
MAX_RECEIVERS = 64  # of one alert


@frozen
class AlertSettings:
    """One alert. `receivers` by mark, which tells one address from another and shows nothing of it.

    `problems`: addresses and files that are of no use, in words that show nothing secret.
    """

    name: str
    policy: Policy
    receivers: dict[str, Receiver]
    problems: tuple[str, ...] = ()
    template: str = ""
    language: str = "en"
    output_lines: int = 10


def settings_of(struct: Mapping[str, Any]) -> AlertSettings:
    """An alert of the message; what is missing has its usual value. Raises ValueError, KeyError, TypeError."""
    name = str(struct["name"])
    quiet = struct.get("quiet_hours") or {}
    policy = Policy(
        Filter(
            tuple(struct.get("events", USUAL_EVENTS)),
            tuple(struct.get("programs", ())),
            tuple(struct.get("monitors", ())),
        ),
        float(struct.get("batch_seconds", 10.0)),
        float(struct.get("repeat_seconds", 0.0)),
        QuietHours(
            tuple((int(begin), int(end)) for begin, end in quiet.get("ranges", ())),
            str(quiet.get("zone", "")),
        ),
        str(struct.get("quiet_pass", "critical")),
        int(struct.get("max_per_hour", 60)),
    )
    addresses = [(f"address {number}", str(url)) for number, url in enumerate(struct.get("urls", ()), 1)]
    problems: list[str] = []
    path = struct.get("url_file")
    if path:
        try:
            addresses += [(f"{path}:{line}", url) for line, url in urls_of_file(_read(str(path)))]
        except OSError as error:
            problems.append(f"cannot read url_file {path}: {error.strerror or error}")
    template = str(struct.get("template") or "")
    receivers: dict[str, Receiver] = {}
    for where, url in addresses:
        try:
            label = parse_target(url).shown
        except ReceiverUrlError as error:
            problems.append(f"{where}: {error}; {error.hint}")
            continue
        if len(receivers) < MAX_RECEIVERS:
            receivers.setdefault(_mark(url), Receiver(name, url, label, template))
        else:
            problems.append(f"{where}: more than {MAX_RECEIVERS} addresses")
    if not receivers and not problems:
        problems.append("no address")
    return AlertSettings(
        name,
        policy,
        receivers,
        tuple(problems),
        template,
        str(struct.get("language") or "en"),
        int(struct.get("output_lines", 10)),
    )


def _mark(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _read(path: str) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        return os.read(fd, MAX_FILE_BYTES).decode("utf-8", "replace")
    finally:
        os.close(fd)
