"""The standard library without what it imports for cases that a daemon hardly meets: 5 MiB, and a tenth of the start.

asyncio, dataclasses, subprocess and getopt import whole modules for one rare function each. Some take an ImportError for an
answer (HIDDEN); in the place of others stands a module that is imported when somebody looks into it (LATE).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

HIDDEN = (
    "ssl",  # asyncio; 4 MiB, see host/late_ssl.py
    "gettext",  # getopt: its errors in other languages
)
LATE = (
    "inspect",  # asyncio and dataclasses; and for it ast, dis and opcode
    "locale",  # subprocess: pipes that are read as text
    "textwrap",  # traceback: groups of exceptions
    "tokenize",  # linecache: the encoding of a source file
)


class LateModule(ModuleType):
    """Stands for a module until somebody looks into it."""

    def __getattr__(self, name: str) -> object:
        return getattr(self.load(), name)

    def load(self) -> ModuleType:
        """Import it now. Raises ImportError."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = import_module(self.__name__)
        self.__dict__.update(module.__dict__)  # for those who have the stand-in: they ask no more
        return module


class _InspectOfDataclasses(LateModule):
    """What dataclasses asks of `inspect` when a class is made; the signature is for the docstring of one without."""

    @staticmethod
    def signature(_cls: type, **_how: object) -> str:
        return "(...)"

    @staticmethod
    def get_annotations(made: type) -> dict[str, object]:
        return dict(vars(made).get("__annotations__", ()))


@contextmanager
def lean_imports() -> Iterator[None]:
    """While it lasts, what is HIDDEN cannot be imported, and what is LATE is not, unless it is there already."""
    hidden = [name for name in HIDDEN if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    for name in LATE:
        if name not in sys.modules:
            sys.modules[name] = LateModule(name)
    import dataclasses

    if isinstance(sys.modules["inspect"], LateModule):
        dataclasses.inspect = _InspectOfDataclasses("inspect")  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def import_late() -> None:
    """Import now what only stands there, for a daemon that may not be able to later."""
    for name in LATE:
        module = sys.modules.get(name)
        if isinstance(module, LateModule):
            module.load()
