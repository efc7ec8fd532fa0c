"""The web console: files of our own, served as they are. All it shows comes from the JSON interface."""

from vigild.fronts.console.front import make_console

__all__ = ["make_console"]
