"""Mail leaves by sendmail and by SMTP, with and without TLS and a password, and failures are told apart."""

import email
import os
import smtplib
import ssl
from email.message import Message
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from support.smtp_server import SmtpServer
from support.tls import server_context
from vigild.listeners.delivery import Route, deliver, mime_text
from vigild.listeners.effects import Mail, mailed, sendmail_text
from vigild.listeners.offshoot import WorkError

MAIL = Mail(
    ("a@example.invalid", "b@example.invalid"),
    "Größe",
    "line\n.dot\nüber\n",
    "me@example.invalid",
    1_700_000_000.0,
    "1.2@host",
)


@pytest.fixture(scope="module")
def tls_context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(tmp_path_factory.mktemp("tls"))


def parsed(text: str) -> Message:
    return email.message_from_string(text)


def test_the_bare_text_is_superlances() -> None:
    mail = Mail(("a@example.invalid",), " x crashed", "body")
    assert "To: a@example.invalid\nSubject:  x crashed\n\nbody" == sendmail_text(mail)
    assert f"Mailed:\n\n{sendmail_text(mail)}" == mailed(mail).receipt


def test_a_message_has_the_headers_in_superlances_order() -> None:
    plain = MAIL._replace(subject="S", body="text")
    message = MIMEText("text")
    for name, value in (
        ("Subject", "S"),
        ("From", "me@example.invalid"),
        ("To", "a@example.invalid, b@example.invalid"),
        ("Date", "Tue, 14 Nov 2023 22:13:20 -0000"),
        ("Message-ID", "<1.2@host>"),
    ):
        message[name] = value
    assert message.as_string() == mime_text(plain)
    assert "Subject" not in parsed(mime_text(plain._replace(subject=None)))


def test_by_smtp() -> None:
    with SmtpServer() as server:
        assert "" == deliver(MAIL, Route(smtp_host=server.address))
    (letter,) = server.letters
    assert ("me@example.invalid", ["a@example.invalid", "b@example.invalid"]) == (
        letter.sender,
        letter.recipients,
    )
    payload = parsed(letter.data).get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert MAIL.body == payload.decode()


def test_by_a_sendmail_command(short_tmp: Path) -> None:
    out = short_tmp / "mail"
    deliver(MAIL, Route(sendmail=f"tee {out}"))
    assert sendmail_text(MAIL) == out.read_text()
    deliver(MAIL, Route(sendmail=f"tee {out}", mime=True))
    assert mime_text(MAIL) == out.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("first", [False, True])
def test_with_tls_and_a_password_from_a_file(
    tls_context: ssl.SSLContext, first: bool, short_tmp: Path
) -> None:
    secret = short_tmp / "secret"
    secret.write_text("pässword\n")
    with SmtpServer(user="me", password="pässword", context=tls_context, tls_first=first) as server:
        route = Route(
            smtp_host=server.address, user="me", password_file=str(secret), tls=not first, smtps=first
        )
        deliver(MAIL, route)
        with pytest.raises(ssl.SSLCertVerificationError):
            deliver(MAIL, route._replace(tls_verify=True))
        secret.write_text("wrong")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            deliver(MAIL, route)
        os.unlink(secret)
        with pytest.raises(WorkError, match="cannot read the password file"):
            deliver(MAIL, route)
    assert [(True, "me")] == [(letter.tls, letter.user) for letter in server.letters]


@pytest.mark.parametrize(
    ("verb", "reply", "permanent"),
    [
        ("RCPT", "550 unknown", True),
        ("RCPT", "450 later", False),
        ("MAIL", "553 no", True),
        ("DATA", "554 spam", True),
        ("DATA", "451 later", False),
    ],
)
def test_refused_for_good_or_for_now(verb: str, reply: str, permanent: bool) -> None:
    with SmtpServer(replies={verb: reply}) as server, pytest.raises(WorkError) as caught:
        deliver(MAIL, Route(smtp_host=server.address))
    assert permanent == caught.value.permanent
    assert reply.split()[1] in str(caught.value)


def test_several_addresses_after_one_flag() -> None:
    with SmtpServer() as server:
        deliver(MAIL._replace(to=("a@example.invalid, b@example.invalid",)), Route(smtp_host=server.address))
    assert ["a@example.invalid", "b@example.invalid"] == server.letters[0].recipients
