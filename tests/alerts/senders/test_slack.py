import pytest

from support.messages import hostile, message, receiver
from support.receivers import HttpReceiver, Reply
from support.until import DEADLINE_SECONDS
from vigild.alerts.senders.dispatch import send
from vigild.alerts.sending import Outcome

SECONDS = DEADLINE_SECONDS


def test_slack_gets_mrkdwn_in_which_nothing_is_linked() -> None:
    with HttpReceiver(Reply(body="ok")) as http:
        assert Outcome(True) == send(receiver(f"slack://T0/B0/TOKEN?base={http.base}"), hostile(), SECONDS)
    arrived = http.requests[0]
    assert "/services/T0/B0/TOKEN" == arrived.path
    body = arrived.json
    assert (False, False, True) == (body["link_names"], body["unfurl_links"], body["mrkdwn"])
    assert "<!channel>" not in body["text"]
    assert "&lt;!channel&gt;" in body["text"]


@pytest.mark.parametrize(
    ("reply", "permanent", "wait"),
    [
        (Reply(404, {}, "no_service"), True, 0),
        (Reply(403, {}, "invalid_token"), True, 0),
        (Reply(410, {}, "channel_is_archived"), True, 0),
        (Reply(429, {"Retry-After": "30"}, "rate_limited"), False, 30),
        (Reply(500, {}, "rollup_error"), False, 0),
        (Reply(200, {}, "<html>a captive portal"), False, 0),
    ],
)
def test_what_slack_refuses(reply: Reply, permanent: bool, wait: float) -> None:
    with HttpReceiver(reply) as http:
        outcome = send(receiver(f"slack://T0/B0/TOKEN?base={http.base}"), message(), SECONDS)
    assert (False, permanent, wait) == (outcome.ok, outcome.permanent, outcome.retry_after_seconds)
    assert str(reply.body) in outcome.text
