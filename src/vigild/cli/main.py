"""`vigil`: the umbrella command. Each subcommand lives in a module of its own, imported when it is asked for."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from vigild import __version__
from vigild.core.frozen import frozen


@frozen
class Command:
    """A subcommand: its module has `main(arguments) -> exit code` and describes its own flags."""

    name: str
    module: str
    summary: str


COMMANDS: tuple[Command, ...] = (
    Command(
        "check", "vigild.cli.check", "check a configuration file and say what is wrong with it, and where"
    ),
    Command("init", "vigild.cli.init", "write a small configuration to begin with"),
    Command("status", "vigild.cli.status", "show how programs are, and whether all is as it is wanted"),
    Command("logs", "vigild.cli.logs", "show the last lines that a program wrote, and go on with -f"),
    Command("graph", "vigild.cli.graph", "show what waits for what, and in which waves programs start"),
    Command("top", "vigild.cli.top.main", "show what programs use, live or as a table"),
    Command(
        "upgrade",
        "vigild.cli.upgrade",
        "let the running daemon go on with the code that is installed now; no program is touched",
    ),
    Command(
        "schedule",
        "vigild.cli.schedule",
        "show which programs run by schedule, when next, and how they ended last",
    ),
    Command("history", "vigild.cli.history", "show what happened, when, why and who ordered it"),
    Command("why", "vigild.cli.why", "tell the story of the latest failure of a program"),
    Command("alert", "vigild.cli.alert", "show who is told of troubles, and try whether it arrives"),
    Command("forward", "vigild.cli.forward", "show where output is sent, and try whether it arrives"),
    Command("token", "vigild.cli.token", "make, show and revoke API tokens"),
    Command("user", "vigild.cli.user", "make the value of a password for the configuration"),
    Command("monitors", "vigild.cli.monitors", "show how what is monitored is, or pause and resume it"),
    Command("systemd-unit", "vigild.cli.systemd_unit", "print a systemd unit for a configuration file"),
    Command(
        "completion",
        "vigild.cli.completion.main",
        "print a script that lets bash, zsh or fish complete all this",
    ),
)

EXIT_USAGE = 2
EXIT_PIPE = 141  # as a shell says it of what SIGPIPE ended


def usage() -> str:
    """What `vigil help` prints."""
    rows = [(command.name, command.summary) for command in COMMANDS]
    rows += [("version", "print the version"), ("help [COMMAND]", "print this, or the help of a command")]
    width = max(len(name) for name, _summary in rows)
    lines = ["usage: vigil COMMAND [ARGUMENTS]", ""]
    lines += [f"  {name:<{width}}  {summary}" for name, summary in rows]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit code is its own, 2 where there is no such command."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words.pop(0) if words else ""
    if name in ("version", "--version", "-V"):
        print(_json({"version": __version__}) if words == ["--json"] else f"vigil {__version__}")
        return 0
    if name in ("help", "--help", "-h"):
        if words == ["--json"]:
            print(_json({"commands": [{"name": one.name, "summary": one.summary} for one in COMMANDS]}))
            return 0
        if not words or words[0] in ("--help", "-h"):
            print(usage())
            return 0
        name, words = words[0], ["--help"]
    command = next((item for item in COMMANDS if item.name == name), None)
    if command is not None:
        run: Callable[[Sequence[str]], int] = import_module(command.module).main
        return _run(run, words)
    if name:
        from vigild.config.suggest import did_you_mean

        guess = did_you_mean(name, [item.name for item in COMMANDS])
        if "--json" in words:
            from vigild.cli.command_line import refuse

            text = f"no such command: {name}. {guess}".rstrip()
            return refuse("vigil", text, EXIT_USAGE, "wrong_usage", as_json=True)
        print(f"vigil: no such command: {name}. {guess}".rstrip(), file=sys.stderr)
    print(usage(), file=sys.stderr)
    return EXIT_USAGE


def _run(run: Callable[[Sequence[str]], int], words: Sequence[str]) -> int:
    try:
        status = run(words)
        sys.stdout.flush()
    except BrokenPipeError:  # `vigil history | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    return status


def _json(document: object) -> str:
    import json

    return json.dumps(document, indent=2)


if __name__ == "__main__":
    raise SystemExit(main())
