import base64
import hashlib
import hmac
import json
import time
from urllib.parse import unquote

import pytest

from support.messages import hostile, message, receiver, telling
from support.receivers import Arrived, HttpReceiver, Reply
from support.until import DEADLINE_SECONDS
from vigild.alerts.senders.dispatch import send
from vigild.alerts.senders.robots import dingtalk_sign, feishu_card, feishu_sign
from vigild.alerts.sending import Outcome

SECONDS = DEADLINE_SECONDS
OK = Reply(body={"errcode": 0, "errmsg": "ok"})


def verify_dingtalk(arrived: Arrived, secret: str) -> None:
    """As its documentation says: the sign parameter, decoded once, is base64 of HMAC-SHA256."""
    raw = dict(pair.split("=", 1) for pair in arrived.target.partition("?")[2].split("&"))
    timestamp, sign = raw["timestamp"], unquote(raw["sign"])
    expected = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    assert expected == base64.b64decode(sign, validate=True)
    assert abs(time.time() - int(timestamp) / 1000) < 3600


def test_dingtalk_gets_signed_markdown() -> None:
    with HttpReceiver(OK) as http:
        for _ in range(8):  # most signatures hold a + or a /, which a second encoding would break
            assert Outcome(True) == send(
                receiver(f"dingtalk://TOKEN?secret=SECa+b&base={http.base}"), message(), SECONDS
            )
    for arrived in http.requests:
        verify_dingtalk(arrived, "SECa+b")
    arrived = http.requests[0]
    assert ("/robot/send", "TOKEN") == (arrived.path, arrived.query["access_token"])
    assert "application/json; charset=utf-8" == arrived.headers["content-type"]
    body = arrived.json
    assert "markdown" == body["msgtype"]
    assert "[db1] web is down" == body["markdown"]["title"]
    assert "web exited with status 3" in body["markdown"]["text"]
    assert {"isAtAll": False} == body["at"]


def test_dingtalk_without_a_secret_is_not_signed() -> None:
    with HttpReceiver(OK) as http:
        assert send(receiver(f"dingtalk://TOKEN?base={http.base}"), message(), SECONDS).ok
    assert {"access_token": "TOKEN"} == http.requests[0].query


def test_known_signatures() -> None:
    # by `printf '1700000000000\nSEC1' | openssl dgst -sha256 -hmac SEC1 -binary | base64`, and of nothing
    assert "ukR4+WoOOBTGaOauYqugxVrMSFyr92q4hPxJxuOkiio=" == dingtalk_sign(1700000000000, "SEC1")
    assert "s3Va4ru9IQUY6HTJcYx7OEVyXl0V0S/y32v4ZbfOHCI=" == feishu_sign(1700000000, "SEC1")


@pytest.mark.parametrize(
    ("code", "text", "permanent", "wait"),
    [
        (310000, "keywords not in content", True, 0),
        (310000, "sign not match", True, 0),
        (310000, "ip 1.2.3.4 not in whitelist", True, 0),
        (310000, "invalid timestamp", False, 0),
        (300001, "token is not exist", True, 0),
        (400102, "机器人已停用", True, 0),
        (130101, "send too fast, exceed 20 times per minute", False, 60),
        (410100, "发送速度太快而限流", False, 60),
        (-1, "系统繁忙", False, 0),
        (99, "unheard of", False, 0),
    ],
)
def test_dingtalk_says_in_a_200_what_is_wrong(code: int, text: str, permanent: bool, wait: float) -> None:
    with HttpReceiver(Reply(body={"errcode": code, "errmsg": text})) as http:
        outcome = send(receiver(f"dingtalk://TOKEN?base={http.base}"), message(), SECONDS)
    assert Outcome(False, permanent, f"code {code}: {text}", wait) == outcome


def test_wecom_gets_markdown_of_4096_bytes_at_most() -> None:
    lines = tuple("日志行很长" * 40 for _ in range(20))
    long = message(*(telling(f"程序{n}", lines=lines) for n in range(4)))
    with HttpReceiver(OK) as http:
        assert send(receiver(f"wecom://KEY-1?base={http.base}"), long, SECONDS).ok
    arrived = http.requests[0]
    assert ("/cgi-bin/webhook/send", "KEY-1") == (arrived.path, arrived.query["key"])
    assert {"msgtype", "markdown"} == set(arrived.json)
    content = arrived.json["markdown"]["content"]
    assert 3000 < len(content.encode()) <= 4096
    assert content.splitlines()[-1].startswith("…")
    assert content.endswith(" more")


