"""The pages for clients and for authors of interfaces say what the code does."""

import asyncio
import importlib.util
import re
from pathlib import Path
from types import ModuleType

from support.fake_control import FakeControl
from vigild.control import facade
from vigild.fronts.xmlrpc.dispatch import Dispatcher
from vigild.fronts.xmlrpc.interfaces import InterfaceHost
from vigild.fronts.xmlrpc.main_methods import main_methods

ROOT = Path(__file__).resolve().parents[3]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_xmlrpc_reference", ROOT / "scripts" / "make_xmlrpc_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_table_says() -> None:
    module = script()
    assert module.page() == module.PAGE.read_text(encoding="utf-8"), "run scripts/make_xmlrpc_reference.py"


def test_every_method_is_on_the_page(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    page = (ROOT / "docs" / "reference" / "xmlrpc.md").read_text(encoding="utf-8")
    table = Dispatcher(control, {}).table
    assert len(table) == 59
    assert [] == [name for name in table if f"`{name}" not in page]
    assert len(main_methods(control)) == 32


def test_the_example_of_the_page_for_authors_works(short_tmp: Path) -> None:
    page = (ROOT / "docs" / "reference" / "rpcinterface.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    control = FakeControl(short_tmp)
    control.add("cat")
    make = names["make"]
    assert callable(make)
    greeter = make(InterfaceHost(control), greeting="hello")

    async def run() -> None:
        dispatcher = Dispatcher(control, {"greeter": greeter})
        assert await dispatcher.call("greeter.greet", ["you", 2]) == "hello, you! hello, you! "
        assert await dispatcher.call("greeter.bounce", ["cat"]) is True
        assert await dispatcher.call("system.methodSignature", ["greeter.greet"]) == [
            "string",
            "string",
            "int",
        ]

    asyncio.run(run())
    assert [order[0] for order in control.orders] == ["stop", "start"]


def test_the_operations_on_the_page_are_those_of_the_facade() -> None:
    page = (ROOT / "docs" / "reference" / "rpcinterface.md").read_text(encoding="utf-8")
    for noun, protocol in (
        ("daemon", facade.DaemonControl),
        ("config", facade.ConfigControl),
        ("processes", facade.ProcessControl),
        ("logs", facade.LogControl),
    ):
        (row,) = re.findall(rf"^\| `control\.{noun}` \| (.*) \|$", page, re.MULTILINE)
        operations = {name for name in vars(protocol) if not name.startswith("_")}
        assert operations == set(re.findall(r"`(\w+)`", row)), noun
