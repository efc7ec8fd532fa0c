import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from support.ports import free_port
from support.receivers import Arrived, HttpReceiver, Reply
from support.tls import server_context
from vigild.core.backlog import Batch, batch_of
from vigild.core.forwarding import DELIVERED, Outcome, Verdict
from vigild.core.output_lines import Block, Source
from vigild.forwards.senders import web
from vigild.forwards.senders.web import GZIP_FROM_BYTES, WebSender, secrets_of
from vigild.wire.forward_urls import Web, parse_target

SECRET = "Secr3tNever5hown"
AT = 1_700_000_000_000_000_000


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def lines(*texts: str) -> Batch:
    source = Source("web:web_1", "web", "web_1", "stdout", 42)
    return batch_of([Block(source, AT, "\n".join(texts).encode(), len(texts))])


def sender(scheme: str, receiver: HttpReceiver, rest: str = "", **labels: str) -> WebSender:
    target = parse_target(f"{scheme}://{receiver.base.partition('://')[2]}{rest}")
    assert isinstance(target, Web)
    return WebSender(target, "node", labels)


def check_loki(request: Arrived) -> list[list[str]]:
    """The shape that Loki's documentation asks for; all values."""
    assert ("POST", "/loki/api/v1/push") == (request.method, request.path)
    assert "application/json" == request.headers["content-type"]
    body: Any = json.loads(
        gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body
    )
    assert {"streams"} == set(body)
    values = []
    for stream in body["streams"]:
        assert {"stream", "values"} == set(stream)
        for name, value in stream["stream"].items():
            assert re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name)
            assert isinstance(value, str)
        for value in stream["values"]:
            at, line = value
            assert re.fullmatch("[0-9]{19}", at)
            assert isinstance(line, str)
            values.append(value)
    return values


def test_loki_gets_what_its_documentation_says() -> None:
    with HttpReceiver(Reply(204)) as receiver:
        made = sender("loki+http", receiver, "?tenant=acme&header=X-Y:z", team="späti")
        assert DELIVERED == made.send(lines("one", "two"))
        assert DELIVERED == made.send(lines("x" * GZIP_FROM_BYTES))
        made.close()
    first, second = receiver.requests
    assert [[str(AT), "one"], [str(AT + 1), "two"]] == check_loki(first)
    assert "content-encoding" not in first.headers
    assert ("acme", "z") == (first.headers["x-scope-orgid"], first.headers["x-y"])
    assert first.headers["user-agent"].startswith("vigil-forwards/")
    assert "gzip" == second.headers["content-encoding"]
    assert [[str(AT), "x" * GZIP_FROM_BYTES]] == check_loki(second)
    assert len(second.body) < GZIP_FROM_BYTES


def test_otlp_gets_what_the_official_schema_reads() -> None:
    with HttpReceiver(Reply(200, {}, {"partialSuccess": {}})) as receiver:
        made = sender("otlp+http", receiver, f"/prefix?token={SECRET}&gzip=no")
        assert DELIVERED == made.send(lines("one", "x" * 2000))
        made.close()
    (request,) = receiver.requests
    assert ("/prefix/v1/logs", f"Bearer {SECRET}") == (request.path, request.headers["authorization"])
    read = json_format.Parse(request.body, ExportLogsServiceRequest())
    records = read.resource_logs[0].scope_logs[0].log_records
    assert ["one", "x" * 2000] == [record.body.string_value for record in records]


def test_a_user_and_a_password() -> None:
    with HttpReceiver(Reply(204)) as receiver:
        target = parse_target(f"loki+http://me:p%40ss@{receiver.base.partition('://')[2]}")
        assert isinstance(target, Web)
        made = WebSender(target, "node", {})
        made.send(lines("x"))
        made.close()
    assert "Basic bWU6cEBzcw==" == receiver.requests[0].headers["authorization"]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (400, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (413, Verdict.TOO_LARGE),
        (302, Verdict.LATER),
        (401, Verdict.LATER),
        (403, Verdict.LATER),
        (404, Verdict.LATER),
        (408, Verdict.LATER),
        (429, Verdict.LATER),
        (500, Verdict.LATER),
        (503, Verdict.LATER),
    ],
)
def test_what_a_status_means(status: int, verdict: Verdict) -> None:
    with HttpReceiver(Reply(status, {"Retry-After": "7"}, f"why: {SECRET}\n\x1b[31m")) as receiver:
        made = sender("loki+http", receiver, f"?token={SECRET}")
        outcome = made.send(lines("x"))
        made.close()
    assert verdict is outcome.verdict
    if status != 302:
        assert f"HTTP status {status}: why: ***" == outcome.text
    assert (7.0 if verdict is Verdict.LATER else 0.0) == outcome.retry_after_seconds


def test_lines_that_otlp_did_not_take_are_counted() -> None:
    body: dict[str, object] = {"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "too old"}}
    with HttpReceiver(Reply(200, {}, body)) as receiver:
        made = sender("otlp+http", receiver)
        outcome = made.send(lines("a", "b", "c"))
        made.close()
    expected = Outcome(Verdict.DELIVERED, "it did not take 2 of 3 lines: too old", refused_lines=2)
    assert expected == outcome


def test_nobody_listens() -> None:
    target = parse_target(f"otlp+http://127.0.0.1:{free_port()}")
    assert isinstance(target, Web)
    outcome = WebSender(target, "node", {}).send(lines("x"))
    assert (Verdict.LATER, "127.0.0.1: Connection refused") == (outcome.verdict, outcome.text)


def test_a_receiver_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "TIMEOUT_SECONDS", 0.2)
    with HttpReceiver(Reply(silent=True)) as receiver:
        made = sender("otlp+http", receiver)
        outcome = made.send(lines("x"))
        made.close()
    assert (Verdict.LATER, True) == (outcome.verdict, "did not answer within" in outcome.text)


def test_certificates_are_verified(tmp_path: Path) -> None:
    with HttpReceiver(Reply(204), context=server_context(tmp_path)) as receiver:
        stranger = sender("loki+https", receiver)
        assert "its certificate is not trusted" in stranger.send(lines("x")).text
        known = sender("loki+https", receiver, f"?ca={tmp_path}/cert.pem")
        assert DELIVERED == known.send(lines("x"))
        for made in (stranger, known):
            made.close()
    assert 1 == len(receiver.requests)


def test_what_is_secret_of_an_address() -> None:
    target = parse_target(f"otlp+http://me:passw0rd12@h/{SECRET}/?header=X:hidden")
    assert isinstance(target, Web)
    assert ("bWU6cGFzc3cwcmQxMg==", SECRET, "passw0rd12", "hidden") == secrets_of(target)
