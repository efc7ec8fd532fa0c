"""What the tools' decisions answer with."""

from typing import NamedTuple


class Mail(NamedTuple):
    """A message to people, complete but for how it travels.

    `body` is plain text. `wall_seconds` and `identity` become its date and Message-ID, so that a second try sends the
    same message. `receipt` is written to stderr, as it stands, once the mail has been handed over.
    """

    to: tuple[str, ...]
    subject: str | None
    body: str
    sender: str = ""
    wall_seconds: float = 0.0
    identity: str = ""
    receipt: str = ""


class Say(NamedTuple):
    """Write to stderr, exactly this."""

    text: str


class Send(NamedTuple):
    """Put into the outbox."""

    mail: Mail


def sendmail_text(mail: Mail) -> str:
    """The message as it is given to a sendmail command, in Superlance's form: To, Subject, nothing else."""
    return f"To: {', '.join(mail.to)}\nSubject: {mail.subject or ''}\n\n{mail.body}"


def mailed(mail: Mail) -> Mail:
    """The mail with the receipt that httpok and crashmail write."""
    return mail._replace(receipt=f"Mailed:\n\n{sendmail_text(mail)}")
