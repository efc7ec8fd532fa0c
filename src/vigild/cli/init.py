"""`vigil init [DIRECTORY]`: a small configuration to begin with, and the next two commands."""

import argparse
import os
import shlex
from collections.abc import Sequence

from vigild.cli.command_line import CommandLine, add_json_flag, print_json, refuse

EXIT_DONE, EXIT_REFUSED = 0, 1
FILE = "vigil.conf"

# Only what a first look needs; every option is in docs/reference/configuration.md.
TEXT = """\
; A configuration to begin with. `vigil check FILE` says what is wrong with one; every option is in vigil.conf(5).
; %(here)s is the directory that this file is in.

[supervisord]
logfile = %(here)s/vigild.log
pidfile = %(here)s/vigild.pid
childlogdir = %(here)s              ; logs of programs that name no file of their own

; Where supervisorctl and vigil reach the daemon: only the user who starts it may.
[unix_http_server]
file = %(here)s/vigild.sock
chmod = 0700

[supervisorctl]
serverurl = unix://%(here)s/vigild.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

; A program: it has to stay in the foreground. Put yours in its place.
[program:hello]
command = sh -c 'while sleep 60; do date; done'
autorestart = true                  ; start it again whenever it ends
redirect_stderr = true              ; one log for both
stdout_logfile = %(here)s/hello.log
stopasgroup = true                  ; end what it has started with it
killasgroup = true

; More of them, in files of their own:
; [include]
; files = conf.d/*.conf
"""


def main(arguments: Sequence[str]) -> int:
    """Write it, unless it is there."""
    given = build_parser().parse_args(list(arguments))
    path = os.path.join(given.directory, FILE)
    try:
        os.makedirs(given.directory, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(TEXT)
    except FileExistsError:
        text = f"{path} is there already, and is left as it is; name another directory"
        return refuse("vigil init", text, EXIT_REFUSED, "exists", as_json=given.json)
    except OSError as error:
        text = f"cannot write {path}: {error.strerror}"
        return refuse("vigil init", text, EXIT_REFUSED, "cannot_write", as_json=given.json)
    shown = shlex.quote(path)
    commands = [f"supervisord -c {shown}", f"vigil status -c {shown}"]
    if given.json:
        print_json({"file": path, "next": commands})
    else:
        print(
            "\n".join(
                [f"{path} is written. The next two commands:", "", *(f"    {one}" for one in commands), ""]
            )
        )
    return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil init",
        description=f"Write a small commented configuration, {FILE}, to begin with, and say what comes next. A file that is "
        "there is never written over.",
        epilog="exit status: 0 done; 1 the file is there already, or cannot be written; 2 wrong usage",
    )
    parser.add_argument(
        "directory",
        nargs="?",
        default=".",
        metavar="DIRECTORY",
        help="where to; made if it is not there (here)",
    )
    add_json_flag(parser, "one JSON object: file, and next: the next two commands")
    return parser
