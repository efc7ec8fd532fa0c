"""The page about addresses of forwards says what the code does."""

import re
from pathlib import Path

import pytest

from vigild.core import forwarding, output_lines
from vigild.forwards.senders import journal, syslog, web
from vigild.forwards.worker import END_SECONDS, MAX_BEGUN_BYTES
from vigild.wire import forward_urls, loki, otlp
from vigild.wire.forward_urls import FACILITIES, Kind, parse_target

PAGE = (Path(__file__).parents[2] / "docs/reference/forward-urls.md").read_text(encoding="utf-8")
URLS = [line for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("url", URLS)
def test_an_address_on_the_page(url: str) -> None:
    assert parse_target(url).shown


def test_every_kind_and_facility_is_on_the_page() -> None:
    assert set(Kind) == {parse_target(url).kind for url in URLS}
    row = next(line for line in PAGE.splitlines() if line.startswith("| `facility=` |"))
    assert {name for name in FACILITIES if not re.fullmatch("local[1-6]", name)} == set(
        re.findall("`([a-z0-7]+)`", row)
    )


def test_levels_on_the_page() -> None:
    rows = re.findall(r"^\| `<(\d)>` \| \d \| `(\w+)` \| (\d+) (\w+) \|$", PAGE, re.MULTILINE)
    expected = [
        (str(level), loki.LEVELS[level], str(number), text)
        for level, (number, text) in enumerate(otlp.SEVERITIES)
    ]
    assert expected == rows


def test_statuses_on_the_page() -> None:
    kept = {408, 421, 423, 425, 429} | {401, 402, 403, 404, 405, 407, 409, 410}
    assert kept == web._MENDABLE
    for status in kept | {413}:
        assert str(status) in PAGE


def test_figures_on_the_page() -> None:
    assert (64 << 10, 8 << 20, 5.0) == (output_lines.MAX_LINE_BYTES, MAX_BEGUN_BYTES, END_SECONDS)
    assert (150, 250, 30, 230) == (syslog.LINE_BYTES, journal.LINE_BYTES, loki.LINE_BYTES, otlp.LINE_BYTES)
    assert (480, 2048, 131072) == (
        forward_urls.MIN_MESSAGE_BYTES,
        forward_urls.UDP_MESSAGE_BYTES,
        forward_urls.MAX_MESSAGE_BYTES,
    )
    assert (1.0, 60.0, 3600.0, 0.4) == (
        forwarding.FIRST_DELAY_SECONDS,
        forwarding.MAX_DELAY_SECONDS,
        forwarding.MAX_ASKED_SECONDS,
        forwarding.SPREAD,
    )
