import pytest

from support.messages import hostile, message, receiver, telling
from support.receivers import HttpReceiver, Reply
from support.until import DEADLINE_SECONDS
from vigild.alerts.markup import utf16_units
from vigild.alerts.senders.dispatch import send
from vigild.alerts.sending import Outcome

SECONDS = DEADLINE_SECONDS
OK = Reply(body={"ok": True, "result": {}})
URL = "telegram://123:TOKEN/-1001?base={}"


def test_telegram_gets_html() -> None:
    with HttpReceiver(OK) as http:
        url = URL.format(http.base) + "&thread=7&silent=yes"
        assert Outcome(True) == send(receiver(url), hostile(), SECONDS)
    arrived = http.requests[0]
    assert "/bot123:TOKEN/sendMessage" == arrived.path
    body = arrived.json
    assert ("-1001", "HTML", "7", True) == (
        body["chat_id"],
        body["parse_mode"],
        body["message_thread_id"],
        body["disable_notification"],
    )
    assert "&lt;b&gt;" in body["text"]


def test_a_text_is_cut_where_telegram_would_refuse_it() -> None:
    with HttpReceiver(OK) as http:
        long = message(*(telling(f"p{n}", lines=("🙂" * 200,) * 20) for n in range(4)))
        assert send(receiver(URL.format(http.base)), long, SECONDS).ok
    text = http.requests[0].json["text"]
    assert 3000 < utf16_units(text) <= 4096
    assert text.endswith(" more")
    assert text.count("<code>") == text.count("</code>")


@pytest.mark.parametrize(
    ("status", "body", "permanent", "wait"),
    [
        (
            429,
            {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 34}},
            False,
            34,
        ),
        (400, {"ok": False, "description": "Bad Request: chat not found"}, True, 0),
        (401, {"ok": False, "description": "Unauthorized"}, True, 0),
        (200, {"ok": False, "description": "odd"}, False, 0),
        (502, "bad gateway", False, 0),
        (200, "[]", False, 0),
        (200, {"ok": False, "parameters": 5}, False, 0),
    ],
)
def test_what_telegram_refuses(
    status: int, body: str | dict[str, object], permanent: bool, wait: float
) -> None:
    with HttpReceiver(Reply(status, {}, body)) as http:
        outcome = send(receiver(URL.format(http.base)), message(), SECONDS)
    assert (False, permanent, wait) == (outcome.ok, outcome.permanent, outcome.retry_after_seconds)
    assert outcome.text


def test_a_group_that_has_another_number_now_is_followed() -> None:
    moved = {"ok": False, "description": "migrated", "parameters": {"migrate_to_chat_id": -1009}}
    with HttpReceiver(OK) as http:
        http.answers.append(Reply(400, {}, moved))
        outcome = send(receiver(URL.format(http.base)), message(), SECONDS)
        assert outcome.ok
        assert "-1009" in outcome.text
        http.answers.extend([Reply(400, {}, moved), Reply(400, {}, moved)])
        assert not send(receiver(URL.format(http.base)), message(), SECONDS).ok
    assert ["-1001", "-1009"] * 2 == [arrived.json["chat_id"] for arrived in http.requests]
