"""The interactive shell: prompt, completion, history."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from vigild.cli.ctl import actions
from vigild.cli.ctl.controller import Controller
from vigild.client.errors import ClientError

if TYPE_CHECKING:
    from vigild.client.supervisor import ProcessInfo

_GROUP_ACTIONS = ("add", "remove", "update")
_PROCESS_ACTIONS = ("clear", "fg", "pid", "restart", "signal", "start", "status", "stop", "tail")


def run_shell(ctl: Controller) -> None:
    """Take lines until the end of input, `quit`, or Ctrl-C at the prompt."""
    readline = _readline(ctl) if sys.stdin.isatty() else None
    completer = Completer(ctl)
    if readline is not None:
        readline.set_completer(completer.complete)
    try:
        _run(ctl, "status")
        while True:
            completer.forget()
            try:
                line = input(f"{ctl.options.prompt}> ")
            except EOFError:
                line = "EOF"
            if _run(ctl, line):
                return
    except KeyboardInterrupt:
        ctl.output("")
    finally:
        if readline is not None and ctl.options.history_file:
            _save_history(readline, ctl.options.history_file)


def _run(ctl: Controller, line: str) -> bool:
    try:
        return ctl.run(line)
    except KeyboardInterrupt:
        return False  # what was interrupted has said so; only at the prompt does Ctrl-C leave the shell


def _readline(ctl: Controller) -> ModuleType | None:
    try:
        import readline
    except ImportError:
        return None
    # group:process, group:* and names with - are one word each.
    delimiters = readline.get_completer_delims()
    readline.set_completer_delims("".join(c for c in delimiters if c not in ":*-"))
    readline.parse_and_bind("tab: complete")
    if ctl.options.history_file:
        try:
            readline.read_history_file(ctl.options.history_file)
        except OSError:
            pass  # there is none yet
    return readline


def _save_history(readline: ModuleType, path: str) -> None:
    try:
        readline.write_history_file(path)
    except OSError:
        pass  # a shell that cannot remember is still a shell


class Completer:
    """Completes actions, and names of groups and processes. The daemon is asked once a line."""

    def __init__(self, ctl: Controller) -> None:
        self._ctl = ctl
        self._infos: list[ProcessInfo] | None = None

    def forget(self) -> None:
        """A new line begins: processes may have come and gone."""
        self._infos = None

    def complete(self, text: str, state: int) -> str | None:
        """The `state`-th candidate for the word `text`, as readline asks for it."""
        import readline

        candidates = self.candidates(readline.get_line_buffer(), text)
        return candidates[state] if state < len(candidates) else None

    def candidates(self, line: str, text: str) -> list[str]:
        """Everything that `text`, the last word of `line`, could become."""
        words = line.split()
        names: list[str] = []
        if not words or (len(words) == 1 and not line.endswith(" ")):
            names = ["help", *actions.NAMES]
            if self._ctl.plugins is not None:
                names += self._ctl.plugins.actions
        elif words[0] == "help":
            names = ["help", *actions.NAMES]
        elif words[0] in _GROUP_ACTIONS:
            names = list(dict.fromkeys(info["group"] for info in self._processes()))
        elif words[0] in _PROCESS_ACTIONS:
            names = self._process_names(":" in text)
        return [f"{name} " for name in names if name.startswith(text)]

    def _process_names(self, with_group: bool) -> list[str]:
        names: dict[str, None] = {}
        for info in self._processes():
            if with_group or info["name"] != info["group"]:
                names[f"{info['group']}:{info['name']}"] = None
                names[f"{info['group']}:*"] = None
            else:
                names[info["name"]] = None
        return list(names)

    def _processes(self) -> "list[ProcessInfo]":
        if self._infos is None:
            try:
                self._infos = self._ctl.supervisor.all_info()
            except (ClientError, ValueError):
                self._infos = []  # no daemon, no names; a line in the middle of typing is no place to say so
        return self._infos
