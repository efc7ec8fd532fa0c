"""A message in the signs of each service, cut at a line's end where it would be too long.

What a program or a log says can be taken neither for signs nor for a call to everybody: each style has its `plain`, which
everything that others wrote goes through. Feishu needs none: its cards have elements that are plain text.
"""

import html
from collections.abc import Callable, Iterator

from vigild.alerts.sending import Message
from vigild.alerts.wording import mark_of
from vigild.core.frozen import frozen

_JOINER = "\u200b"  # no width: what stands after a sign makes it none
_SIGNS = str.maketrans({sign: sign + _JOINER for sign in "<[]`*@~#!\\"})


def utf8_bytes(text: str) -> int:
    """How many bytes it is sent as."""
    return len(text.encode("utf-8", "replace"))


def utf16_units(text: str) -> int:
    """How Telegram counts."""
    return len(text.encode("utf-16-le", "replace")) // 2


def broken_markdown(text: str) -> str:
    """For DingTalk and WeCom, which document no escape: every sign is followed by a space of no width."""
    return text.translate(_SIGNS)


def slack_text(text: str) -> str:
    """As Slack documents: &, < and > as entities. No signs of mrkdwn either."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(char + _JOINER if char in "*_~`@" else char for char in escaped)


def telegram_html(text: str) -> str:
    """As Telegram documents, and no @name outside of code."""
    return html.escape(text, quote=False).replace("@", "@" + _JOINER)


@frozen
class Style:
    """How a service is written for. `head`, `line`: what surrounds plain text; `end`: between lines; `measure`: how it counts."""

    plain: Callable[[str], str]
    head: str
    line: str
    end: str
    measure: Callable[[str], int]
    limit: int


TEXT = Style(str, "{}", "  | {}", "\n", utf8_bytes, 200_000)
DINGTALK = Style(broken_markdown, "**{}**", "> {}", "  \n", utf8_bytes, 16_000)
WECOM = Style(broken_markdown, "**{}**", "> {}", "\n", utf8_bytes, 4096)
SLACK = Style(slack_text, "*{}*", "> {}", "\n", len, 4000)
TELEGRAM = Style(telegram_html, "<b>{}</b>", "<code>{}</code>", "\n", utf16_units, 4096)


def rendered(message: Message, style: Style) -> str:
    """Title and text in a style, never longer than its limit."""
    pieces = list(_pieces(message, style))
    whole = style.end.join(text for text, _ in pieces)
    if style.measure(whole) <= style.limit:
        return whole
    room = style.limit - style.measure(style.plain(message.more.format(count=99_999)) + style.end)
    kept: list[str] = []
    used, step = 0, style.measure(style.end)
    for text, _ in pieces:
        used += style.measure(text) + step
        if used > room:
            break
        kept.append(text)
    left = pieces[len(kept) :]
    count = sum(begins for _, begins in left) or len(left)  # troubles, or the lines of the last one
    return style.end.join([*kept, style.plain(message.more.format(count=count))])


def _pieces(message: Message, style: Style) -> Iterator[tuple[str, bool]]:
    """Lines, and whether each begins a trouble."""
    if not message.items:
        for line in message.text.split("\n"):
            yield style.plain(line), False
        return
    yield style.head.format(style.plain(message.title)), False
    for item in message.items:
        yield "", False
        yield f"{mark_of(item)} {style.head.format(style.plain(item.head))}", True
        for fact in item.facts:
            yield style.plain(fact), False
        for line in item.lines:
            yield style.line.format(style.plain(line)), False
    yield "", False
    for note in message.notes:
        yield style.plain(note), False
