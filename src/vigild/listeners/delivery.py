"""How mail leaves: through a sendmail command or by SMTP. To be called in an offshoot: it imports `smtplib` and `email`."""

import os
from typing import TYPE_CHECKING, NamedTuple

from vigild.listeners.commands import run
from vigild.listeners.effects import Mail, sendmail_text
from vigild.listeners.offshoot import WorkError

if TYPE_CHECKING:
    import smtplib
    import ssl

DEFAULT_SENDMAIL = "/usr/sbin/sendmail -t -i"
SMTP_TIMEOUT_SECONDS = 30.0
MAX_PASSWORD_FILE_BYTES = 4096


class Route(NamedTuple):
    """Where mail goes. With an `smtp_host` (`host` or `host:port`) by SMTP, else through `sendmail`.

    `mime`: the sendmail command gets a MIME message and not Superlance's bare text. `smtps`: TLS from the first byte;
    `tls`: STARTTLS, which without `tls_verify` does not check who answers, as in Superlance.
    """

    sendmail: str = DEFAULT_SENDMAIL
    smtp_host: str = ""
    mime: bool = False
    user: str = ""
    password: str = ""
    password_file: str = ""
    tls: bool = False
    tls_verify: bool = False
    smtps: bool = False


def deliver(mail: Mail, route: Route) -> str:
    """Hand the mail over; returns ''. Raises WorkError, OSError, SMTPException."""
    if route.smtp_host:
        _by_smtp(mail, route)
    else:
        text = mime_text(mail) if route.mime else sendmail_text(mail)
        run(route.sendmail, stdin=text.encode("utf-8", "surrogateescape"))
    return ""


def mime_text(mail: Mail) -> str:
    """The message as Superlance's batch tools send it, header for header."""
    from email.mime.text import MIMEText
    from email.utils import formatdate

    message = MIMEText(mail.body)
    if mail.subject:
        message["Subject"] = mail.subject
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    message["Date"] = formatdate(mail.wall_seconds)
    message["Message-ID"] = f"<{mail.identity}>"
    return message.as_string()


def _by_smtp(mail: Mail, route: Route) -> None:
    import smtplib

    password = _password(route)
    with _connected(route) as server:
        if route.tls and not route.smtps:
            server.starttls(context=_context(route))
        try:
            if route.user and password:
                _log_in(server, route.user, password)
            refused = server.sendmail(mail.sender, _addresses(mail), mime_text(mail))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise WorkError(str(error), permanent=all(code >= 500 for code in codes)) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise WorkError(str(error), permanent=error.smtp_code >= 500) from error
    if refused:  # some took it: those that did must not get it twice
        os.write(2, f"The mail was refused for {', '.join(refused)}; the others got it: {refused}\n".encode())


def _addresses(mail: Mail) -> list[str]:
    """`-m` may hold several with commas between them."""
    return [address.strip() for one in mail.to for address in one.split(",") if address.strip()]


def _log_in(server: "smtplib.SMTP", user: str, password: str) -> None:
    if (user + password).isascii():
        server.login(user, password)
        return
    # smtplib knows ASCII only, and would show a letter of the password in its error.
    import base64
    import smtplib

    server.ehlo_or_helo_if_needed()
    token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, words = server.docmd("AUTH", f"PLAIN {token}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _connected(route: Route) -> "smtplib.SMTP":
    import smtplib

    if route.smtps:
        return smtplib.SMTP_SSL(route.smtp_host, timeout=SMTP_TIMEOUT_SECONDS, context=_context(route))
    return smtplib.SMTP(route.smtp_host, timeout=SMTP_TIMEOUT_SECONDS)


def _context(route: Route) -> "ssl.SSLContext":
    import ssl

    context = ssl.create_default_context()
    if not route.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _password(route: Route) -> str:
    """Read when it is needed, so that a changed file counts at the next try."""
    if not route.password_file:
        return route.password
    try:
        with open(route.password_file, encoding="utf-8") as file:
            return file.read(MAX_PASSWORD_FILE_BYTES).strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkError(f"cannot read the password file {route.password_file}: {error}") from error
