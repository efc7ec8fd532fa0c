"""Telegram's bots (core.telegram.org/bots/api#sendmessage).

Every answer is JSON with `ok`; a failure has `description`, and perhaps `parameters`: `retry_after` after too many messages,
`migrate_to_chat_id` where the group has become a supergroup with another number, which is then written to at once.
"""

import json
from urllib.parse import quote

from vigild.alerts.markup import TELEGRAM, rendered
from vigild.alerts.senders.http import exchange, verdict
from vigild.alerts.sending import DELIVERED, Message, Outcome
from vigild.host.http_client import MAX_RETRY_SECONDS, Answer, Request
from vigild.wire.alert_urls import TelegramChat

_JSON = {"Content-Type": "application/json; charset=utf-8"}


def send_telegram(target: TelegramChat, message: Message, timeout_seconds: float) -> Outcome:
    """As HTML of 4096 UTF-16 units at most."""
    answer = _send(target, target.chat, message, timeout_seconds)
    said = _said(answer)
    moved = _parameters(said).get("migrate_to_chat_id")
    if not isinstance(moved, int):
        return _judged(answer, said)
    answer = _send(target, str(moved), message, timeout_seconds)
    outcome = _judged(answer, _said(answer))
    if not outcome.ok:
        return outcome
    return Outcome(True, text=f"the chat has become {moved}: write that number into the address")


def _send(target: TelegramChat, chat: str, message: Message, timeout_seconds: float) -> Answer:
    content: dict[str, object] = {
        "chat_id": chat,
        "text": rendered(message, TELEGRAM),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": target.silent,
    }
    if target.thread:
        content["message_thread_id"] = target.thread
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    url = f"{target.base}/bot{quote(target.token, safe=':')}/sendMessage"
    return exchange(Request(url, body, _JSON, ca_file=target.ca_file), timeout_seconds)


def _said(answer: Answer) -> dict[str, object]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _parameters(said: dict[str, object]) -> dict[str, object]:
    found = said.get("parameters")
    return found if isinstance(found, dict) else {}


def _judged(answer: Answer, said: dict[str, object]) -> Outcome:
    if said.get("ok") is True:
        return DELIVERED
    failed = verdict(answer) or Outcome(False, False, f"it answered: {answer.text}")
    text = str(said.get("description") or failed.text)
    wait = _parameters(said).get("retry_after")
    seconds = float(wait) if isinstance(wait, int | float) else failed.retry_after_seconds
    return Outcome(False, failed.permanent, text, min(max(0.0, seconds), MAX_RETRY_SECONDS))
