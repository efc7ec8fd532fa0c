import time
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from support.messages import hostile, message, receiver, telling
from support.receivers import HttpReceiver, Reply
from support.smtp_server import SmtpServer
from support.tls import server_context
from support.until import DEADLINE_SECONDS
from vigild.alerts.senders.dispatch import send
from vigild.alerts.senders.mail import mail_of
from vigild.alerts.sending import Outcome
from vigild.wire.alert_urls import Mailbox, parse_target

SECONDS = DEADLINE_SECONDS
TO = "to=a@x.org,b@x.org&from=vigil@x.org"


def test_a_mail() -> None:
    with SmtpServer() as server:
        told = message(telling("网站", lines=("出错了",)), language="zh")
        assert Outcome(True) == send(receiver(f"smtp://{server.address}?{TO}"), told, SECONDS)
    letter = server.letters[0]
    assert ("vigil@x.org", ["a@x.org", "b@x.org"], False) == (letter.sender, letter.recipients, letter.tls)
    mail = message_from_string(letter.data)
    assert "[db1] 网站 已停止运行" == str(make_header(decode_header(mail["Subject"])))
    assert "auto-generated" == mail["Auto-Submitted"]
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "出错了" in body.decode()


def test_a_mail_has_the_same_identity_at_every_try() -> None:
    target = parse_target(f"smtp://localhost?{TO}")
    assert isinstance(target, Mailbox)
    assert (
        "<id-1@x.org>" == mail_of(target, message())["Message-ID"] == mail_of(target, message())["Message-ID"]
    )


def test_a_name_cannot_add_a_header() -> None:
    target = parse_target(f"smtp://localhost?{TO}")
    assert isinstance(target, Mailbox)
    mail = mail_of(target, hostile())
    assert "\n" not in mail["Subject"]
    assert ["Subject", "From", "To", "Date", "Message-ID"] == mail.keys()[:5]


def test_starttls_with_a_password(tmp_path: Path) -> None:
    with SmtpServer("me", "Gehe!m", context=server_context(tmp_path)) as server:
        url = f"smtp://me:Gehe!m@{server.address}?{TO}&tls=starttls&ca_file={tmp_path}/cert.pem"
        assert Outcome(True) == send(receiver(url), message(), SECONDS)
    assert [(True, "me")] == [(letter.tls, letter.user) for letter in server.letters]


def test_tls_from_the_first_byte_with_a_password_that_is_not_ascii(tmp_path: Path) -> None:
    with SmtpServer("me", "密码@1", context=server_context(tmp_path), tls_first=True) as server:
        url = f"smtps://me:密码%401@{server.address}?{TO}&ca_file={tmp_path}/cert.pem"
        assert Outcome(True) == send(receiver(url), message(), SECONDS)
    assert [(True, "me")] == [(letter.tls, letter.user) for letter in server.letters]


@pytest.mark.parametrize("first", [False, True])
def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, first: bool) -> None:
    with SmtpServer("me", "Gehe!m", context=server_context(tmp_path), tls_first=first) as server:
        scheme, more = ("smtps", "") if first else ("smtp", "&tls=starttls")
        outcome = send(receiver(f"{scheme}://me:Gehe!m@{server.address}?{TO}{more}"), message(), SECONDS)
    assert (False, False) == (outcome.ok, outcome.permanent)
    assert "certificate" in outcome.text
    assert [] == server.letters
    assert "AUTH" not in server.verbs


def test_a_server_without_starttls_gets_no_mail_and_no_password() -> None:
    with SmtpServer("me", "Gehe!m") as server:
        outcome = send(receiver(f"smtp://me:Gehe!m@{server.address}?{TO}&tls=starttls"), message(), SECONDS)
    assert (False, False) == (outcome.ok, outcome.permanent)
    assert "STARTTLS" in outcome.text
    assert not {"AUTH", "MAIL"} & set(server.verbs)


@pytest.mark.parametrize(
    ("verb", "reply", "permanent"),
    [
        ("AUTH", "535 5.7.8 no Gehe!m", True),
        ("AUTH", "454 later", False),
        ("MAIL", "550 who", True),
        ("MAIL", "451 later", False),
        ("RCPT", "550 no such user", True),
        ("RCPT", "450 greylisted", False),
        ("DATA", "554 spam", True),
        ("DATA", "452 full", False),
    ],
)
def test_what_a_server_refuses(verb: str, reply: str, permanent: bool) -> None:
    with SmtpServer("me", "Gehe!m", replies={verb: reply}) as server:
        outcome = send(receiver(f"smtp://me:Gehe!m@{server.address}?{TO}"), message(), SECONDS)
    assert (False, permanent) == (outcome.ok, outcome.permanent)
    assert reply[:3] in outcome.text
    assert "Gehe!m" not in outcome.text


def test_a_wrong_password() -> None:
    with SmtpServer("me", "right") as server:
        outcome = send(receiver(f"smtp://me:wrong@{server.address}?{TO}"), message(), SECONDS)
    assert (False, True) == (outcome.ok, outcome.permanent)
    assert "535" in outcome.text


def test_a_server_that_says_nothing() -> None:
    with HttpReceiver(Reply(silent=True)) as http:  # it waits for a request, as we wait for a greeting
        begin = time.monotonic()
        outcome = send(receiver(f"smtp://127.0.0.1:{http.port}?{TO}"), message(), 0.3)
    assert (False, False) == (outcome.ok, outcome.permanent)
    assert time.monotonic() - begin < SECONDS / 2


def test_no_server() -> None:
    with SmtpServer() as server:
        address = server.address
    outcome = send(receiver(f"smtp://{address}?{TO}"), message(), SECONDS)
    assert Outcome(False, False, "Connection refused") == outcome
