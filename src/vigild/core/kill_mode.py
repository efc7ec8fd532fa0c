"""Who gets the signals of a stop. In a module of its own: the daemon needs this word before it needs descendants."""

from enum import Enum


class KillMode(Enum):
    """Who gets the signals of a stop."""

    PROCESS = "process"  # the process itself; its group, where stopasgroup and killasgroup say so
    GROUP = "group"  # its process group
    TREE = "tree"  # the process itself, and when it has ended everything that descends from it
