"""Where a configuration file is looked for. A module of its own: a client needs this and no more."""

import os

DEFAULT_CONFIG_FILES = (
    "supervisord.conf",
    "etc/supervisord.conf",
    "/etc/supervisord.conf",
    "/etc/supervisor/supervisord.conf",
)


def searched_paths(argv0: str) -> tuple[str, ...]:
    """Where a daemon or client that was called as `argv0` looks for its file, in order."""
    above = os.path.dirname(os.path.dirname(argv0))
    beside = (os.path.join(above, "etc", "supervisord.conf"), os.path.join(above, "supervisord.conf"))
    return (*beside, *DEFAULT_CONFIG_FILES)


def find_config_file(argv0: str, cwd: str) -> str | None:
    """The first searched path that exists, as it is searched for (relative ones are from `cwd`)."""
    for path in searched_paths(argv0):
        if os.path.exists(os.path.join(cwd, path)):
            return path
    return None
