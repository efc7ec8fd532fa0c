"""Who asks, in a word for the history."""

from vigild.core.access import current_caller
from vigild.fronts.serving.messages import Request


def name_of_caller(request: Request) -> str:
    """`name@10.0.0.7`, or `uid 1000` on a unix socket."""
    known = current_caller.get()
    peer = request.peer.removeprefix("unix:").replace("uid=", "uid ")
    if ":" in peer:
        peer = peer.rpartition(":")[0]  # the port says nothing later
    name = request.username or known.name
    return f"{name}@{peer}" if name and name != peer else peer
