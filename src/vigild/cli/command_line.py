"""What the commands of `vigil` share: `--json`, and how each says that something went wrong.

With `--json` whatever is printed is JSON: the answer on stdout, and what went wrong as one line on stderr,
`{"error": {"command": "vigil why", "code": "no_such_name", "text": "…"}}`. Exit statuses are the same with and without it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, cast

ERROR_CODES = {
    "wrong_usage": "flags or arguments that the command does not take, or an address or a file that cannot be used",
    "no_daemon": "nobody answers at the address, or what answers is no supervisord",
    "not_supported": "the daemon is Supervisor's, or an older Vigil, and does not know what was asked for",
    "no_such_name": "no program, alert, forward, monitor or token of that name",
    "refused": "the daemon refused, or failed at it",
    "no_answer": "the daemon did not go on as it should (`vigil upgrade`)",
    "bad_configuration": "the configuration cannot be found or has errors",
    "exists": "there is a file already (`vigil init`)",
    "cannot_write": "the file cannot be written (`vigil init`)",
    "bad_password": "there is none, or it is too long, or the two differ (`vigil user`)",
}
"""What `code` of an error can be; codes are added, and never change their meaning."""

EXIT_USAGE = 2


class CommandLine(argparse.ArgumentParser):
    """Tells of wrong usage as JSON, too, where `--json` is among the words, wherever they are wrong."""

    _words: Sequence[str] = ()

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does."""
        self._words = args or ()
        for action in self._actions:
            if isinstance(action.choices, dict):  # the actions of a command
                for inner in cast("dict[str, CommandLine]", action.choices).values():
                    inner._words = self._words
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        if "--json" in self._words:
            raise SystemExit(refuse(self.prog, message, EXIT_USAGE, "wrong_usage", as_json=True))
        super().error(message)


def add_json_flag(
    parser: argparse.ArgumentParser, text: str = "print one JSON document", *, again: bool = False
) -> None:
    """`--json`. `again`: for an action of a command that has it itself, so that it may stand before and after it."""
    default = argparse.SUPPRESS if again else False
    parser.add_argument("--json", action="store_true", help=text, default=default)


def refuse(program: str, text: str, status: int, code: str, *, as_json: bool) -> int:
    """Say on stderr what went wrong, and give `status`. `code`: one of ERROR_CODES."""
    if as_json:
        command = " ".join(program.split()[:2])
        text = json.dumps({"error": {"command": command, "code": code, "text": text}}, ensure_ascii=False)
        print(text, file=sys.stderr)
    else:
        print(f"{program}: {text}", file=sys.stderr)
    return status


def print_json(document: object) -> None:
    """One document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2))
