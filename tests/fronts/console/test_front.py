"""The files of the console: who gets which, with which headers; and that its texts and modules fit together."""

import asyncio
import re
from pathlib import Path

import pytest

import vigild.fronts.console
from vigild.core.history import Kind
from vigild.core.states import ProcessState, SupervisorState
from vigild.fronts.console import make_console
from vigild.fronts.serving.messages import Request, Response

ASSETS = Path(vigild.fronts.console.__file__).with_name("assets")
SCRIPTS = sorted(ASSETS.rglob("*.js"))


def ask(path: str, method: str = "GET", *headers: tuple[str, str]) -> Response:
    return asyncio.run(make_console()(Request(method, path, path, "", headers)))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/", "/index.html", "/tail.html"])
def test_the_page(path: str) -> None:
    answer = ask(path)
    headers = dict(answer.headers)
    assert (answer.status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(
        policy
    )
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


@pytest.mark.parametrize(
    "file", [*SCRIPTS, ASSETS / "app.css", ASSETS / "icon.svg"], ids=lambda file: file.name
)
def test_every_file_is_served_and_needs_no_other_host(file: Path) -> None:
    answer = ask(f"/console/{file.relative_to(ASSETS)}")
    assert (answer.status, answer.body) == (200, file.read_bytes())
    hosts = set(re.findall(r"https?://[^\s\"'`)]+", file.read_text())) - {"http://www.w3.org/2000/svg"}
    assert hosts == set()


@pytest.mark.parametrize(
    "path",
    ["/console/", "/console/../front.py", "/console/..%2ffront.py", "/console/nope.js", "/console/views"],
)
def test_nothing_else_is(path: str) -> None:
    assert ask(path).status == 404


def test_a_browser_that_has_it_is_told_so() -> None:
    tag = dict(ask("/").headers)["ETag"]
    answer = ask("/", "GET", ("if-none-match", tag))
    assert (answer.status, answer.body) == (304, b"")
    assert "Content-Security-Policy" in dict(answer.headers)
    assert ask("/", "GET", ("if-none-match", '"other"')).status == 200


def test_it_is_only_read() -> None:
    answer = ask("/console/app.js", "POST")
    assert (answer.status, dict(answer.headers)["Allow"]) == (405, "GET, HEAD")


# --- What no browser says until somebody comes there -----------------------------------------------


def texts() -> dict[str, tuple[str, str]]:
    found = re.findall(
        r'^  "([^"]+)": \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$',
        (ASSETS / "i18n.js").read_text(),
        re.M,
    )
    assert len(found) > 150, "the search is wrong"
    return {key: (english, chinese) for key, english, chinese in found}


def used() -> set[str]:
    """Keys that stand in calls of t(), and the beginnings of those that are put together."""
    return {key for file in SCRIPTS for key in re.findall(r'\bt\(["`]([^"`$]+)', file.read_text())}


def test_every_text_that_is_asked_for_is_there() -> None:
    known = texts()
    missing = {key for key in used() if key not in known and not any(one.startswith(key) for one in known)}
    assert missing == set()


def test_every_kind_of_fact_and_state_has_a_name() -> None:
    known = texts()
    kinds = re.search(r"const KINDS = \[(.*?)\]", (ASSETS / "views" / "events.js").read_text())
    assert kinds is not None
    assert set(re.findall(r'"(\w+)"', kinds[1])) == {kind.value for kind in Kind}
    assert [kind for kind in Kind if f"kind.{kind.value}" not in known] == []
    states = {state.name for state in (*ProcessState, *SupervisorState)}
    assert [state for state in states if f"state.{state}" not in known] == []


def test_no_text_stands_there_for_nothing() -> None:
    source = "".join(file.read_text() for file in SCRIPTS if file.name != "i18n.js")
    beginnings = {key for key in used() if key.endswith(".")} | {"range.", "keys.", "do.", "col."}
    idle = {
        key
        for key in texts()
        if f'"{key}"' not in source and not any(key.startswith(one) for one in beginnings)
    }
    assert idle == set()


def test_both_languages_have_the_same_places() -> None:
    for key, (english, chinese) in texts().items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), key
        assert english
        assert chinese


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_modules_find_each_other_and_make_no_markup(file: Path) -> None:
    source = file.read_text()
    for names, target in re.findall(r'import \{([^}]*)\} from "([^"]+)"', source):
        other = (file.parent / target).resolve()
        offered = set(
            re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", other.read_text(), re.M)
        )
        wanted = {name.strip() for name in names.split(",")}
        assert wanted <= offered, target
        body = source.replace(f"import {{{names}}}", "")
        assert all(re.search(rf"\b{name}\b", body) for name in wanted), (
            f"{file.name} imports what it does not use: {wanted}"
        )
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source
    )


def test_the_page_asks_for_all_modules_at_once() -> None:
    """Else a browser finds them one after the other, as they import each other."""
    asked = re.findall(
        r'<(?:link rel="modulepreload"|script type="module").*?="(/console/[^"]+\.js)"',
        ask("/").body.decode(),
    )
    assert sorted(asked) == sorted(f"/console/{file.relative_to(ASSETS)}" for file in SCRIPTS)
