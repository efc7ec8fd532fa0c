"""The completion script for fish."""

from collections.abc import Sequence

from vigild.cli.completion.supervisorctl import fish_part
from vigild.cli.grammar import FILES, Argument, Flag, Grammar

_HEAD = r"""# fish completion for vigil, made by `vigil completion fish`.

function __vigil_names
    set -l words (commandline -opc)
    set -l asked
    for i in (seq 2 (math (count $words) - 1))
        if contains -- $words[$i] -c --configuration -s --serverurl
            set -a asked $words[$i] $words[(math $i + 1)]
        end
    end
    set -l vigil (string replace -r 'supervisorctl$' vigil -- $words[1])
    command $vigil completion --names $argv[1] $asked </dev/null 2>/dev/null
end

function __vigil_no_command
    test (count (commandline -opc)) -lt 2
end

# Is the first word after vigil this one, and the next the action, where one is named?
function __vigil_at
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]; or return 1
    set -q argv[2]; or return 0
    contains -- $argv[2] $words[3..-1]
end

function __vigil_no_action
    set -l words (commandline -opc)
    test (count $words) -eq 2; and test $words[2] = $argv[1]
end

complete -c vigil -f
"""


def fish_script(found: Sequence[Grammar]) -> str:
    """The script."""
    words = [(grammar.name, grammar.summary) for grammar in found]
    words += [("version", "print the version"), ("help", "print the help of a command")]
    lines = [_word("__vigil_no_command", word, text) for word, text in words]
    lines += [_word("__vigil_no_action help", word, text) for word, text in words]
    lines += [f"complete -c vigil -n '__vigil_no_action {word}' -l json" for word in ("version", "help")]
    for grammar in found:
        lines += [
            _word(f"__vigil_no_action {grammar.name}", one.word, one.summary) for one in grammar.actions
        ]
        for each in grammar.actions or (grammar,):
            condition = f"__vigil_at {each.name}"
            lines += [_flag(condition, flag) for flag in each.flags]
            lines += [
                f"complete -c vigil -n {_quoted(condition)}{_argument(argument)}"
                for argument in each.arguments
                if argument.choices or argument.kind
            ]
    return _HEAD + "\n".join(lines) + "\n" + fish_part()


def _word(condition: str, word: str, text: str) -> str:
    return f"complete -c vigil -n {_quoted(condition)} -a {word} -d {_quoted(text)}"


def _flag(condition: str, flag: Flag) -> str:
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
    value = ""
    if flag.takes_file:
        value = " -r -F"
    elif flag.value:
        value = f" -x -a {_quoted(' '.join(flag.choices))}" if flag.choices else " -x"
    return f"complete -c vigil -n {_quoted(condition)} {names}{value} -d {_quoted(flag.text)}"


def _argument(argument: Argument) -> str:
    if argument.choices:
        return f" -a {_quoted(' '.join(argument.choices))}"
    return " -F" if argument.kind == FILES else f" -a {_quoted(f'(__vigil_names {argument.kind})')}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
