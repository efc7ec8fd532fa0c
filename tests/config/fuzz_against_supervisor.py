"""Differential fuzz: random configurations through Supervisor's own parser and ours. Run by hand.

    python tests/config/fuzz_against_supervisor.py PYTHON_WITH_SUPERVISOR [COUNT] [SEED]

The other Python runs `oracle.py` of the corpus. Every difference is printed with the text that made it; the
exit code is 1 when there was one. Known, deliberate differences are skipped (see `deliberate`).
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "src")]

from config.corpus_support import (  # noqa: E402
    CORPUS,
    HOST_NODE_NAME,
    DebianAccounts,
    spelled_config,
)
from vigild.config.load import Loaded, load  # noqa: E402

ENVIRON = {"HOME": "/root", "PATH": "/usr/bin:/bin", "USER": "root", "LANG": "C.UTF-8", "N": "3", "WORD": "w"}

SERVANT = """
import sys, json
sys.path.insert(0, sys.argv[1])
import oracle
for line in sys.stdin:
    path, env = json.loads(line)
    out = oracle.load(path, env, ["dir-checks"], True)
    print(json.dumps(out), flush=True)
"""

WORDS = [
    "a", "b c", "x;y", "x ;y", "x # y", "x#y", "a ; b # c", "a # b ; c", "'q ; r'", '"q # r"', "100%%", "%", "%s",
    "%(program_name)s", "%(process_num)02d", "%(here)s/x", "%(ENV_WORD)s", "%(ENV_NOPE)s", "%(group_name)s",
    "%(host_node_name)s", "%(numprocs)d", "%%(here)s", "%%%%", "%(ENV_A)s", "é", "=", ":", "a:b=c", "\t", "[x]", "~/l", "~root/l",
    "0", "1", "3", "-1", "%(ENV_N)s", "1_0", "007", "4294967295", "1.5", "0x10",
]  # fmt: skip
TYPED = {
    "numprocs": ["1", "2", "0", "%(ENV_N)s", "-1"],
    "numprocs_start": ["0", "5", "-2"],
    "process_name": ["%(program_name)s", "%(program_name)s_%(process_num)02d", "x%(process_num)d", " a ", "a b", "%(group_name)s-%(process_num)s"],
    "autostart": ["true", "FALSE", "On", "0", "2", ""],
    "autorestart": ["true", "unexpected", "Unexpected", "no", "maybe"],
    "exitcodes": ["0", "0,2", "", "256", "a", "0, 1", "1,"],
    "stopsignal": ["TERM", "SIGHUP", "hup", "9", "99", "kill ", "BLOCK", "0"],
    "user": ["root", "0", "nobody", "33", "nosuch", ""],
    "umask": ["022", "0o22", "9", "77"],
    "environment": [
        'A="1"', "A=1,B=2", 'A="x,y",B=\'z\'', "A", "A=", "A=1,", ",A=1", "A=1;B=2", 'A="unclosed', "A=a@b", "A=a#b", 'A="a" B="b"',
        'A = "x"', "A=x%(process_num)d", 'A="%(ENV_WORD)s"', "A=%(ENV_A)s", 'A="\'q\'"', "A=:99", "é=1", 'A="é"', 'A=""', "A=a,\n  B=b",
        'A%(process_num)d="v"', "A=x\"y\"", "A='a\"b'", "A==b", "A=b=c", "A=1,,B=2", "A=b#c\n D=2", "A=(x)", "A=a%%b", "A=1\tB",
    ],
    "stdout_logfile": ["AUTO", "none", "OFF", "syslog", "/x/%(program_name)s.log", "~/x.log", "x", "%(ENV_A)s.log", "/x%%y", "/x%%%%y"],
    "stderr_logfile": ["AUTO", "none", "/x/y", "Syslog"],
    "stdout_logfile_maxbytes": ["0", "1KB", "5 MB", "1gb", "1tb", "kb", "%(ENV_N)sMB"],
    "stdout_syslog": ["true", "false"],
    "redirect_stderr": ["true", "false"],
    "stopasgroup": ["true", "false"],
    "killasgroup": ["true", "false"],
    "serverurl": ["AUTO", "auto ", "", "http://x"],
    "startsecs": ["0", "1_0", "x", " 5"],
    "priority": ["1", "-5", "999", "5"],
    "port": ["9001", ":9001", "*:9001", "Host:80", "a:b", "0", "70000", "::1:80"],
    "file": ["/tmp/x.sock", "%(here)s/s", "./x", "~/s", ""],
    "chmod": ["0700", "9"],
    "chown": ["root", "root:adm", "nosuch:x", "0:0", "root:"],
    "username": ["u", "%(ENV_WORD)s"],
    "password": ["p", "{SHA}abc", "a%%b"],
    "socket": ["unix:///tmp/%(program_name)s.sock", "tcp://Localhost:9000", "tcp://h", "unix://rel", "tcp://h:0", "unix:///a/../b", "tcp://h:99999"],
    "socket_mode": ["0770", "x"], "socket_owner": ["nobody:adm", "x"], "socket_backlog": ["5", "0", "x"],
    "programs": ["p", "q", "p,q", "p, q", "p,", "", "nosuch", "f", "p,f"],
    "events": ["TICK_5", "tick_60,PROCESS_STATE", "NOPE", "", "EVENT,EVENT"],
    "buffer_size": ["0", "5"],
    "loglevel": ["info", "WARN", "warning", "blather"],
    "command": ["/bin/x", "x %(process_num)d", "x %(ENV_A)s", "x\n  y", "x\n\n  y", "x ; c", "x y;z", "%(here)s", "/bin/x a%%b", ""],
    "directory": ["/tmp", "%(here)s", "~", "%(ENV_A)s"],
}  # fmt: skip
PROGRAM_KEYS = [
    "command", "command", "command", "process_name", "numprocs", "numprocs_start", "autostart", "autorestart", "exitcodes", "stopsignal", "user",
    "umask", "environment", "environment", "stdout_logfile", "stderr_logfile", "stdout_logfile_maxbytes", "stdout_syslog", "redirect_stderr",
    "stopasgroup", "killasgroup", "serverurl", "startsecs", "priority", "directory", "bogus",
]  # fmt: skip
KEYS = {
    "program:p": PROGRAM_KEYS, "program: r": PROGRAM_KEYS, "program:q": PROGRAM_KEYS, "program:bad name": ["command"],
    "fcgi-program:f": [*PROGRAM_KEYS, "socket", "socket", "socket", "socket", "socket_mode", "socket_owner", "socket_backlog"],
    "eventlistener:e": [*PROGRAM_KEYS, "events", "events", "events", "events", "buffer_size"],
    "group:g": ["programs", "programs", "priority"],
    "inet_http_server": ["port", "port", "username", "password"],
    "inet_http_server:two": ["port"],
    "unix_http_server": ["file", "file", "chmod", "chown", "username", "password"],
    "supervisord": ["user", "umask", "environment", "loglevel", "directory", "nodaemon"],
    "Program:x": ["command"], "DEFAULT": ["priority", "startsecs"], "weird": ["command"],
}  # fmt: skip


def configuration(dice: random.Random) -> str:
    """A random file: mostly sensible values, now and then any word; odd layout now and then."""
    lines = ["[supervisord]"]
    for drawn in dice.sample(list(KEYS), dice.randint(1, 4)):
        odd = drawn in ("program:bad name", "Program:x", "DEFAULT", "weird")
        section = "program:p" if odd and dice.random() < 0.8 else drawn
        header = f"[{section}]" + dice.choice(["", "", "", " ; c", " x"])
        lines.append(dice.choice(["", "", "", "", " "]) + header)
        keys = dice.sample(KEYS[section], min(len(KEYS[section]), dice.randint(1, 6)))
        if "command" in KEYS[section] and dice.random() < 0.9:
            keys.append("command")
        for key in dict.fromkeys(keys):
            known = TYPED.get(key, WORDS)
            value = (
                known[0] if dice.random() < 0.85 else dice.choice(known if dice.random() < 0.97 else WORDS)
            )
            shown = key.upper() if dice.random() < 0.03 else key
            delimiter = dice.choice(["=", "=", "=", " = ", ":", "\t= "])
            lines.append(dice.choice([""] * 12 + [" "]) + shown + delimiter + value)
            if dice.random() < 0.05:
                lines.append(dice.choice(["", "; note", "  # note", "   more", "", "  more ; x"]))
    return dice.choice(["\n"] * 9 + ["\r\n"]).join(lines) + dice.choice(["", "\n"])


def deliberate(text: str, theirs: dict[str, Any]) -> bool:
    """Differences that are meant: `%s` prints a table of names; `%%` where it is expanded twice; `here` and
    `host_node_name` known everywhere; several `environment` lines merged.
    """
    if text.lower().count("\nenvironment") > 1:
        return True
    error = theirs.get("error", "")
    if "cannot be expanded" in error and ("('here')" in error or "('host_node_name')" in error):
        return True
    return "%s" in text.replace("%%", "") or "badly formatted" in error or bool(theirs.get("crash"))


def difference(theirs: dict[str, Any], loaded: Loaded) -> str:
    """'' when both came to the same, else what differs."""
    ours = None if loaded.config is None else json.loads(json.dumps(spelled_config(loaded.config)))
    if "error" in theirs:
        return f"they refuse: {theirs['error']}" if ours is not None else ""
    if ours is None:
        return "we refuse: " + "; ".join(str(item) for item in loaded.diagnostics if item.severity == "error")
    if ours != theirs["config"]:
        return f"ours   {json.dumps(ours)}\ntheirs {json.dumps(theirs['config'])}"
    if list(loaded.warnings) != theirs["warnings"]:
        return f"warnings {loaded.warnings} {theirs['warnings']}"
    return ""


def main() -> int:
    """Run COUNT configurations."""
    python = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    differences = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.conf")
        servant = subprocess.Popen(
            [python, "-c", SERVANT, str(CORPUS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert servant.stdin
        assert servant.stdout
        os.chdir(CORPUS)
        for _ in range(count):
            text = configuration(dice)
            Path(path).write_bytes(text.encode())
            print(json.dumps([path, ENVIRON]), file=servant.stdin, flush=True)
            theirs = json.loads(servant.stdout.readline())
            loaded = load(
                path,
                environ=ENVIRON,
                accounts=DebianAccounts(),
                host_node_name=HOST_NODE_NAME,
                uid=0,
                is_directory=lambda _: True,
            )
            refused += loaded.config is None
            found = difference(theirs, loaded)
            if found and not deliberate(text, theirs):
                differences += 1
                print(f"--- {text}\n=== {found}\n")
        servant.stdin.close()
        servant.wait()
    print(f"{count} files, {refused} refused, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
