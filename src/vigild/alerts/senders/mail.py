"""Mail by SMTP: STARTTLS or TLS from the first byte, certificates verified, a password only over what is encrypted.

A reply of 5xx to the log-in, the sender, all recipients or the message is for good; 4xx and whatever happens to the
connection may pass. STARTTLS that is asked for and not offered is a failure: the mail does not go out in the clear.
"""

import base64
import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate

from vigild.alerts.markup import TEXT, rendered
from vigild.alerts.sending import DELIVERED, Message, Outcome
from vigild.host.http_client import tls_context
from vigild.host.peers import CONNECT_SECONDS, cut_socket
from vigild.wire.alert_urls import Mailbox, Tls


def send_mail(target: Mailbox, message: Message, timeout_seconds: float) -> Outcome:
    """To all addresses in one mail. Where some were refused it counts as delivered, and `text` says who did not get it."""
    try:
        with _connected(target, timeout_seconds) as server:
            if target.tls is Tls.STARTTLS:
                server.starttls(context=tls_context(target.ca_file))
            if target.user:
                _log_in(server, target.user, target.password)
            refused = server.send_message(mail_of(target, message), target.sender, list(target.to))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        said = "; ".join(f"{who}: {_said(code, words)}" for who, (code, words) in error.recipients.items())
        return Outcome(False, all(code >= 500 for code in codes), said)
    except smtplib.SMTPResponseException as error:
        code = error.smtp_code
        return Outcome(False, 500 <= code < 600, _said(code, error.smtp_error))
    except smtplib.SMTPNotSupportedError as error:
        return Outcome(False, False, f"the server does not offer what is asked of it: {error}")
    except smtplib.SMTPServerDisconnected:
        return Outcome(False, False, f"{target.host} ended the connection, or did not answer in time")
    except TimeoutError:
        return Outcome(False, False, f"{target.host} did not answer within {timeout_seconds:.0f} s")
    if refused:
        return Outcome(True, text=f"refused for {', '.join(refused)}; the others got it")
    return DELIVERED


def mail_of(target: Mailbox, message: Message) -> EmailMessage:
    """The mail. Its Message-ID is the same at every try, so that servers and people see that it is the same."""
    mail = EmailMessage()
    mail["Subject"] = message.title
    mail["From"] = target.sender
    mail["To"] = ", ".join(target.to)
    mail["Date"] = formatdate(message.at, localtime=True)
    domain = target.sender.rpartition("@")[2]
    mail["Message-ID"] = f"<{_word(message.identity)}@{_word(domain)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Vigil-Host"] = _word(message.origin.host)
    mail["X-Vigil-Alert"] = _word(message.alert)
    text = rendered(message, TEXT) if len(message.text) > TEXT.limit // 4 else message.text
    mail.set_content(text + "\n", charset="utf-8", cte="quoted-printable" if text.isascii() else "base64")
    return mail


def _word(text: str) -> str:
    """Fit for a header: no blanks, nothing that ends a line."""
    return "".join(char if (char.isascii() and char.isalnum()) or char in "-._" else "-" for char in text)[
        :200
    ]


@contextmanager
def _connected(target: Mailbox, timeout_seconds: float) -> Iterator[smtplib.SMTP]:
    """A connection that ends when the time is over, however slowly the other side speaks."""
    deadline = time.monotonic() + timeout_seconds
    connect = min(CONNECT_SECONDS, timeout_seconds)
    if target.tls is Tls.FIRST:
        server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=connect, context=tls_context(target.ca_file))
    else:
        server = smtplib.SMTP(timeout=connect)
    watchdog = threading.Timer(timeout_seconds, lambda: cut_socket(server.sock))
    watchdog.daemon = True
    watchdog.start()
    try:
        server._host = target.host  # type: ignore[attr-defined]  # what certificates are checked against
        code, words = server.connect(target.host, target.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        assert server.sock is not None
        server.sock.settimeout(max(0.01, deadline - time.monotonic()))
        yield server
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            pass  # it has the mail
    finally:
        watchdog.cancel()
        server.close()


def _log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    if (user + password).isascii():
        server.login(user, password)
        return
    # smtplib knows ASCII only, and would show a letter of the password in its error.
    server.ehlo_or_helo_if_needed()
    token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, words = server.docmd("AUTH", f"PLAIN {token}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {text}"
