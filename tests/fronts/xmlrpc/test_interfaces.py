"""Loading `[rpcinterface:x]` factories."""

from pathlib import Path

import pytest

from support.fake_control import FakeControl
from support.rpc_namespace import Twiddler
from vigild.fronts.xmlrpc import MAIN_INTERFACE, InterfaceError, load_interface
from vigild.fronts.xmlrpc.interfaces import signature_of


def test_a_factory_gets_the_host_and_the_options(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    loaded = load_interface(" support.rpc_namespace:make ", control, {"a": "b"})
    assert isinstance(loaded, Twiddler)
    assert loaded.options == {"a": "b"}
    assert loaded.pid() == 4711


def test_a_class_may_be_the_factory(short_tmp: Path) -> None:
    assert isinstance(load_interface("support.rpc_namespace:Twiddler", FakeControl(short_tmp), {}), Twiddler)


def test_supervisors_own_factory_stands_for_the_main_methods(short_tmp: Path) -> None:
    spec = "supervisor.rpcinterface:make_main_rpcinterface"
    assert load_interface(spec, FakeControl(short_tmp), {}) is MAIN_INTERFACE


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("no.such.module:make", "cannot be imported: ModuleNotFoundError"),
        ("support.rpc_namespace:nope", "cannot be imported: AttributeError"),
        ("support.rpc_namespace", "not a function: the form is module:function"),
        ("support.rpc_namespace:not_a_factory", "not a function"),
        ("", "cannot be imported"),
        (
            "support.rpc_namespace:make_reaching",
            "'options', a part of Supervisor's daemon that Vigil does not have",
        ),
        ("support.rpc_namespace:make_nothing", "factory failed: TypeError"),
    ],
)
def test_what_cannot_be_loaded_says_why(short_tmp: Path, spec: str, why: str) -> None:
    with pytest.raises(InterfaceError, match="cannot load the RPC interface") as caught:
        load_interface(spec, FakeControl(short_tmp), {"a": "b"})
    assert repr(spec) in str(caught.value)
    assert why in str(caught.value)


def test_an_interface_without_methods_is_refused(short_tmp: Path) -> None:
    with pytest.raises(InterfaceError, match="no public methods"):
        load_interface("support.rpc_namespace:make_nothing", FakeControl(short_tmp), {})


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("", None),
        ("@param int a x", None),
        (" @return  int", ["int"]),
        ("x\n  @param string a\n@param\n @return", ["", "string", ""]),
        ("@returns int", None),
    ],
)
def test_signatures(text: str, signature: list[str] | None) -> None:
    assert signature_of(text) == signature
