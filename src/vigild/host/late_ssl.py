"""TLS for asyncio, long after asyncio was imported.

The daemon imports asyncio while `ssl` is hidden (`daemon/lean_imports.py`), which saves 4 MiB where nobody needs TLS.
Where somebody does, asyncio has to be told that it is there.
"""

import asyncio.base_events
import asyncio.selector_events
import asyncio.sslproto
from importlib import reload
from types import ModuleType


def import_ssl() -> ModuleType:
    """`ssl`, with asyncio able to use it."""
    import ssl

    if getattr(asyncio.sslproto, "ssl", None) is None:
        reload(asyncio.sslproto)
        for module in (asyncio.base_events, asyncio.selector_events):
            module.ssl = ssl  # type: ignore[attr-defined]
    return ssl
