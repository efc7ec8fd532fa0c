import html
import re

import pytest

from support.messages import HOSTILE, hostile, message, telling
from vigild.alerts.markup import (
    DINGTALK,
    SLACK,
    TELEGRAM,
    TEXT,
    WECOM,
    Style,
    rendered,
    utf8_bytes,
    utf16_units,
)


@pytest.mark.parametrize("style", [DINGTALK, WECOM])
def test_nothing_of_others_is_markdown(style: Style) -> None:
    text = rendered(hostile(), style)
    assert not re.search(r"@\w|<[@!a-z/]|\]\(|!\[", text)
    assert "click" in text


def test_nothing_of_others_is_a_sign_of_slack() -> None:
    text = rendered(hostile(), SLACK)
    assert not re.search(r"<|@\w", text)


def test_nothing_of_others_is_html() -> None:
    text = rendered(hostile(), TELEGRAM)
    assert {"b", "code"} == set(re.findall(r"</?(\w+)[^>]*>", text))
    assert "@all" not in text
    assert "<b>\u200b" not in html.unescape(text)


@pytest.mark.parametrize("style", [DINGTALK, WECOM, SLACK, TELEGRAM])
@pytest.mark.parametrize("sign", ["钉", "x", "🙂", "<", "@", "&"])
def test_a_message_is_cut_at_the_end_of_a_line(style: Style, sign: str) -> None:
    long = message(*(telling(f"{sign}{n}", lines=(sign * 280,) * 20) for n in range(4)))
    text = rendered(long, style)
    assert style.limit * 0.7 < style.measure(text) <= style.limit
    whole = set(
        rendered(long, Style(style.plain, style.head, style.line, style.end, len, 10**9)).split(style.end)
    )
    *kept, last = text.split(style.end)
    assert set(kept) <= whole
    assert re.fullmatch(r"…\d+ more", last)


def test_how_many_troubles_are_left_out() -> None:
    style = Style(str, "{}", "{}", "\n", len, 200)
    assert rendered(message(*(telling(f"w{n}") for n in range(4))), style).endswith("…2 more")


def test_what_fits_is_whole() -> None:
    text = rendered(message(telling("web", lines=("boom",))), DINGTALK)
    assert "**[\u200bdb1]\u200b web is down**" == text.split("  \n")[0]
    assert "> boom" in text.split("  \n")
    assert "host db1, daemon supervisor" in text


def test_a_text_by_a_template_is_escaped_as_well() -> None:
    told = message(telling(HOSTILE), template="$names\n$text")
    assert "<b>" not in rendered(told, TELEGRAM)
    assert rendered(message(template="关键词 $count"), TEXT) == "关键词 1"


def test_measures() -> None:
    assert 3 == utf8_bytes("钉")
    assert (2, 1) == (utf16_units("🙂"), utf16_units("钉"))
