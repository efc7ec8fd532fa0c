"""Flags are read as getopt and optparse read Superlance's."""

import pytest

from vigild.listeners import (
    crashmail,
    crashmailbatch,
    crashsms,
    fatalmailbatch,
    httpok,
    mail_options,
    memmon,
)
from vigild.listeners.options import Tool, UsageError, help_text, parse, spelling

TOOLS = [one.TOOL for one in (httpok, memmon, crashmail, crashmailbatch, fatalmailbatch, crashsms)]


def test_short_long_clustered_and_abbreviated_flags() -> None:
    parsed = parse(
        httpok.TOOL, ["-ap", "one", "-ptwo", "--program=three", "--timeo", "5", "-E", "http://x/", "-e"]
    )
    assert ["one", "two", "three"] == parsed.all("program")
    assert parsed.has("any")
    assert "5" == parsed.last("timeout")
    assert ("http://x/",) == parsed.positionals
    assert ["not-eager", "eager"] == list(parsed.values)[-2:]


def test_after_two_dashes_nothing_is_a_flag() -> None:
    assert ("-a", "--any") == parse(httpok.TOOL, ["--", "-a", "--any"]).positionals


def test_an_abbreviation_that_was_clear_in_superlance_stays_clear() -> None:
    # --sm could be smtpHost or smtps by now, and --p could be password.
    parsed = parse(httpok.TOOL, ["--s", "mailer", "--p", "web"])
    assert ("mailer", "web") == (parsed.last("sendmail_program"), parsed.last("program"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-z"], "no such option: -z"),
        (["--zoo"], "no such option: --zoo"),
        (["-p"], "-p needs a value: NAME"),
        (["--program"], "--program needs a value: NAME"),
        (["--any=1"], "--any takes no value"),
        (["--e"], "--e could be --email, --eager"),
    ],
)
def test_what_cannot_be_read_is_said(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=f"^{words}$"):
        parse(httpok.TOOL, arguments)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_no_flag_is_there_twice_and_help_shows_each(tool: Tool) -> None:
    longs = [option.long for option in tool.options]
    shorts = [option.short for option in tool.options if option.short]
    assert (len(set(longs)), len(set(shorts))) == (len(longs), len(shorts))
    text = help_text(tool)
    assert all(flag in text for option in tool.options for flag in spelling(option))


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_tool_has_the_same_ways_to_mail(tool: Tool) -> None:
    wanted = {
        "sendmail_program",
        "smtpHost",
        "fromEmail",
        "userName",
        "password",
        "password-file",
        "tls",
        "smtps",
    }
    assert set() == wanted - {option.long for option in tool.options}


def test_where_mail_goes() -> None:
    def route(tool: Tool, *arguments: str, by_smtp: bool, **environment: str):  # type: ignore[no-untyped-def]
        return mail_options.route(parse(tool, arguments), environment, by_smtp=by_smtp)

    assert "" == route(crashmail.TOOL, by_smtp=False).smtp_host
    assert "mx:25" == route(crashmail.TOOL, "--smtpHost", "mx:25", by_smtp=False).smtp_host
    batch = route(crashsms.TOOL, by_smtp=True, VIGIL_SMTP_USER="me", VIGIL_SMTP_PASSWORD="secret")
    assert ("localhost", "me", "secret") == (batch.smtp_host, batch.user, batch.password)
    piped = route(crashsms.TOOL, "--sendmail_program", "cat", by_smtp=True)
    assert ("", "cat", True) == (piped.smtp_host, piped.sendmail, piped.mime)


def test_a_password_on_the_command_line_is_warned_of_without_showing_it() -> None:
    words = mail_options.warnings("crashsms", parse(crashsms.TOOL, ["-p", "hunter2"]))
    assert "--password-file" in words
    assert "hunter2" not in words
    assert "" == mail_options.warnings("crashsms", parse(crashsms.TOOL, ["--password-file", "/x"]))
