"""What a program's command line gives away: programs that put themselves in the background, shells, JVMs.

A supervised program has to stay in the foreground; one that forks and exits looks like a crash. Known
ones are listed here with the flag that keeps them.
"""

import os
import re
import shlex
from collections.abc import Callable, Sequence

from vigild.core.frozen import frozen

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh", "busybox", "su", "runuser"})
_OPERATORS = frozenset({"|", "||", "&&", "&", ">", ">>", "<", "2>", "2>>", "2>&1", "&>", ";"})
_JVM_WORD = re.compile(
    r"(?:^|/)(?:java|javaw)$|\.jar$|(?:^|/)(?:catalina\.sh|kafka-server-start(?:\.sh)?|elasticsearch|solr|jenkins)$"
)
Words = Sequence[str]


@frozen
class Daemonizer:
    """A program that goes to the background: when (`leaves`), and how to keep it (`remedy`)."""

    program: re.Pattern[str]
    leaves: Callable[[Words], bool]
    remedy: str


def _without(*flags: str) -> Callable[[Words], bool]:
    return lambda words: not any(word in flags for word in words)


def _with(*flags: str) -> Callable[[Words], bool]:
    return lambda words: any(word in flags or word.partition("=")[0] in flags for word in words)


def _letter(letter: str) -> Callable[[Words], bool]:
    # Single letters may be bundled: `-vd`.
    return lambda words: any(re.fullmatch(rf"-[A-Za-z]*{letter}[A-Za-z]*", word) for word in words)


def _no_letter(*letters: str) -> Callable[[Words], bool]:
    return lambda words: not any(_letter(letter)(words) for letter in letters)


def _first_is(*actions: str) -> Callable[[Words], bool]:
    return lambda words: any(word in actions for word in words)


def _nginx_leaves(words: Words) -> bool:
    return not re.search(r"daemon\s+off", " ".join(words)) and not _with("-t", "-s", "-v", "-V")(words)


def _apache_leaves(words: Words) -> bool:
    joined = " ".join(words).upper()
    return "FOREGROUND" not in joined and "-X" not in words and "NO_DETACH" not in joined


def _redis_leaves(words: Words) -> bool:
    joined = " ".join(words).lower()
    if re.search(r"--daemonize\s+no", joined):
        return False
    return (
        any(not word.startswith("-") and word.endswith(".conf") for word in words) or "--daemonize" in joined
    )


def _anything(_: Words) -> bool:
    return True


def _known(program: str, leaves: Callable[[Words], bool], remedy: str) -> Daemonizer:
    return Daemonizer(re.compile(program + r"\Z"), leaves, remedy)


