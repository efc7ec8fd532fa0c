"""Extra RPC namespaces as people write them; loaded by their import spec."""

import asyncio

from vigild.core.errors import Fault, VigilError


class ShimError(Exception):
    """Looks as `supervisor.xmlrpc.RPCError` does."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(text)


class Base:
    def inherited(self) -> str:
        """Comes from a base class."""
        return "base"


class Twiddler(Base):
    """One of everything."""

    constant = 3

    def __init__(self, host: object, **options: str) -> None:
        self.host = host
        self.options = options

    def get_options(self) -> dict[str, str]:
        """Give the section's options

        @return struct options The options
        """
        return self.options

    async def later(self, what: str, times: int = 1) -> str:
        """Answer after a while

        @param string what What to say
        @param int times How often
        @return string said It
        """
        await asyncio.sleep(0)
        return what * times

    def undescribed(self):  # type: ignore[no-untyped-def]
        return None

    def refuse(self) -> None:
        raise VigilError(Fault.BAD_NAME, "x")

    def refuse_as_supervisor(self) -> None:
        raise ShimError(4242, "MINE: all mine")

    def fail(self) -> None:
        raise TypeError("a defect")

    def reach_in(self) -> object:
        return self.host.options.identifier  # type: ignore[attr-defined]

    def pid(self) -> int:
        return self.host.control.daemon.pid()  # type: ignore[attr-defined,no-any-return]

    def unwritable(self) -> object:
        return object()

    def _hidden(self) -> None: ...


def make(host: object, **options: str) -> Twiddler:
    return Twiddler(host, **options)


def make_reaching(supervisord: object, **options: str) -> Twiddler:
    return Twiddler(supervisord.options, **options)  # type: ignore[attr-defined]


def make_nothing(host: object) -> object:
    return object()


not_a_factory = 3
