"""From a method's name to its result: one table, filled when the server is made, never an attribute walk."""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from vigild.control.facade import Control
from vigild.core.access import Role, require
from vigild.core.errors import Fault, VigilError
from vigild.core.frozen import frozen
from vigild.fronts.xmlrpc.interfaces import MAIN_INTERFACE, fault_of, interface_methods
from vigild.fronts.xmlrpc.main_methods import main_methods
from vigild.fronts.xmlrpc.method import Method, Param
from vigild.fronts.xmlrpc.method import text as read_text
from vigild.fronts.xmlrpc.orders import ORDERS, outcome_words, subject_of, told_arguments
from vigild.fronts.xmlrpc.roles import ABOUT_ALL, role_of
from vigild.fronts.xmlrpc.vigil_methods import NAMESPACE, vigil_methods

MULTICALL = "system.multicall"


@frozen
class Entry:
    """What the table says of one full name."""

    call: Callable[[list[object]], object]  # gives the result, or an awaitable of it
    help: str
    signature: list[str] | None
    role: Role = Role.ADMIN


class Dispatcher:
    """All methods of all namespaces."""

    def __init__(self, control: Control, interfaces: Mapping[str, object]) -> None:
        self._control = control
        self._table: dict[str, Entry] = {}
        self._add_methods(NAMESPACE, vigil_methods(control))
        for namespace, interface in {"supervisor": MAIN_INTERFACE, **interfaces}.items():
            if interface is MAIN_INTERFACE:
                self._add_methods(namespace, main_methods(control), "supervisor")
            else:
                for name, help_text, signature, call in interface_methods(interface):
                    full_name = f"{namespace}.{name}"
                    self._table[full_name] = Entry(_requiring_admin(full_name, call), help_text, signature)
        self._add_methods("system", self.system_methods())

    @property
    def table(self) -> Mapping[str, Entry]:
        """By full name, aliases included."""
        return self._table

    async def call(self, name: str, params: list[object]) -> object:
        """The result. VigilError is for the client; any other exception is a defect of the method."""
        entry = self._table.get(name)
        if entry is None:
            raise VigilError(Fault.UNKNOWN_METHOD)
        result = entry.call(params)
        if isinstance(result, Awaitable):
            return await result
        return result

    def _add_methods(self, namespace: str, methods: list[Method], known_as: str = "") -> None:
        for method in methods:
            known_name = f"{known_as or namespace}.{method.name}"
            role = role_of(known_name)
            call = self._caller(method, role, about_all=known_name in ABOUT_ALL)
            entry = Entry(call, method.help(), method.signature(), role)
            for name in (method.name, *method.aliases):
                self._table[f"{namespace}.{name}"] = entry

    def _caller(self, method: Method, role: Role, *, about_all: bool) -> Callable[[list[object]], object]:
        run, read, require_running = method.run, method.read_arguments, self._control.daemon.require_running

        def call(params: list[object]) -> object:
            require(role, method.name, about_all=about_all)
            method.require_arity(len(params))
            if not method.while_shutting_down:
                require_running()
            return run(*read(params))

        return self._noting(method.name, call) if method.name in ORDERS else call

    def _noting(self, name: str, call: Callable[[list[object]], object]) -> Callable[[list[object]], object]:
        """The same, and the history is told: when the order was taken, or why it was not."""
        history = self._control.history

        async def noted(params: list[object]) -> object:
            arguments = told_arguments(name, params)
            subject = subject_of(name, arguments)
            try:
                result = call(params)
                if isinstance(result, Awaitable):
                    result = await result
            except Exception as error:
                history.note_order(name, subject, arguments, str(error))
                raise
            history.note_order(name, subject, arguments, outcome_words(result))
            return result

        return noted

    # ---- system.* ----

    def system_methods(self) -> list[Method]:
        """The methods of `system.*`, which know all others."""
        name = Param("name", "string", "The full name of a method", read_text)
        calls = Param("calls", "array", "Structs: string methodName, array params", _calls)
        return [
            Method(
                "listMethods",
                "Name all methods.",
                "array",
                "Full names, sorted",
                self._list,
                while_shutting_down=True,
            ),
            Method(
                "methodHelp",
                "Describe a method.",
                "string",
                "Its description",
                self._help,
                (name,),
                while_shutting_down=True,
            ),
            Method(
                "methodSignature",
                "Tell the types of a method.",
                "array",
                "The type of its result, then those of its parameters",
                self._signature,
                (name,),
                while_shutting_down=True,
            ),
            Method(
                "multicall",
                "Make many calls in one, in their order, each when the one before it is done.",
                "array",
                "The results in order; a call that failed gives a struct: int faultCode, string faultString",
                self._multicall,
                (calls,),
                while_shutting_down=True,
            ),
        ]

    def _list(self) -> list[str]:
        return sorted(self._table)

    def _help(self, name: str) -> str:
        return self._known(name).help

    def _signature(self, name: str) -> list[str]:
        signature = self._known(name).signature
        if signature is None:
            raise VigilError(Fault.SIGNATURE_UNSUPPORTED)
        return signature

    def _known(self, name: str) -> Entry:
        entry = self._table.get(name)
        if entry is None:
            raise VigilError(Fault.SIGNATURE_UNSUPPORTED)
        return entry

    async def _multicall(self, calls: list[object]) -> list[object]:
        return [await self._one_of_many(call) for call in calls]

    async def _one_of_many(self, call: object) -> object:
        try:
            name, params = _read_call(call)
            return await self.call(name, params)
        except Exception as error:
            code, text = fault_of(error) or (int(Fault.FAILED), f"FAILED: {type(error)}:{error}")
            return {"faultCode": code, "faultString": text}


def _requiring_admin(name: str, call: Callable[[list[object]], object]) -> Callable[[list[object]], object]:
    """What somebody else's method does is not known: those who may do everything may call it."""

    def guarded(params: list[object]) -> object:
        require(Role.ADMIN, name, about_all=True)
        return call(params)

    return guarded


def _calls(value: object) -> list[object]:
    if not isinstance(value, list):
        raise VigilError(Fault.INCORRECT_PARAMETERS)
    return cast(list[object], value)


def _read_call(call: object) -> tuple[str, list[object]]:
    if not isinstance(call, dict):
        raise VigilError(Fault.INCORRECT_PARAMETERS, "a call is a struct of methodName and params")
    name, params = call.get("methodName"), call.get("params", [])
    if name is None:
        raise VigilError(Fault.INCORRECT_PARAMETERS, "No methodName")
    if name == MULTICALL:
        raise VigilError(Fault.INCORRECT_PARAMETERS, "Recursive system.multicall forbidden")
    if not isinstance(name, str) or not isinstance(params, (list, dict, str)):
        raise VigilError(Fault.INCORRECT_PARAMETERS)
    return name, list(params)