DAEMONIZERS = (
    _known(
        r"nginx|openresty", _nginx_leaves, "add -g 'daemon off;' (or say `daemon off;` in its configuration)"
    ),
    _known(
        r"php-?fpm[0-9.]*|php[0-9.]+-fpm",
        lambda words: _without("--nodaemonize")(words) and _no_letter("F")(words),
        "add -F (--nodaemonize)",
    ),
    _known(
        r"redis-server|redis-sentinel|valkey-server",
        _redis_leaves,
        "add --daemonize no after the configuration file",
    ),
    _known(r"mongod|mongos", _with("--fork"), "drop --fork"),
    _known(r"apachectl|apache2ctl|httpd|apache2", _apache_leaves, "add -DFOREGROUND"),
    _known(
        r"mysqld_safe|mariadbd-safe|safe_mysqld",
        _anything,
        "it stays, but hands no signal on: run it as pidproxy /path/to/mysqld.pid mysqld_safe, or run mysqld itself",
    ),
    _known(r"memcached", lambda words: _letter("d")(words) or _with("--daemon")(words), "drop -d"),
    _known(r"pg_ctl|pg_ctlcluster", _first_is("start", "restart"), "run postgres -D /path/to/data itself"),
    _known(r"sshd", _no_letter("D", "d"), "add -D"),
    _known(r"cron", _no_letter("f"), "add -f"),
    _known(r"crond", _no_letter("f", "n", "d"), "add -n (cronie) or -f (BusyBox)"),
    _known(r"rsyslogd", _no_letter("n"), "add -n"),
    _known(r"haproxy", _letter("D"), "drop -D"),
    _known(
        r"dnsmasq",
        lambda words: _without("--keep-in-foreground", "--no-daemon")(words) and _no_letter("k", "d")(words),
        "add -k (--keep-in-foreground)",
    ),
    _known(r"postfix", _first_is("start"), "say start-fg in place of start"),
    _known(r"squid3?", lambda words: _without("--foreground")(words) and _no_letter("N")(words), "add -N"),
    _known(r"named", _no_letter("f", "g"), "add -f"),
    _known(r"lighttpd", _no_letter("D"), "add -D"),
    _known(r"ntpd|chronyd", _no_letter("n", "d"), "add -n"),
    _known(r"varnishd", _no_letter("F"), "add -F"),
    _known(r"snmpd", _no_letter("f"), "add -f"),
    _known(r"vsftpd", lambda words: "background=YES" in " ".join(words), "say background=NO"),
    _known(
        r"dbus-daemon",
        lambda words: _with("--fork")(words) or (_with("--system")(words) and _without("--nofork")(words)),
        "add --nofork",
    ),
    _known(r"supervisord", lambda words: _without("--nodaemon")(words) and _no_letter("n")(words), "add -n"),
    _known(r"uwsgi", _with("--daemonize", "-d", "--daemonize2"), "drop --daemonize"),
    _known(
        r"gunicorn|unicorn|puma|sidekiq|thin",
        _with("--daemon", "-D", "--daemonize"),
        "drop the flag that daemonizes",
    ),
    _known(
        r"celery",
        lambda words: _with("--detach")(words) or "multi" in words,
        "run celery worker without --detach",
    ),
    _known(r"docker|podman", lambda words: "run" in words and _with("-d", "--detach")(words), "drop -d"),
    _known(r"catalina\.sh|startup\.sh", _first_is("start"), "run catalina.sh run"),
    _known(r"zkServer\.sh", _first_is("start"), "say start-foreground in place of start"),
    _known(r"kafka-server-start(?:\.sh)?", _with("-daemon"), "drop -daemon"),
    _known(
        r"screen|tmux",
        _anything,
        "run the program itself: supervisor keeps its output and lets you attach with fg",
    ),
    _known(
        r"service|systemctl|initctl|start-stop-daemon", _anything, "run the program itself, in the foreground"
    ),
)


def split(command: str) -> list[str] | None:
    """The words of a command as they are executed, or None where a quote is not closed."""
    try:
        return shlex.split(command)
    except ValueError:
        return None


def is_shell_script(words: Words) -> bool:
    """True for `sh -c …` and the like: what follows is for a shell to read."""
    return any(os.path.basename(word) in SHELLS for word in words[:4]) and any(
        re.fullmatch(r"-[a-z]*c|--command", word) for word in words[1:]
    )


def script_of(words: Words) -> str:
    """What `sh -c` is told to run."""
    for index, word in enumerate(words[:-1]):
        if re.fullmatch(r"-[a-z]*c|--command", word):
            return words[index + 1]
    return ""


def effective_words(words: Words) -> list[str]:
    """The words of the program that runs in the end: behind `sh -c`, `exec`, `env`, `nohup`, `sudo`."""
    if is_shell_script(words):
        last = re.split(r"&&|\|\||;\s|\n", script_of(words).strip().rstrip(";"))[-1]
        inner = split(last)
        words = inner if inner else []
    rest = list(words)
    while rest and (os.path.basename(rest[0]) in ("exec", "env", "nohup", "sudo", "nice") or "=" in rest[0]):
        rest.pop(0)
    return rest


def daemonizer(words: Words) -> Daemonizer | None:
    """The known program behind a command that will leave the foreground, or None."""
    effective = effective_words(words)
    if not effective:
        return None
    if os.path.dirname(effective[0]) in ("/etc/init.d", "/etc/rc.d"):
        return DAEMONIZERS[-1]
    name = os.path.basename(effective[0])
    for known in DAEMONIZERS:
        if known.program.match(name) and known.leaves(effective[1:]):
            return known
    return None


def is_jvm(words: Words) -> bool:
    """True for programs that run on a Java virtual machine, as far as the command tells."""
    return any(_JVM_WORD.search(word) for word in effective_words(words))


def shell_syntax(command: str, words: Words) -> str | None:
    """The first piece of shell syntax in a command that no shell will see, or None."""
    if is_shell_script(words):
        return None
    for word in words:
        if word in _OPERATORS:
            return word
        if word.startswith("~/"):
            return word
    if re.match(r"[A-Za-z_][A-Za-z0-9_]*=", words[0] if words else ""):
        return words[0].partition("=")[0] + "="
    unquoted = re.sub(r"'[^']*'", "", command)
    found = re.search(r"\$\(|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|`", unquoted)
    return found.group() if found else None
