"""The completion script for zsh: a file `_vigil` in fpath, or sourced."""

from collections.abc import Sequence

from vigild.cli.completion.supervisorctl import zsh_part
from vigild.cli.grammar import FILES, Argument, Flag, Grammar

_HEAD = r"""#compdef vigil supervisorctl
# zsh completion for vigil, made by `vigil completion zsh`.

_vigil_asked() {
    local file=${opt_args[-c]:-${opt_args[--configuration]}} url=${opt_args[-s]:-${opt_args[--serverurl]}}
    [[ -n $file ]] && print -rl -- -c ${~${(Q)file//\\:/:}}
    [[ -n $url ]] && print -rl -- -s ${(Q)url//\\:/:}
}

_vigil_names() {
    local -a names asked=(${(f)"$(_vigil_asked)"} $vigil_asked)
    names=(${(f)"$(vigil completion --names $1 $asked </dev/null 2>/dev/null)"})
    compadd -a names
}

"""
_TAIL = r"""
if [[ $funcstack[1] == _vigil ]]; then
    _vigil "$@"
else
    compdef _vigil vigil supervisorctl
fi
"""
_FOR_CTL = '    if [[ $service == supervisorctl ]]; then\n        _vigil_supervisorctl "$@"\n        return\n    fi\n'
_LOCALS = "    local curcontext=$curcontext state state_descr line\n    typeset -A opt_args\n"


def zsh_script(found: Sequence[Grammar]) -> str:
    """The script."""
    words = [(grammar.name, grammar.summary) for grammar in found]
    words += [("version", "print the version"), ("help", "print the help of a command")]
    extra = (
        f"        help) _arguments --json {_quoted('1:command:(' + ' '.join(name for name, _ in words) + ')')} ;;\n"
        "        version) _arguments --json ;;\n"
    )
    functions = [_branch(grammar) for grammar in found if grammar.actions]
    return _HEAD + zsh_part() + "".join(functions) + _function("_vigil", words, found, extra) + _TAIL


def _branch(grammar: Grammar) -> str:
    words = [(action.word, action.summary) for action in grammar.actions]
    return _function(f"_vigil_{grammar.word}", words, grammar.actions, "")


def _function(name: str, words: Sequence[tuple[str, str]], inner: Sequence[Grammar], extra: str) -> str:
    described = " ".join(_quoted(f"{word}:{text.replace(':', ' -')}") for word, text in words)
    cases = "".join(f"        {grammar.word}) {_arguments(grammar)} ;;\n" for grammar in inner)
    return (
        f"{name}() {{\n{_FOR_CTL if name == '_vigil' else ''}{_LOCALS}    local -a words_here=({described})\n"
        "    _arguments -C '(- *)'{-h,--help}'[help]' '1: :->word' '*:: :->rest' && return 0\n"
        "    case $state in\n    word) _describe -t commands command words_here ;;\n"
        f"    rest)\n        case $words[1] in\n{cases}{extra}        esac ;;\n    esac\n}}\n\n"
    )


def _arguments(grammar: Grammar) -> str:
    if grammar.actions:
        return f"_vigil_{grammar.word}"
    specs = ["'(- *)'{-h,--help}'[help]'", *map(_flag, grammar.flags), *map(_argument, grammar.arguments)]
    return "_arguments " + " ".join(spec for spec in specs if spec)


def _flag(flag: Flag) -> str:
    text = _plain(flag.text)
    value = ""
    if flag.value:
        offer = "_files" if flag.takes_file else f"({' '.join(flag.choices)})" if flag.choices else " "
        value = f":{_plain(flag.value)}:{offer}"
    excluded = f"({' '.join(flag.names)})" if len(flag.names) > 1 else ""
    return " ".join(_quoted(f"{excluded}{name}[{text}]{value}") for name in flag.names)


def _argument(argument: Argument) -> str:
    if argument.choices:
        offer = f"({' '.join(argument.choices)})"
    elif argument.kind:
        offer = "_files" if argument.kind == FILES else f" _vigil_names {argument.kind}"
    else:
        offer = " "
    place = "*" if "…" in argument.usage else "1"
    return _quoted(f"{place}:{_plain(argument.name)}:{offer}")


def _plain(text: str) -> str:
    """As text of a spec, in which brackets and colons have a meaning."""
    return "".join(f"\\{character}" if character in "[]:\\" else character for character in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
