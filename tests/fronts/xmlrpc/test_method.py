"""Arguments as Supervisor takes them."""

from collections.abc import Callable

import pytest

from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc.method import Method, Param, anything, characters, integer, scalar, text, truth


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (text, "é", "é"),
        (text, b"\xc3\xa9", "é"),
        (scalar, 1, "1"),
        (scalar, b"x", "x"),
        (anything, [1], "[1]"),
        (anything, b"\xff", "\ufffd"),
        (integer, " 20 ", 20),
        (integer, -2.9, -2),
        (integer, True, 1),
        (truth, "no", True),
        (truth, 0, False),
        (characters, "é\ud800", b"\xc3\xa9?"),
        (characters, b"\xff", b"\xff"),
    ],
)
def test_values_that_are_read(read: Callable[[object], object], value: object, expected: object) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (text, 1),
        (text, b"\xff"),
        (text, None),
        (scalar, []),
        (scalar, {}),
        (scalar, None),
        (integer, "x"),
        (integer, float("nan")),
        (integer, float("inf")),
        (integer, None),
        (integer, b"1"),
        (characters, 1),
    ],
)
def test_values_that_are_not(read: Callable[[object], object], value: object) -> None:
    with pytest.raises(VigilError) as caught:
        read(value)
    assert caught.value.fault is Fault.INCORRECT_PARAMETERS


METHOD = Method(
    "greet",
    "Greet.",
    "string",
    "The words",
    lambda *_: "",
    (Param("name", "string", "Whom", text), Param("loud", "boolean", "How", truth, optional=True)),
)


def test_help_and_signature() -> None:
    assert (
        METHOD.help()
        == "Greet.\n\n@param string name Whom\n@param boolean loud How\n@return string result The words"
    )
    assert METHOD.signature() == ["string", "string", "boolean"]


def test_arity() -> None:
    METHOD.require_arity(1)
    METHOD.require_arity(2)
    for count in (0, 3):
        with pytest.raises(VigilError):
            METHOD.require_arity(count)
    assert METHOD.read_arguments(["x"]) == ["x"]
    assert METHOD.read_arguments(["x", 1]) == ["x", True]
