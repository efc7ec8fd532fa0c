"""supervisorctl: the classic command, same flags, output and exit statuses as Supervisor's."""

import os
import sys

from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.options import USAGE, HelpWanted, UsageError, parse

INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it


def main(arguments: list[str] | None = None) -> int:
    """Run; returns the exit status."""
    program = sys.argv[0]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name in another script must not end us
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments, program, os.environ, os.getcwd())
    except HelpWanted:
        print(USAGE.format(program=program))
        return 0
    except UsageError as error:
        sys.stderr.write(f"Error: {error}\nFor help, use {program} -h\n")
        return 2
    ctl = Controller(options)
    try:
        return _run(ctl)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us (`| head`) has seen enough. Keep the interpreter from trying to flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    finally:
        ctl.disconnect()


def _run(ctl: Controller) -> int:
    if ctl.options.words:
        ctl.run(" ".join(ctl.options.words))
        return ctl.exit_status
    from vigild.cli.ctl.shell import run_shell

    run_shell(ctl)
    return 0  # whatever was said in the shell was seen there


if __name__ == "__main__":
    sys.exit(main())
