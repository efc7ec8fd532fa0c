"""Whatever a receiver does, nobody learns its secrets from what comes back."""

import logging

import pytest

from support.messages import message, receiver
from support.receivers import HttpReceiver, Reply
from vigild.alerts.senders.dispatch import send
from vigild.alerts.senders.secrets import hidden, secrets_of
from vigild.alerts.sending import Outcome
from vigild.wire.alert_urls import parse_target

SECRET, ENCODED_SECRET = "SEC+very/secret=", "SEC%2Bvery%2Fsecret%3D"
URLS = {
    "dingtalk": f"dingtalk://T0knsecret?secret={ENCODED_SECRET}&base={{base}}",
    "wecom": "wecom://T0knsecret?base={base}",
    "feishu": f"feishu://T0knsecret?secret={ENCODED_SECRET}&base={{base}}",
    "slack": "slack://T0/B0/T0knsecret?base={base}",
    "telegram": "telegram://12345:T0knsecret/77?base={base}",
    "webhook": f"{{base}}/T0knsecret/x?key=T0knsecret#secret={ENCODED_SECRET}&header=X:T0knsecret",
    "sms": "sms+{base}/?k=T0knsecret&n={{number}}&t={{text}}#to=1",
    "exec": "exec:/bin/sh -c 'cat; echo T0knsecret {base}; exit 3' T0knsecret",
    "apprise": "apprise+json://x/T0knsecret",
    "smtp": f"smtp://someuser:{ENCODED_SECRET}@127.0.0.1:{{port}}?to=a@x&from=b@x",
}
ECHO = '{"errcode": 5, "code": 5, "errmsg": "T0knsecret SEC+very/secret= SEC%2Bvery%2Fsecret%3D", "description": "T0knsecret"}'


@pytest.mark.parametrize("kind", URLS)
@pytest.mark.parametrize("status", [200, 403, 500])
def test_an_answer_that_repeats_a_secret(kind: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with HttpReceiver(Reply(status, {}, ECHO)) as http:
        url = URLS[kind].format(base=http.base, port=http.port)
        # a greeting that is none takes SMTP a while to give up
        outcome = send(receiver(url), message(), 0.3 if kind == "smtp" else 20.0)
    assert outcome.text or outcome.ok
    shown = f"{outcome!r} {caplog.text} {receiver(url)!r} {parse_target(url)!r} {parse_target(url).shown}"
    for secret in ("T0knsecret", "someuser", *((SECRET, "SEC%2Bvery") if ENCODED_SECRET in url else ())):
        assert secret not in shown


def test_a_url_that_is_wrong_is_refused_in_words() -> None:
    outcome = send(receiver(f"dingtalk://{SECRET}/x"), message(), 1.0)
    assert (False, True) == (outcome.ok, outcome.permanent)
    assert "dingtalk://TOKEN" in outcome.text
    assert "secret=" + SECRET not in outcome.text
    assert "very" not in outcome.text


def test_a_fault_of_ours_is_a_failure_that_may_pass() -> None:
    outcome = send(receiver("https://h%00ost/T0knsecret"), message(), 1.0)
    assert not outcome.ok
    assert "T0knsecret" not in outcome.text
    assert Outcome(False, False) != outcome


def test_an_unexpected_error_shows_its_kind_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Outcome:
        raise RuntimeError("T0knsecret")

    monkeypatch.setattr("vigild.alerts.senders.dispatch.send_to", fails)
    outcome = send(receiver("wecom://T0knsecret"), message(), 1.0)
    assert Outcome(False, False, "the sender failed (RuntimeError)") == outcome


def test_the_longest_secret_is_hidden_first() -> None:
    target = parse_target("telegram://12345:abcdef/7")
    assert ("12345:abcdef", "abcdef") == secrets_of(target)
    assert "a *** b *** c" == hidden("a 12345:abcdef b abcdef c", target)


def test_credentials_are_hidden_as_they_cross_the_network() -> None:
    target = parse_target("webhook+https://me:passw0rd@host/x")
    assert "no: Basic ***" == hidden("no: Basic bWU6cGFzc3cwcmQ=", target)


def test_what_is_shown_is_one_plain_line() -> None:
    target = parse_target("wecom://KEYKEY")
    assert "a b" == hidden("a\r\n\x1b[31mb", target)
    assert 300 == len(hidden("x" * 900, target))
