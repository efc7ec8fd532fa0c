"""`vigil.getTokens`, `createToken`, `revokeToken`."""

from collections.abc import Sequence

from vigild.control.facade import Control
from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc.method import Method, Param, integer, text

_TOKEN = (
    "string id, string name, string role, array programs (patterns; none: all), double created, string created_by, "
    "double expires (0: never), boolean expired, double last_used (0: never; times are seconds since the epoch)"
)


def token_methods(control: Control) -> list[Method]:
    """All of them; names without the namespace."""

    def tokens() -> object:
        return control.access.tokens()

    def create(name: str, role: str, programs: Sequence[str] = (), seconds: int = 0) -> object:
        return control.access.create_token(name, role, programs, seconds)

    def revoke(id_: str) -> bool:
        control.access.revoke_token(id_)
        return True

    return [
        Method("getTokens", "Tell of the API tokens.", "array", f"Structs of {_TOKEN}", tokens),
        Method(
            "createToken",
            "Make an API token. It is in this answer and nowhere else.",
            "struct",
            f"string token, and: {_TOKEN}",
            create,
            (
                Param("name", "string", "What it is for, in a few words", text),
                Param("role", "string", "viewer, operator or admin", text),
                Param(
                    "programs",
                    "array",
                    "Patterns of the programs it is for: NAME or GROUP:NAME",
                    _texts,
                    True,
                ),
                Param("seconds", "int", "How long it counts; 0: until it is revoked", integer, True),
            ),
        ),
        Method(
            "revokeToken",
            "Let an API token count no more.",
            "boolean",
            "Always true; what goes wrong is a fault",
            revoke,
            (Param("id", "string", "Its id, as getTokens tells it", text),),
        ),
    ]


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise VigilError(Fault.INCORRECT_PARAMETERS)
    return [text(item) for item in value]
