"""Webhooks in general, and SMS gateways: a request of which the configuration says how it looks.

A webhook with a secret is signed as standardwebhooks.com has it (`webhook-id`, `webhook-timestamp`, `webhook-signature`), for
which there are libraries in most languages; the id is the same at every try.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from urllib.parse import quote

from vigild.alerts.senders.http import exchange, verdict
from vigild.alerts.senders.structure import message_struct
from vigild.alerts.sending import DELIVERED, Message, Outcome
from vigild.alerts.wording import short_text
from vigild.host.http_client import Request, basic
from vigild.wire.alert_urls import Web

_TYPES = {
    "json": "application/json; charset=utf-8",
    "form": "application/x-www-form-urlencoded; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}


def send_webhook(target: Web, message: Message, timeout_seconds: float) -> Outcome:
    """The message as JSON, or as `body` says."""
    values = {"title": message.title, "text": short_text(message, target.max_chars)}
    if not target.max_chars:
        values["text"] = message.text
    if target.body or target.method == "GET":
        body = _filled(target.body, values, target.body_type)
    else:
        body = json.dumps(message_struct(message), ensure_ascii=False)
    return _send(target, values, body, message.identity, timeout_seconds)


def send_sms(target: Web, message: Message, timeout_seconds: float) -> Outcome:
    """One request for each number. Where some took it, it is not sent again, or they would get it twice."""
    text = short_text(message, target.max_chars)
    failures: list[Outcome] = []
    deadline = time.monotonic() + timeout_seconds
    for number in target.numbers:
        values = {"number": number, "text": text, "title": message.title}
        body = _filled(target.body, values, target.body_type)
        outcome = _send(target, values, body, message.identity, max(1.0, deadline - time.monotonic()))
        if not outcome.ok:
            failures.append(outcome)
    if not failures:
        return DELIVERED
    if len(failures) < len(target.numbers):
        text = f"{len(failures)} of {len(target.numbers)} numbers did not get it: {failures[0].text}"
        return Outcome(True, text=text)
    wait = max(failure.retry_after_seconds for failure in failures)
    return Outcome(False, all(failure.permanent for failure in failures), failures[0].text, wait)


def signature(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the signature of identity, time and body; a secret that begins with `whsec_` is base64."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _send(target: Web, values: dict[str, str], text: str, identity: str, timeout_seconds: float) -> Outcome:
    body = text.encode("utf-8", "replace")
    headers = {"Content-Type": _TYPES[target.body_type if target.body else "json"], **dict(target.headers)}
    headers |= basic(target.user, target.password)
    if target.secret:
        now = round(time.time())
        headers["webhook-id"] = identity
        headers["webhook-timestamp"] = str(now)
        headers["webhook-signature"] = signature(target.secret, identity, now, body)
    url = _filled(target.url, values, "form")
    request = Request(url, b"" if target.method == "GET" else body, headers, target.method, target.ca_file)
    answer = exchange(request, timeout_seconds)
    failed = verdict(answer)
    if failed is not None:
        return failed
    if target.expect and target.expect not in answer.text:
        return Outcome(False, False, f"its answer does not hold what expect= says: {answer.text}")
    return DELIVERED


def _filled(template: str, values: dict[str, str], body_type: str) -> str:
    """The template with `{name}` replaced, each value written so that it stays a value in a body of this type."""
    for name, value in values.items():
        match body_type:
            case "json":
                written = json.dumps(value, ensure_ascii=False)[1:-1]
            case "form":
                written = quote(value.encode("utf-8", "replace"), safe="")
            case _:
                written = value
        values = {**values, name: written}
    pieces = template.split("{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, brace, rest = piece.partition("}")
        filled.append(values[name] + rest if brace and name in values else "{" + piece)
    return "".join(filled)
