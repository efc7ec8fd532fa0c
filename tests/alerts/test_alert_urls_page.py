"""Every address on the page about addresses can be read, and every sender of ours is on it."""

import re
from pathlib import Path

import pytest

from vigild.alerts.senders import robots
from vigild.wire.alert_urls import Service, parse_target

PAGE = (Path(__file__).parents[2] / "docs/reference/alert-urls.md").read_text(encoding="utf-8")
URLS = [line for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("url", URLS)
def test_an_address_on_the_page(url: str) -> None:
    assert parse_target(url).shown


def test_every_service_is_on_the_page() -> None:
    assert set(Service) == {parse_target(url).service for url in URLS}


def test_codes_on_the_page_are_those_of_the_code() -> None:
    codes = {
        int(code)
        for code in re.findall(r"\b\d{4,8}\b", " ".join(re.findall(r"^\| [-\d].*", PAGE, re.MULTILINE)))
    }
    known = (
        robots.DINGTALK_PERMANENT
        | robots.DINGTALK_THROTTLED
        | robots.WECOM_PERMANENT
        | robots.WECOM_THROTTLED
        | robots.FEISHU_PERMANENT
        | robots.FEISHU_THROTTLED
    )
    assert codes <= known
    assert len(codes) >= 15
