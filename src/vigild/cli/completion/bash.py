"""The completion script for bash. It needs nothing but bash 4: not the package bash-completion either."""

from collections.abc import Sequence
from shlex import quote

from vigild.cli.completion.supervisorctl import bash_part
from vigild.cli.grammar import FILES, Flag, Grammar, flatten

# Names are compared and quoted by the shell itself: `compgen -W` would carry out a `$(…)` in a name.
_FRAME = r"""# bash completion for vigil, made by `vigil completion bash`.

_vigil_offer() {
    local word
    for word in "$@"; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
}

_vigil_files() {
    local path
    compopt -o filenames 2>/dev/null
    while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$cur")
}

_vigil_names() {
    local name before=""
    [[ $COMP_WORDBREAKS == *:* && $cur == *:* ]] && before=${cur%:*}:
    while IFS= read -r name; do
        if [[ $name == "$cur"* ]]; then
            name=${name#"$before"}
            printf -v name %q "$name"
            COMPREPLY+=("$name")
        fi
    done < <("${line[0]/%supervisorctl/vigil}" completion --names "$1" "${connection[@]}" </dev/null 2>/dev/null)
}

_vigil() {
    local cur="" previous="" command="" context="" i word actions=""
    local -a line=() connection=()
    local text=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=()
    read -ra line <<<"$text"
    [[ $text == *[[:space:]] ]] && line+=("")
    cur=${line[-1]}
    previous=${line[-2]:-}
    for ((i = 1; i < ${#line[@]} - 1; i++)); do
        word=${line[i]}
        case $word in
            -c | --configuration | -s | --serverurl)
                ((i + 1 < ${#line[@]} - 1)) && connection+=("$word" "${line[i + 1]/#\~\//$HOME/}")
                ;;
            -*) ;;
            *)
                if [[ -z $command ]]; then
                    command=$word context=$word
                    case $command in
ACTIONS
                    esac
                elif [[ -n $actions && $actions == *" $word "* ]]; then
                    context="$command $word" actions=""
                fi
                ;;
        esac
    done
    if [[ -z $command ]]; then
        _vigil_offer COMMANDS
        return
    fi
    case "$context $previous" in
VALUES
    esac
    if [[ $cur == -* ]]; then
        case $context in
FLAGS
        esac
        return
    fi
    case $context in
ARGUMENTS
    esac
}

complete -F _vigil vigil
"""
_DEEP, _SHALLOW = " " * 24, " " * 8


def bash_script(found: Sequence[Grammar]) -> str:
    """The script."""
    every = flatten(found)
    words = [grammar.name for grammar in found] + ["version", "help"]
    parts = {
        "COMMANDS": " ".join(words),
        "ACTIONS": "\n".join(
            f"{_DEEP}{grammar.name}) actions={quote(f' {_actions(grammar)} ')} ;;"
            for grammar in found
            if grammar.actions
        ),
        "VALUES": "\n".join(
            _value(grammar, flag) for grammar in every for flag in grammar.flags if flag.value
        ),
        "FLAGS": "\n".join(
            [
                *(f"{_SHALLOW}{quote(one.name)}) _vigil_offer --help {_flags(one)} ;;" for one in every),
                f"{_SHALLOW}version|help) _vigil_offer --json ;;",
            ]
        ),
        "ARGUMENTS": "\n".join(
            [
                *(_arguments(grammar) for grammar in every),
                f"{_SHALLOW}help) _vigil_offer {' '.join(words)} ;;",
            ]
        ),
    }
    script = _FRAME
    for name, text in parts.items():
        script = script.replace(name, text, 1)
    return script + bash_part()


def _actions(grammar: Grammar) -> str:
    return " ".join(action.word for action in grammar.actions)


def _flags(grammar: Grammar) -> str:
    return " ".join(name for flag in grammar.flags for name in flag.names)


def _value(grammar: Grammar, flag: Flag) -> str:
    patterns = " | ".join(quote(f"{grammar.name} {name}") for name in flag.names)
    offer = "_vigil_files" if flag.takes_file else f"_vigil_offer {' '.join(flag.choices)}".rstrip()
    return f"{_SHALLOW}{patterns}) {offer}; return ;;"


def _arguments(grammar: Grammar) -> str:
    offers = [f"_vigil_offer {_actions(grammar)}"] if grammar.actions else []
    for argument in grammar.arguments:
        if argument.choices:
            offers.append(f"_vigil_offer {' '.join(argument.choices)}")
        elif argument.kind:
            offers.append("_vigil_files" if argument.kind == FILES else f"_vigil_names {argument.kind}")
    return f"{_SHALLOW}{quote(grammar.name)}) {'; '.join(offers) or ':'} ;;"
