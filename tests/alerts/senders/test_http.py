import pytest

from support.receivers import HttpReceiver, Reply
from support.until import DEADLINE_SECONDS
from vigild.alerts.senders.http import USER_AGENT, exchange, verdict
from vigild.host.http_client import Answer, Request

SECONDS = DEADLINE_SECONDS


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_request_says_who_sends_it() -> None:
    with HttpReceiver() as receiver:
        exchange(Request(receiver.base, b"body", {"A": "b"}), SECONDS)
    headers = receiver.requests[0].headers
    assert (USER_AGENT, "b") == (headers["user-agent"], headers["a"])


def test_a_redirect_is_not_followed() -> None:
    with HttpReceiver() as other, HttpReceiver(Reply(302, {"Location": other.base})) as receiver:
        answer = exchange(Request(receiver.base, b"secret"), SECONDS)
    outcome = verdict(answer)
    assert outcome is not None
    assert (False, False) == (outcome.ok, outcome.permanent)
    assert "redirect" in outcome.text
    assert [] == other.requests


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True),
        (403, True),
        (404, True),
        (410, True),
        (407, False),
        (408, False),
        (429, False),
        (503, False),
    ],
)
def test_what_a_status_means(status: int, permanent: bool) -> None:
    outcome = verdict(Answer(status, {"retry-after": "7"}, b"why"))
    assert outcome is not None
    assert (False, permanent, 7.0) == (outcome.ok, outcome.permanent, outcome.retry_after_seconds)
    assert f"{status}: why" in outcome.text
