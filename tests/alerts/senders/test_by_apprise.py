import email.charset
import sys

import pytest

from support.messages import message, receiver
from support.receivers import HttpReceiver
from vigild.alerts.senders.by_apprise import MISSING
from vigild.alerts.senders.dispatch import send
from vigild.alerts.sending import Outcome


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)  # as if it were not installed
    outcome = send(receiver("apprise+json://h/SECRETPATH"), message(), 20.0)
    assert Outcome(False, False, MISSING) == outcome


@pytest.mark.filterwarnings("default")  # of its own imports
def test_with_the_extra_it_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its mail plugin has all UTF-8 of the process sent as quoted-printable: not the business of other tests.
    monkeypatch.setattr(email.charset, "CHARSETS", dict(email.charset.CHARSETS))
    with HttpReceiver() as http:
        url = f"apprise+json://127.0.0.1:{http.port}/SECRETPATH"
        assert Outcome(True) == send(receiver(url), message(), 20.0)
        assert "[db1] web is down" == http.requests[0].json["title"]
    outcome = send(receiver(url), message(), 20.0)
    assert (False, False) == (outcome.ok, outcome.permanent)
    assert "SECRETPATH" not in outcome.text
