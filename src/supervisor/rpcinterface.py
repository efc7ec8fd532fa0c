"""The marker that `[rpcinterface:supervisor]` names, and the interface's version.

The methods of `supervisor.*` live in Vigil's own XML-RPC front; `make_main_rpcinterface` is never called, its
name in the configuration stands for them.
"""

from typing import NoReturn

from vigild.core.compat import API_VERSION

__all__ = ["API_VERSION", "make_main_rpcinterface"]


def make_main_rpcinterface(supervisord: object, **_config: str) -> NoReturn:
    """A name for the configuration. Calling it, as a factory of one's own might, is an error."""
    raise NotImplementedError(
        "cannot make Supervisor's main RPC interface: Vigil has none as an object; "
        "name supervisor.rpcinterface:make_main_rpcinterface in [rpcinterface:supervisor] itself"
    )
