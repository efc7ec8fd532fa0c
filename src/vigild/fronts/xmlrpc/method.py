"""A method of the table: what it takes, what it gives, how it is described to clients."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from vigild.core.errors import Fault, VigilError
from vigild.core.frozen import frozen

Result: TypeAlias = "object | Awaitable[object]"


@frozen
class Param:
    """One parameter. `read` turns the wire's value into ours; VigilError for one that cannot be used."""

    name: str
    type: str
    text: str
    read: Callable[[object], object]
    optional: bool = False


@frozen
class Method:
    """One method. `run` gets the parameters as read; what it returns is the result, at once or awaited."""

    name: str
    summary: str
    returns: str  # type
    returns_text: str
    run: Callable[..., Result]
    params: tuple[Param, ...] = ()
    while_shutting_down: bool = False
    aliases: tuple[str, ...] = ()

    def help(self) -> str:
        """The text of `system.methodHelp`; the signature is in its `@` lines."""
        lines = [self.summary, ""]
        lines += [f"@param {p.type} {p.name} {p.text}" for p in self.params]
        return "\n".join([*lines, f"@return {self.returns} result {self.returns_text}"])

    def signature(self) -> list[str]:
        """The type of the result, then those of the parameters."""
        return [self.returns, *(p.type for p in self.params)]

    def require_arity(self, count: int) -> None:
        """VigilError INCORRECT_PARAMETERS unless the method takes so many."""
        required = sum(not p.optional for p in self.params)
        if not required <= count <= len(self.params):
            raise VigilError(Fault.INCORRECT_PARAMETERS)

    def read_arguments(self, params: list[object]) -> list[object]:
        """The wire's values as `run` wants them. VigilError INCORRECT_PARAMETERS."""
        return [param.read(value) for param, value in zip(self.params, params, strict=False)]


# ---- readers of parameters ----


def text(value: object) -> str:
    """A string, or bytes of UTF-8."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    raise VigilError(Fault.INCORRECT_PARAMETERS)


def scalar(value: object) -> str:
    """Anything but an array or a struct, as text: Supervisor looks a group named 1 up and does not find it."""
    if isinstance(value, (list, dict)) or value is None:
        raise VigilError(Fault.INCORRECT_PARAMETERS)
    return text(value) if isinstance(value, bytes) else str(value)


def anything(value: object) -> str:
    """Any value, as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def integer(value: object) -> int:
    """An integer, or what reads as one: Supervisor takes '20' and 20.5 for 20."""
    if isinstance(value, (int, float, str)):
        try:
            return int(value)
        except (ValueError, OverflowError):
            pass
    raise VigilError(Fault.INCORRECT_PARAMETERS)


def truth(value: object) -> bool:
    """Whether Python takes it for true."""
    return bool(value)


def characters(value: object) -> bytes:
    """Text in UTF-8, or bytes as they are."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, bytes):
        return value
    raise VigilError(Fault.INCORRECT_PARAMETERS, value)
