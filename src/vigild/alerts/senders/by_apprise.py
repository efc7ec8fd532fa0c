"""The hundred other services, by the library Apprise: the extra `vigild[apprise]`. It says only whether it succeeded."""

import importlib
import logging

from vigild.alerts.sending import DELIVERED, Message, Outcome
from vigild.wire.alert_urls import AppriseUrl

MISSING = "Apprise is not installed: pip install 'vigild[apprise]' where Vigil is installed"


def send_apprise(target: AppriseUrl, message: Message, timeout_seconds: float) -> Outcome:
    """As plain text. Apprise bounds its own time; `timeout_seconds` is not known to it."""
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        return Outcome(False, False, MISSING)
    # What it logs may hold the address.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.handlers[:] = [logging.NullHandler()]
    sender = apprise.Apprise()
    if not sender.add(target.url):
        return Outcome(False, True, "Apprise does not understand the address; see its manual")
    kind = {"critical": "failure", "warning": "warning"}.get(message.severity.value, "info")
    if sender.notify(body=message.text, title=message.title, notify_type=kind, body_format="text"):
        return DELIVERED
    return Outcome(False, False, "Apprise could not deliver it, and does not say why")
