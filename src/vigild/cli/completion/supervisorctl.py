"""Completion of supervisorctl: a part of the script of each shell. Its flags stand before the action, unlike those of vigil."""

import re

from vigild.cli.ctl.actions import NAMES, help_text
from vigild.cli.grammar import GROUPS, PROCESSES, Flag

FLAGS = (
    Flag(("-c", "--configuration"), "FILE", (), "the configuration file (searched for if not given)"),
    Flag(
        ("-i", "--interactive"), "", (), "ask before shutdown and reload, and for a password if one is needed"
    ),
    Flag(("-s", "--serverurl"), "URL", (), "where supervisord listens: unix:///path or http://host:port"),
    Flag(("-u", "--username"), "USERNAME", (), "user name for the server"),
    Flag(("-p", "--password"), "PASSWORD", (), "password for the server"),
    Flag(("-r", "--history_file"), "FILE", (), "keep the lines of the shell in this file"),
)
_OF_PROCESSES = ("clear", "fg", "pid", "restart", "start", "status", "stop", "tail")
_OF_GROUPS = ("add", "remove", "update")
_TAKES_ALL = ("clear", "pid", "restart", "start", "stop", "signal", "update")
_SIGNALS = "HUP INT QUIT KILL TERM USR1 USR2 CONT STOP"
ACTIONS = (*NAMES, "help")


def summary(action: str) -> str:
    """What it does, in some words."""
    first = (help_text(action) or "").partition("\n")[0]
    return re.split(r"\s{2,}", first, maxsplit=1)[-1].partition(". ")[0].rstrip(".")


_BASH = r"""
_vigil_supervisorctl() {
    local cur="" previous="" action="" i word behind=0
    local -a line=() connection=()
    local text=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=()
    read -ra line <<<"$text"
    [[ $text == *[[:space:]] ]] && line+=("")
    cur=${line[-1]}
    previous=${line[-2]:-}
    for ((i = 1; i < ${#line[@]} - 1; i++)); do
        word=${line[i]}
        if [[ -n $action ]]; then
            behind=$((behind + 1))
            continue
        fi
        case $word in
            -c | --configuration | -s | --serverurl)
                ((i + 1 < ${#line[@]} - 1)) && connection+=("$word" "${line[i + 1]/#\~\//$HOME/}")
                i=$((i + 1))
                ;;
            VALUES) i=$((i + 1)) ;;
            -*) ;;
            *) action=$word ;;
        esac
    done
    if [[ -z $action ]]; then
        case $previous in
            FILES) _vigil_files ;;
            VALUES) ;;
            *) if [[ $cur == -* ]]; then _vigil_offer FLAGS; else _vigil_offer ACTIONS; fi ;;
        esac
        return
    fi
    case $action in
        TAKES_ALL) [[ $action == signal && $behind == 0 ]] || _vigil_offer all ;;
    esac
    case $action in
        OF_PROCESSES) _vigil_names processes ;;
        OF_GROUPS) _vigil_names groups ;;
        signal) if ((behind)); then _vigil_names processes; else _vigil_offer SIGNALS; fi ;;
        help) _vigil_offer ACTIONS ;;
    esac
}

complete -F _vigil_supervisorctl supervisorctl
"""


def bash_part() -> str:
    """What stands below the script for vigil."""
    files = [name for flag in FLAGS if flag.takes_file for name in flag.names]
    values = [name for flag in FLAGS if flag.value and not flag.takes_file for name in flag.names]
    script = _BASH.replace(
        "            VALUES) i=", f"            {' | '.join([*files[2:], *values[2:]])}) i="
    )
    words = {
        "FILES": " | ".join(files),
        "VALUES": " | ".join(values),
        "FLAGS": " ".join(name for flag in FLAGS for name in flag.names),
        "ACTIONS": " ".join(ACTIONS),
        "TAKES_ALL": " | ".join(_TAKES_ALL),
        "OF_PROCESSES": " | ".join(_OF_PROCESSES),
        "OF_GROUPS": " | ".join(_OF_GROUPS),
        "SIGNALS": _SIGNALS,
    }
    return re.sub(r"\b[A-Z_]{5,}\b", lambda match: words.get(match[0], match[0]), script)