@pytest.mark.parametrize(
    ("code", "text", "permanent", "wait"),
    [
        (93000, "invalid webhook url", True, 0),
        (45009, "api freq out of limit", False, 60),
        (-1, "system busy", False, 0),
        (40058, "markdown.content exceed max length 4096", True, 0),
    ],
)
def test_wecom_says_in_a_200_what_is_wrong(code: int, text: str, permanent: bool, wait: float) -> None:
    with HttpReceiver(Reply(body={"errcode": code, "errmsg": text})) as http:
        outcome = send(receiver(f"wecom://KEY?base={http.base}"), message(), SECONDS)
    assert Outcome(False, permanent, f"code {code}: {text}", wait) == outcome


def verify_feishu(arrived: Arrived, secret: str) -> None:
    """As its documentation says: HMAC-SHA256 of nothing, keyed with time and secret; seconds, as text."""
    body = arrived.json
    key = f"{body['timestamp']}\n{secret}".encode()
    assert base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode() == body["sign"]
    assert abs(time.time() - int(body["timestamp"])) < 3600


def test_feishu_gets_a_signed_card() -> None:
    with HttpReceiver(Reply(body={"code": 0, "msg": "success", "data": {}})) as http:
        url = f"feishu://TOKEN?secret=s/+=&base={http.base}"
        assert Outcome(True) == send(receiver(url), message(), SECONDS)
    arrived = http.requests[0]
    verify_feishu(arrived, "s/+=")
    assert "/open-apis/bot/v2/hook/TOKEN" == arrived.path
    assert "interactive" == arrived.json["msg_type"]
    card = arrived.json["card"]
    assert {"tag": "plain_text", "content": "[db1] web is down"} == card["header"]["title"]
    assert "red" == card["header"]["template"]
    assert "web exited with status 3" in card["elements"][0]["text"]["content"]


def test_all_text_of_a_card_is_plain() -> None:
    tags = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            tags.add(value.get("tag"))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(feishu_card(hostile()))
    assert {None, "div", "hr", "note", "plain_text"} == tags


def test_a_card_fits_into_a_request() -> None:
    lines = tuple('日志"\\' * 60 for _ in range(20))
    card = feishu_card(message(*(telling(f"p{n}", lines=lines) for n in range(4))))
    data = json.dumps(card, ensure_ascii=False).encode()
    assert 6000 < len(data) <= 20_000 - 200
    assert "…" in data.decode()


@pytest.mark.parametrize(
    ("status", "body", "permanent", "wait"),
    [
        (200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}, True, 0),
        (200, {"code": 19022, "msg": "Ip Not Allowed"}, True, 0),
        (200, {"code": 19024, "msg": "Key Words Not Found"}, True, 0),
        (200, {"code": 11232, "msg": "frequency limited"}, False, 60),
        (429, {"code": 99991400, "msg": "request trigger frequency limit"}, False, 60),
        (200, {"code": 9499, "msg": "too many request"}, False, 60),
        (400, {"code": 9499, "msg": "Bad Request", "data": {}}, True, 0),
        (200, {"StatusCode": 19001, "StatusMessage": "token invalid"}, True, 0),
    ],
)
def test_feishu_says_in_the_body_what_is_wrong(
    status: int, body: dict[str, object], permanent: bool, wait: float
) -> None:
    with HttpReceiver(Reply(status, {}, body)) as http:
        outcome = send(receiver(f"feishu://TOKEN?base={http.base}"), message(), SECONDS)
    assert (False, permanent, wait) == (outcome.ok, outcome.permanent, outcome.retry_after_seconds)
    assert "code " in outcome.text


@pytest.mark.parametrize("scheme", ["dingtalk", "wecom", "feishu"])
@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '{"errcode": null}', '{"errcode": false, "code": false}']
)
def test_what_does_not_say_that_it_succeeded_has_not(scheme: str, body: str) -> None:
    with HttpReceiver(Reply(body=body)) as http:
        outcome = send(receiver(f"{scheme}://TOKEN?base={http.base}"), message(), SECONDS)
    assert (False, False) == (outcome.ok, outcome.permanent)


@pytest.mark.parametrize("scheme", ["dingtalk", "wecom", "feishu"])
def test_a_service_that_is_down(scheme: str) -> None:
    with HttpReceiver(Reply(502, {}, "bad gateway")) as http:
        outcome = send(receiver(f"{scheme}://TOKEN?base={http.base}"), message(), SECONDS)
    assert Outcome(False, False, "HTTP status 502: bad gateway") == outcome
