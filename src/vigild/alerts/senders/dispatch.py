"""From a receiver's URL to the sender of its kind. Whatever happens there, what comes back shows no secret."""

from dataclasses import replace

from vigild.alerts.senders.secrets import hidden
from vigild.alerts.sending import Message, Outcome, Receiver
from vigild.host.peers import RequestError
from vigild.wire.alert_urls import (
    AppriseUrl,
    Mailbox,
    Program,
    Robot,
    Service,
    Target,
    TelegramChat,
    Web,
    parse_target,
)
from vigild.wire.url_parts import ReceiverUrlError


def send(receiver: Receiver, message: Message, timeout_seconds: float) -> Outcome:
    """Bring the message to the receiver. Never raises; see `alerts/sending.py`."""
    try:
        target = parse_target(receiver.url)
    except ReceiverUrlError as error:
        return Outcome(False, True, f"{error}; {error.hint}")
    try:
        outcome = send_to(target, message, timeout_seconds)
    except RequestError as error:
        outcome = Outcome(False, False, str(error))
    except OSError as error:
        outcome = Outcome(False, False, error.strerror or type(error).__name__)
    except Exception as error:
        # Its words may hold anything that was given to a library.
        outcome = Outcome(False, False, f"the sender failed ({type(error).__name__})")
    return replace(outcome, text=hidden(outcome.text, target)) if outcome.text else outcome


def send_to(target: Target, message: Message, timeout_seconds: float) -> Outcome:
    """The sender of its kind; imported when it is first needed."""
    match target:
        case Robot(service=Service.SLACK):
            from vigild.alerts.senders.slack import send_slack

            return send_slack(target, message, timeout_seconds)
        case Robot():
            from vigild.alerts.senders import robots

            by_service = {
                Service.DINGTALK: robots.send_dingtalk,
                Service.WECOM: robots.send_wecom,
                Service.FEISHU: robots.send_feishu,
            }
            return by_service[target.service](target, message, timeout_seconds)
        case TelegramChat():
            from vigild.alerts.senders.telegram import send_telegram

            return send_telegram(target, message, timeout_seconds)
        case Mailbox():
            from vigild.alerts.senders.mail import send_mail

            return send_mail(target, message, timeout_seconds)
        case Web():
            from vigild.alerts.senders.web import send_sms, send_webhook

            send_web = send_sms if target.service is Service.SMS else send_webhook
            return send_web(target, message, timeout_seconds)
        case Program():
            from vigild.alerts.senders.program import send_program

            return send_program(target, message, timeout_seconds)
        case AppriseUrl():
            from vigild.alerts.senders.by_apprise import send_apprise

            return send_apprise(target, message, timeout_seconds)
