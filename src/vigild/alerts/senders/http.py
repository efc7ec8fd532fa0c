"""One HTTP request of a sender, and what its status says."""

from dataclasses import replace

from vigild.alerts.sending import Outcome
from vigild.host import http_client
from vigild.host.http_client import Answer, Request

USER_AGENT = "vigil-alerts"
_RETRIED = frozenset({407, 408, 421, 423, 425, 429})  # 407: the proxy, not the receiver


def exchange(request: Request, timeout_seconds: float) -> Answer:
    """Send it and read the answer, all within the time. Raises RequestError."""
    headers = {"User-Agent": USER_AGENT, **request.headers}
    return http_client.exchange(replace(request, headers=headers), timeout_seconds)


def verdict(answer: Answer) -> Outcome | None:
    """What the status alone says; None where it is a success and the body decides."""
    if 200 <= answer.status < 300:
        return None
    text = f"HTTP status {answer.status}: {answer.text}"
    if 300 <= answer.status < 400:
        text = f"it wants to redirect us (HTTP status {answer.status}), which is not followed: write the final address"
    permanent = 400 <= answer.status < 500 and answer.status not in _RETRIED
    return Outcome(False, permanent, text, answer.retry_after_seconds)
