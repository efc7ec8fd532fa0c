"""docs/reference/forward-urls.md: every scheme and option is there, and what it shows is an address."""

import re
from pathlib import Path

from vigild.wire.forward_urls import SCHEMES, parse_target

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/forward-urls.md").read_text()
HOW_TO = (ROOT / "docs/how-to/logs-out.md").read_text()
SOURCE = (ROOT / "src/vigild/wire/forward_urls.py").read_text()


def test_every_scheme_and_every_option_is_told_of() -> None:
    assert [] == [scheme for scheme in SCHEMES if f"`{scheme}:" not in PAGE]
    options = re.findall(r"(?:one|all|choice|number|file|_max_bytes)\(\"(\w+)\"", SOURCE)
    assert {"token", "facility", "ca", "gzip", "max_bytes", "level_prefix"} <= {*options, "max_bytes"}
    assert [] == [name for name in options if f"`{name}=" not in PAGE]


def test_what_is_shown_can_be_used() -> None:
    shown = re.findall(r"^url ?= ?(\S+)$", HOW_TO, re.MULTILINE)
    shown += re.findall(r"`((?:syslog|journald|loki|otlp)[+a-z]*:[^`\[…]*)`", PAGE + HOW_TO)
    assert len(shown) > 15
    for url in shown:
        if not url.endswith("://"):
            parse_target(url)
