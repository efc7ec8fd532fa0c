"""What others say is shown to people only with our secrets taken out of it."""

import re
from base64 import b64encode

from vigild.wire.alert_urls import AppriseUrl, Mailbox, Program, Robot, Target, TelegramChat, Web
from vigild.wire.plain_lines import line_without

MAX_SHOWN_CHARS = 300
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
            if (
                target.user
            ):  # as it crosses the network: there are receivers that repeat the headers they were sent
                found.add(b64encode(f"{target.user}:{target.password}".encode()).decode())
        case Program():
            found = {target.command, *(word for word in target.command.split()[1:] if word[0] != "-")}
        case AppriseUrl():
            found = {target.url, *_PIECE.findall(target.url.partition("://")[2])}
    return tuple(sorted(filter(None, found), key=len, reverse=True))


def hidden(text: str, target: Target) -> str:
    """One line of `text` without any of the target's secrets, however they are written."""
    return line_without(text, secrets_of(target), MAX_SHOWN_CHARS)
