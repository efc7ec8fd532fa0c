"""The flags about mail, the same in every tool, and what they come to.

Superlance gave httpok, memmon and crashmail a sendmail command and the batch tools an SMTP server, each with flags of
its own. Those stay; each tool has the other's as well.
"""

from collections.abc import Mapping

from vigild.listeners.delivery import DEFAULT_SENDMAIL, Route
from vigild.listeners.options import Option, Parsed

PASSWORD_VARIABLE = "VIGIL_SMTP_PASSWORD"
USER_VARIABLE = "VIGIL_SMTP_USER"

SENDMAIL = (
    Option(
        "sendmail_program", "s", "COMMAND", f'The command that takes a mail on stdin ("{DEFAULT_SENDMAIL}").'
    ),
    Option("email", "m", "ADDRESS", "Whom to mail. Without it no mail is sent."),
)
_PASSWORD_HELP = f"The password, for all to see in `ps`. Use --password-file or {PASSWORD_VARIABLE} instead."
_USER_HELP = f"The user name at the SMTP server; or {USER_VARIABLE} in the environment."
MORE = (
    Option(
        "test-mail",
        "",
        "",
        "Send a mail now, say what becomes of it, and end (status 0 if it has gone).",
        True,
    ),
    Option(
        "password-file",
        "",
        "PATH",
        "The file with the password for the SMTP server, read at each mail.",
        True,
    ),
    Option("smtps", "", "", "TLS from the first byte (port 465).", True),
    Option("tls-verify", "", "", "Check the certificate of the SMTP server.", True),
)
SMTP_BESIDE_SENDMAIL = (
    Option("smtpHost", "", "HOST[:PORT]", "Send by SMTP to this server instead of a sendmail command.", True),
    Option("fromEmail", "", "ADDRESS", "The sender, with --smtpHost.", True),
    Option("userName", "", "NAME", _USER_HELP, True),
    Option("password", "", "PASSWORD", _PASSWORD_HELP, True),
    Option("tls", "", "", "STARTTLS.", True),
    *MORE,
)
SMTP = (
    Option("toEmail", "t", "ADDRESSES", "Whom to mail, with commas between them. Must be given."),
    Option("fromEmail", "f", "ADDRESS", "The sender. Must be given."),
    Option("subject", "s", "TEXT", "The subject."),
    Option("smtpHost", "H", "HOST[:PORT]", "The SMTP server (localhost)."),
    Option("userName", "u", "NAME", _USER_HELP),
    Option("password", "p", "PASSWORD", _PASSWORD_HELP),
    Option("tls", "", "", "STARTTLS."),
    *MORE,
    Option(
        "sendmail_program",
        "",
        "COMMAND",
        "A command that takes the mail on stdin, instead of an SMTP server.",
        True,
    ),
)


def warnings(tool: str, parsed: Parsed) -> str:
    """What is to be said on stderr about the flags."""
    if not parsed.has("password"):
        return ""
    return (
        f"{tool}: a password on the command line can be read by every user of this machine; "
        f"use --password-file or {PASSWORD_VARIABLE} in `environment=`\n"
    )


def route(parsed: Parsed, environment: Mapping[str, str], by_smtp: bool) -> Route:
    """Where the mail of a tool goes; `by_smtp`: unless a flag says otherwise, by SMTP to localhost."""
    host = parsed.last("smtpHost", "localhost" if by_smtp else "")
    if by_smtp and parsed.has("sendmail_program"):
        host = ""
    return Route(
        sendmail=parsed.last("sendmail_program", DEFAULT_SENDMAIL),
        smtp_host=host,
        mime=by_smtp,
        user=parsed.last("userName", environment.get(USER_VARIABLE, "")),
        password=parsed.last("password", environment.get(PASSWORD_VARIABLE, "")),
        password_file=parsed.last("password-file"),
        tls=parsed.has("tls"),
        tls_verify=parsed.has("tls-verify"),
        smtps=parsed.has("smtps"),
    )
