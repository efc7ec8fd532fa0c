import base64
import hashlib
import hmac

import pytest

from support.messages import message, receiver, telling
from support.receivers import HttpReceiver, Reply
from support.until import DEADLINE_SECONDS
from vigild.alerts.senders.dispatch import send
from vigild.alerts.senders.structure import message_struct
from vigild.alerts.senders.web import signature
from vigild.alerts.sending import Outcome

SECONDS = DEADLINE_SECONDS


def test_a_webhook_gets_the_whole_message_as_json() -> None:
    told = message(telling("web", lines=("boom",), status=3))
    with HttpReceiver() as http:
        assert Outcome(True) == send(receiver(f"{http.base}/hook?a=b"), told, SECONDS)
    arrived = http.requests[0]
    assert ("POST", "/hook?a=b") == (arrived.method, arrived.target)
    body = arrived.json
    assert message_struct(told) == body
    assert ("[db1] web is down", "critical", "db1", "supervisor", "ops", 1) == (
        body["title"],
        body["severity"],
        body["host"],
        body["identifier"],
        body["alert"],
        body["version"],
    )
    trouble = body["troubles"][0]
    assert ("web", "down", {"status": 3}, {"stderr": ["boom"]}) == (
        trouble["name"],
        trouble["kind"],
        trouble["details"],
        trouble["lines"],
    )
    assert "outputs" not in trouble


@pytest.mark.parametrize(
    ("secret", "key"),
    [("whsec_" + base64.b64encode(b"key").decode(), b"key"), ("plain", b"plain"), ("whsec_?", b"whsec_?")],
)
def test_a_webhook_is_signed_as_standard_webhooks_are(secret: str, key: bytes) -> None:
    with HttpReceiver() as http:
        assert send(receiver(f"{http.base}/#secret={secret}"), message(), SECONDS).ok
    arrived = http.requests[0]
    signed = (
        f"{arrived.headers['webhook-id']}.{arrived.headers['webhook-timestamp']}.".encode() + arrived.body
    )
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{expected}" == arrived.headers["webhook-signature"]
    assert "id-1" == arrived.headers["webhook-id"]


def test_the_example_of_standard_webhooks() -> None:
    found = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == found


def test_headers_user_and_method() -> None:
    with HttpReceiver() as http:
        url = f"{http.base.replace('//', '//me:p%40ss@')}/x#header=X-Key:%20k&method=put&type=text&body={{title}}!"
        assert send(receiver(url), message(), SECONDS).ok
    arrived = http.requests[0]
    assert ("PUT", "k", b"[db1] web is down!") == (arrived.method, arrived.headers["x-key"], arrived.body)
    assert "Basic " + base64.b64encode(b"me:p@ss").decode() == arrived.headers["authorization"]
    assert "text/plain; charset=utf-8" == arrived.headers["content-type"]


def test_what_a_body_holds_stays_a_value_in_it() -> None:
    told = message(telling('a"b&c=d\\{number}'))
    with HttpReceiver() as http:
        assert send(
            receiver(f'{http.base}/#body={{"m":"{{title}}","o":{{x}}}}'.replace('"', "%22")), told, SECONDS
        ).ok
        assert send(receiver(f"{http.base}/?m={{title}}#type=form&body=m={{title}}%26x=1"), told, SECONDS).ok
    title = '[db1] a"b&c=d\\{number} is down'
    assert title in http.requests[0].body.decode().replace('\\"', '"').replace("\\\\", "\\")
    assert {"m": title} == http.requests[1].query
    assert b"&x=1" in http.requests[1].body


def test_an_answer_may_have_to_hold_a_word() -> None:
    with HttpReceiver(Reply(body="ERROR 5")) as http:
        outcome = send(receiver(f"{http.base}/#expect=OK"), message(), SECONDS)
    assert (False, False) == (outcome.ok, outcome.permanent)
    assert "ERROR 5" in outcome.text


SMS = "sms+{}/send?to={{number}}&text={{text}}#to=%2B491,%2B492&method=get&expect=OK"


def test_a_gateway_gets_one_request_for_each_number() -> None:
    with HttpReceiver(Reply(body="OK")) as http:
        assert Outcome(True) == send(receiver(SMS.format(http.base)), message(telling("钉" * 300)), SECONDS)
    assert ["+491", "+492"] == [arrived.query["to"] for arrived in http.requests]
    text = http.requests[0].query["text"]
    assert 280 >= len(text) > 100
    assert ("GET", b"") == (http.requests[0].method, http.requests[0].body)


def test_who_got_a_text_does_not_get_it_again() -> None:
    with HttpReceiver(Reply(body="OK")) as http:
        http.answers.append(Reply(body="no credit"))
        outcome = send(receiver(SMS.format(http.base)), message(), SECONDS)
    assert outcome.ok
    assert "1 of 2 numbers" in outcome.text


def test_a_gateway_that_takes_none() -> None:
    with HttpReceiver(Reply(429, {"Retry-After": "9"})) as http:
        outcome = send(receiver(SMS.format(http.base)), message(), SECONDS)
    assert (False, False, 9) == (outcome.ok, outcome.permanent, outcome.retry_after_seconds)