_ZSH = r"""_vigil_supervisorctl() {
    local curcontext=$curcontext state state_descr line
    typeset -A opt_args
    local -a words_here=(ACTIONS) vigil_asked
    _arguments -C FLAGS '1: :->word' '*:: :->rest' && return 0
    vigil_asked=($(_vigil_asked))
    case $state in
        word) _describe -t commands action words_here ;;
        rest)
            case $words[1] in
                TAKES_ALL) [[ $words[1] == signal && $CURRENT == 2 ]] || compadd all ;|
                OF_PROCESSES) _vigil_names processes ;;
                OF_GROUPS) _vigil_names groups ;;
                signal) if ((CURRENT == 2)); then compadd SIGNALS; else _vigil_names processes; fi ;;
                help) _describe -t commands action words_here ;;
            esac
            ;;
    esac
}

"""


def zsh_part() -> str:
    """A function that stands above those for vigil."""
    words = {
        "ACTIONS": " ".join(_quoted(f"{name}:{summary(name).replace(':', ' -')}") for name in ACTIONS),
        "FLAGS": " ".join(map(_zsh_flag, FLAGS)),
        "TAKES_ALL": "|".join(_TAKES_ALL),
        "OF_PROCESSES": "|".join(_OF_PROCESSES),
        "OF_GROUPS": "|".join(_OF_GROUPS),
        "SIGNALS": _SIGNALS,
    }
    return re.sub(r"\b[A-Z_]{5,}\b", lambda match: words.get(match[0], match[0]), _ZSH)


def _zsh_flag(flag: Flag) -> str:
    text = re.sub(r"([\[\]:\\])", r"\\\1", flag.text)
    value = (":FILE:_files" if flag.takes_file else f":{flag.value}: ") if flag.value else ""
    return " ".join(_quoted(f"({' '.join(flag.names)}){name}[{text}]{value}") for name in flag.names)


_FISH = r"""
# The words behind the flags that stand before the action.
function __vigil_ctl_words
    set -l words (commandline -opc)
    set -l skips 0
    set -l found
    for word in $words[2..-1]
        if set -q found[1]
            set -a found $word
        else if test $skips = 1
            set skips 0
        else if contains -- $word VALUES
            set skips 1
        else if not string match -q -- '-*' $word
            set -a found $word
        end
    end
    test (count $found) -gt 0; and printf '%s\n' $found
end

function __vigil_ctl_no_action
    test (count (__vigil_ctl_words)) -eq 0
end

function __vigil_ctl_at
    set -l words (__vigil_ctl_words)
    set -q words[1]; and contains -- $words[1] $argv
end

function __vigil_ctl_signal
    set -l words (__vigil_ctl_words)
    set -q words[1]; and test $words[1] = signal; and test (count $words) $argv[1] 1
end

complete -c supervisorctl -f
"""


def fish_part() -> str:
    """What stands below the script for vigil."""
    values = " ".join(name for flag in FLAGS if flag.value for name in flag.names)
    lines = [
        *(_fish("__vigil_ctl_no_action", f"-a {name} -d {_fish_quoted(summary(name))}") for name in ACTIONS),
        *(_fish("__vigil_ctl_no_action", _fish_flag(flag)) for flag in FLAGS),
        _fish("__vigil_ctl_at help", f"-a '{' '.join(ACTIONS)}'"),
        _fish(f"__vigil_ctl_at {' '.join(_OF_PROCESSES)}", f"-a '(__vigil_names {PROCESSES})'"),
        _fish(f"__vigil_ctl_at {' '.join(_OF_GROUPS)}", f"-a '(__vigil_names {GROUPS})'"),
        _fish(f"__vigil_ctl_at {' '.join(one for one in _TAKES_ALL if one != 'signal')}", "-a all"),
        _fish("__vigil_ctl_signal -eq", f"-a '{_SIGNALS}'"),
        _fish("__vigil_ctl_signal -gt", f"-a 'all (__vigil_names {PROCESSES})'"),
    ]
    return _FISH.replace("VALUES", values) + "\n".join(lines) + "\n"


def _fish(condition: str, what: str) -> str:
    return f"complete -c supervisorctl -n {_fish_quoted(condition)} {what}"


def _fish_flag(flag: Flag) -> str:
    short, long = flag.names
    value = " -r -F" if flag.takes_file else " -x" if flag.value else ""
    return f"-s {short[1:]} -l {long[2:]}{value} -d {_fish_quoted(flag.text)}"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
