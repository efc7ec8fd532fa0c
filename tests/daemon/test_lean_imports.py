"""What the standard library imports needlessly: left out, and there when somebody wants it."""

import ast
import subprocess
import sys
from pathlib import Path

import vigild
from support.until import DEADLINE_SECONDS
from vigild.daemon.lean_imports import HIDDEN, LATE

BEGIN = "import sys; from vigild.daemon.lean_imports import import_late, lean_imports, LateModule\n"
DAEMON = BEGIN + "with lean_imports(): import asyncio, getopt, vigild.daemon.main\n"


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=DEADLINE_SECONDS
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_a_daemon_with_doors_and_a_history_never_imports_what_nobody_asks_for() -> None:
    for_inspect = ("ast", "dis", "opcode")
    names = (*HIDDEN, *LATE, *for_inspect)
    shown = run(
        DAEMON + "import h11, sqlite3, vigild.fronts.serving.server, vigild.fronts.xmlrpc.front\n"
        f"print([name for name in {names} if not isinstance(sys.modules.get(name, LateModule(name)), LateModule)])"
    )
    assert shown == "[]"


def test_what_is_late_comes_when_somebody_looks_into_it() -> None:
    code = "import inspect; print(inspect.signature(len), type(sys.modules['inspect']).__name__, inspect.ismethod(1))"
    assert run(DAEMON + code) == "(obj, /) module False"
    assert run(DAEMON + "from textwrap import dedent; print(dedent('  a'))") == "a"
    assert run(DAEMON + "from inspect import *; print(isfunction(len))") == "False"


def test_what_was_hidden_can_be_imported_afterwards() -> None:
    assert (
        run(DAEMON + "import gettext, ssl; print(gettext.gettext('yes'), bool(ssl.OPENSSL_VERSION))")
        == "yes True"
    )


def test_what_is_there_already_stays() -> None:
    code = "import inspect, ssl; before = inspect, ssl\n" + DAEMON
    assert run(code + "import inspect, ssl, asyncio.sslproto; print(before == (inspect, ssl))") == "True"
    assert run(code + "print(asyncio.sslproto.ssl is ssl)") == "True"


def test_a_daemon_that_gives_up_root_has_all_of_it_before() -> None:
    code = "import_late(); print([name for name in sys.modules if isinstance(sys.modules[name], LateModule)])"
    assert run(DAEMON + code) == "[]"


def test_a_traceback_and_a_class_without_docstring_are_as_ever() -> None:
    code = (
        "import dataclasses, traceback\n"
        "@dataclasses.dataclass\n"
        "class A:\n  x: int = 1\n"
        "class B(A): pass\n"
        "print(A(2), dataclasses.fields(A)[0].type, dataclasses.dataclass(B)(3))\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: print(traceback.format_exc().splitlines()[-1])"
    )
    assert run(DAEMON + code) == "A(x=2) <class 'int'> B(x=3)\nZeroDivisionError: division by zero"


def test_our_dataclasses_have_docstrings() -> None:
    """Wherever the daemon is not started by `supervisord`, one without would import `inspect`, too."""
    for path in Path(vigild.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                "dataclass" in ast.dump(one) for one in node.decorator_list
            ):
                assert ast.get_docstring(node), f"{path}:{node.lineno}: {node.name} has no docstring"
