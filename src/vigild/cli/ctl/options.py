"""What supervisorctl was asked to do: the command line over `[supervisorctl]` over the defaults."""

import getopt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from vigild.client.address import show_url
from vigild.client.trust import NO_TRUST, Trust, trust_from

USAGE = """\
supervisorctl -- ask and order a supervisord about what it runs.

Usage: {program} [options] [action [arguments]]

Options:
-c/--configuration FILENAME -- configuration file (searched for if not given)
-h/--help -- print this and exit
-i/--interactive -- ask before shutdown and reload, and for a password if one is needed
-s/--serverurl URL -- where supervisord listens
     (default "http://localhost:9001")
-u/--username USERNAME -- user name for the server
-p/--password PASSWORD -- password for the server
-r/--history-file -- keep the lines of the shell in this file

With an action it is carried out, and the exit status tells how it went; without one a
shell is started that takes actions line by line. The action "help" lists them.
"""
_SHORT = "hic:s:u:p:r:"
_LONG = ["help", "interactive", "configuration=", "serverurl=", "username=", "password=", "history_file="]
_NAMES = {
    "-h": "help",
    "-i": "interactive",
    "-c": "configuration",
    "-s": "serverurl",
    "-u": "username",
    "-p": "password",
    "-r": "history_file",
}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:./*.?")


class UsageError(Exception):
    """The command line or the configuration cannot be used; `str()` says why."""


class HelpWanted(Exception):  # noqa: N818 - not an error
    """-h was given."""


@dataclass(slots=True)
class Options:
    """Everything that decides where a supervisorctl connects and how it behaves."""

    server_url: str = "http://localhost:9001"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    prompt: str = "supervisor"
    history_file: str | None = None
    interactive: bool = False
    words: list[str] = field(default_factory=list)
    config_file: str | None = None
    config_file_given: bool = False
    server_url_origin: str = "the default"
    plugins: tuple[tuple[str, str, dict[str, str]], ...] = ()
    trust: Trust = NO_TRUST

    @property
    def shown_url(self) -> str:
        """The server URL without the password that it may carry."""
        return show_url(self.server_url)


def parse(arguments: list[str], program: str, environ: Mapping[str, str], directory: str) -> Options:
    """Options from the command line and the configuration file. Raises UsageError, HelpWanted."""
    given, words = _command_line(arguments)
    if "help" in given:
        raise HelpWanted
    path = given.get("configuration")
    if path is None:
        from vigild.config.load import find_config_file

        path = find_config_file(program, directory)
    options = _from_file(path, environ)
    options.config_file_given = "configuration" in given
    options.words = words
    options.interactive = "interactive" in given or not words
    if "serverurl" in given:
        options.server_url, options.server_url_origin = given["serverurl"], "named with -s"
    options.username = given.get("username", options.username)
    options.password = given.get("password", options.password)
    if "history_file" in given:
        options.history_file = os.path.abspath(os.path.expanduser(given["history_file"]))
    return options


def _command_line(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    try:
        pairs, words = getopt.getopt(arguments, _SHORT, _LONG)
    except getopt.error as error:
        raise UsageError(str(error)) from None
    given: dict[str, str] = {}
    for flag, value in pairs:
        name = _NAMES.get(flag, flag[2:])
        if name == "help":
            return {"help": ""}, []
        if name == "serverurl" and not _URL.match(value):
            raise UsageError(f"invalid value for {flag} {value!r}: value {value!r} is not a URL")
        if name in given:
            raise UsageError(f"conflicting command line option {flag!r}")
        given[name] = value
    return given, words


def _from_file(path: str | None, environ: Mapping[str, str]) -> Options:
    from vigild.config.control import load_control

    config, findings = load_control(path, environ=environ)
    for finding in findings:
        if finding.severity == "error":
            raise UsageError(finding.text if finding.where.line == 0 else f"{finding.text} ({finding.where})")
    settings = {name: getattr(config, name) for name in ("token_file", "ca_file", "certfile", "keyfile")}
    try:
        trust = trust_from(environ, settings)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return Options(
        trust=trust,
        server_url=config.server_url,
        username=config.username,
        password=config.password,
        prompt=config.prompt,
        history_file=config.history_file,
        config_file=path,
        server_url_origin="the default" if path is None else "serverurl in [supervisorctl]",
        plugins=config.plugins,
    )
