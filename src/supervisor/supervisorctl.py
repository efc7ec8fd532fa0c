"""`python -m supervisor.supervisorctl`, and the base class of supervisorctl's plugins."""

import sys
from typing import Any

from vigild.classic.supervisorctl import main as _main
from vigild.cli.ctl import exits

__all__ = ["ControllerPluginBase", "LSBInitExitStatuses", "LSBStatusExitStatuses", "main"]


class LSBInitExitStatuses:
    """Exit statuses of all actions but `status`."""

    SUCCESS = exits.SUCCESS
    GENERIC = exits.GENERIC
    INVALID_ARGS = exits.INVALID_ARGUMENTS
    UNIMPLEMENTED_FEATURE = exits.UNIMPLEMENTED_FEATURE
    INSUFFICIENT_PRIVILEGES = exits.INSUFFICIENT_PRIVILEGES
    NOT_INSTALLED = exits.NOT_INSTALLED
    NOT_RUNNING = exits.NOT_RUNNING


class LSBStatusExitStatuses:
    """Exit statuses of `status`."""

    NOT_RUNNING = exits.STATUS_NOT_RUNNING
    UNKNOWN = exits.STATUS_UNKNOWN


class ControllerPluginBase:
    """A plugin: its `do_NAME(arg)` methods are actions, its `help_NAME()` methods their help."""

    name = "unnamed"

    def __init__(self, controller: Any) -> None:
        self.ctl = controller

    @property
    def doc_header(self) -> str:
        """The line above the plugin's actions in `help`."""
        return f"{self.name} commands (type help <topic>):"


def main(args: list[str] | None = None) -> None:
    """Run supervisorctl and exit with its status."""
    sys.exit(_main(args))


if __name__ == "__main__":
    main()
