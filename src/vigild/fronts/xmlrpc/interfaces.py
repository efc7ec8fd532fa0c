"""Extra RPC namespaces: `[rpcinterface:NAME]` sections. docs/reference/rpcinterface.md is for who writes one.

A factory gets an `InterfaceHost` and the section's options. Supervisor gave it the daemon itself, and many
factories reach into it (`supervisord.options…`, `.process_groups`); here they are told so, at load or, if they
wait until then, in the fault of the call.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib import import_module
from typing import Final, NoReturn

from vigild.control.facade import Control
from vigild.core.errors import Fault, VigilError

MAIN_FACTORY = "supervisor.rpcinterface:make_main_rpcinterface"


class Interface:
    """The type of MAIN_INTERFACE."""


MAIN_INTERFACE: Final = (
    Interface()
)  # stands for the methods of supervisor.*, whatever namespace they are served in


class InterfaceError(Exception):
    """An extra RPC namespace cannot be loaded; `str(error)` says which and why."""


class InterfaceHost:
    """What a factory gets: `control`, the operations of the daemon (`vigild.control.facade.Control`)."""

    def __init__(self, control: Control) -> None:
        self.control = control

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"it uses {name!r}, a part of Supervisor's daemon that Vigil does not have; "
            "an interface for Vigil uses .control (docs/reference/rpcinterface.md)"
        )


def load_interface(factory_spec: str, facade: Control, options: Mapping[str, str]) -> object:
    """Make the object behind one namespace from its import spec (`module:name`). Raises InterfaceError.

    Supervisor's own factory gives MAIN_INTERFACE.
    """
    if factory_spec.strip() == MAIN_FACTORY:
        return MAIN_INTERFACE
    module_name, _, attributes = factory_spec.strip().partition(":")
    try:
        factory: object = import_module(module_name)
        for attribute in attributes.split(".") if attributes else ():
            factory = getattr(factory, attribute)
    except Exception as error:
        raise _cannot(factory_spec, f"it cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(factory):
        raise _cannot(factory_spec, "it is not a function: the form is module:function")
    try:
        interface: object = factory(InterfaceHost(facade), **options)
    except Exception as error:
        raise _cannot(factory_spec, f"its factory failed: {type(error).__name__}: {error}") from error
    if not any(True for _ in _public_methods(interface)):
        raise _cannot(factory_spec, "what its factory returned has no public methods")
    return interface


def _cannot(factory_spec: str, why: str) -> InterfaceError:
    return InterfaceError(f"cannot load the RPC interface {factory_spec!r}: {why}")


def interface_methods(
    interface: object,
) -> Iterator[tuple[str, str, list[str] | None, Callable[[list[object]], object]]]:
    """Name, help, signature and caller of each public method."""
    for name, method in _public_methods(interface):
        help_text = str(method.__doc__)
        yield name, help_text, signature_of(help_text), _caller(method)


def _public_methods(interface: object) -> Iterator[tuple[str, Callable[..., object]]]:
    for name in dir(type(interface)):
        if not name.startswith("_"):
            method = getattr(interface, name)
            if inspect.ismethod(method):
                yield name, method


def signature_of(help_text: str) -> list[str] | None:
    """The types in the `@param TYPE NAME` and `@return TYPE` lines; None where nothing is said of the result."""
    params: list[str] = []
    returns: str | None = None
    for line in help_text.split("\n"):
        words = line.split(None, 3)
        if words[:1] == ["@param"]:
            params.append(words[1] if len(words) > 1 else "")
        elif words[:1] == ["@return"]:
            returns = words[1] if len(words) > 1 else ""
    return None if returns is None else [returns, *params]


def _caller(method: Callable[..., object]) -> Callable[[list[object]], object]:
    shape = inspect.signature(method)

    async def call(params: list[object]) -> object:
        try:
            shape.bind(*params)
        except TypeError:
            raise VigilError(Fault.INCORRECT_PARAMETERS) from None
        try:
            result = method(*params)
            return await result if isinstance(result, Awaitable) else result
        except Exception as error:
            raise _as_fault(error) from error

    return call


def _as_fault(error: Exception) -> Exception:
    """What the client is told: the error's own fault (VigilError, or the shim's RPCError), else as it is."""
    code, fault_text = getattr(error, "code", None), getattr(error, "text", None)
    if isinstance(code, int) and isinstance(fault_text, str):
        return InterfaceFaultError(code, fault_text)
    if isinstance(error, AttributeError) and isinstance(getattr(error, "obj", None), InterfaceHost):
        return VigilError(Fault.FAILED, error)
    return error


class InterfaceFaultError(Exception):
    """A fault with a code and text of an interface's own."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(text)


def fault_of(error: Exception) -> tuple[int, str] | None:
    """Code and text when `error` is meant for the client."""
    if isinstance(error, VigilError):
        return int(error.fault), str(error)
    return (error.code, error.text) if isinstance(error, InterfaceFaultError) else None
