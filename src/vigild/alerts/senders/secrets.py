"""What others say is shown to people only with our secrets taken out of it."""

import re
from urllib.parse import quote, quote_plus

from vigild.alerts.plain_lines import plain_line
from vigild.wire.alert_urls import AppriseUrl, Mailbox, Program, Robot, Target, TelegramChat, Web
from vigild.wire.url_parts import HIDDEN

MAX_SHOWN_CHARS = 300
_MIN_SECRET_CHARS = 4  # of less, hiding would make holes in every text
_PATH_CHARS = 8  # of a path: shorter pieces are words such as `send`
_PIECE = re.compile(r"[^/?&=:@#\s]+")


def secrets_of(target: Target) -> tuple[str, ...]:
    """All that nobody may see of it, the longest first, so that a part of one does not leave the rest."""
    match target:
        case Robot():
            found = {target.token, target.secret, *target.token.split("/")}
        case TelegramChat():
            found = {target.token, target.token.partition(":")[2]}
        case Mailbox():
            found = {target.password, target.user}
        case Web():
            path, _, query = target.url.partition("://")[2].partition("/")[2].partition("?")
            pieces = {piece for piece in _PIECE.findall(path) if len(piece) >= _PATH_CHARS}
            given = {value for pair in query.split("&") if (value := pair.partition("=")[2])}
            given |= {value for _, value in target.headers}
            found = {target.url, target.password, target.secret, *pieces, *given}
        case Program():
            found = {target.command, *(word for word in target.command.split()[1:] if word[0] != "-")}
        case AppriseUrl():
            found = {target.url, *_PIECE.findall(target.url.partition("://")[2])}
    return tuple(sorted(filter(None, found), key=len, reverse=True))


def hidden(text: str, target: Target) -> str:
    """One line of `text` without any of the target's secrets, however they are written."""
    for secret in secrets_of(target):
        if len(secret) >= _MIN_SECRET_CHARS or text == secret:
            for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret)):
                text = text.replace(form, HIDDEN)
    return plain_line(" ".join(text.split()), MAX_SHOWN_CHARS)
