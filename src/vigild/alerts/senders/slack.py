"""Slack's incoming webhooks (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

Errors come as an HTTP status (400, 403, 404, 410: for good; 429 with Retry-After; 5xx) with a word in the body; success is
a 200 whose body is `ok`.
"""

import json
from urllib.parse import quote

from vigild.alerts.markup import SLACK, rendered
from vigild.alerts.senders.http import exchange, verdict
from vigild.alerts.sending import DELIVERED, Message, Outcome
from vigild.host.http_client import Request
from vigild.wire.alert_urls import Robot

_JSON = {"Content-Type": "application/json; charset=utf-8"}


def send_slack(robot: Robot, message: Message, timeout_seconds: float) -> Outcome:
    """As mrkdwn. Names are not linked, so nothing in a log can call a channel."""
    content = {
        "text": rendered(message, SLACK),
        "mrkdwn": True,
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    url = f"{robot.base}/services/{quote(robot.token)}"
    answer = exchange(Request(url, body, _JSON, ca_file=robot.ca_file), timeout_seconds)
    failed = verdict(answer)
    if failed is not None:
        return failed
    said = answer.text.strip()
    return DELIVERED if said == "ok" else Outcome(False, False, f"it answered {said!r} instead of ok")
