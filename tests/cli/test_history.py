"""`vigil history` and `vigil why` against a daemon with a known past."""

import argparse
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli import history, why
from vigild.cli.connection import EXIT_NO_DAEMON, EXIT_NOTHING
from vigild.cli.main import main
from vigild.client.supervisor import Supervisor

PAST: list[dict[str, Any]] = [
    {"id": 1, "at": 10.0, "kind": "daemon", "name": "", "details": {"what": "started", "version": "1", "pid": 2}},
    {"id": 2, "at": 20.0, "kind": "exit", "name": "web", "details": {"status": 1, "expected": False}},
    {"id": 3, "at": 21.0, "kind": "state", "name": "web", "details": {"old": "RUNNING", "new": "EXITED"}},
]  # fmt: skip
Asked = list[tuple[Any, ...]]


@pytest.fixture
def asked() -> Asked:
    return []


@pytest.fixture
def url(asked: Asked, short_tmp: Path) -> Iterator[str]:
    def get(name: str, since: float, limit: int, until: float, after: int, kinds: str, output: bool) -> Any:
        asked.append((name, since, limit, until, after, kinds, output))
        if name == "nobody":
            raise Fault(10, "BAD_NAME: nobody")
        if name == "off":
            raise Fault(30, "FAILED: this daemon keeps no history")
        more = {"stderr": ["oh \x7fno"]} if output else {}
        found = [
            {**fact, **more}
            for fact in PAST
            if (not name or fact["name"] == name)
            and fact["id"] > after
            and (not kinds or fact["kind"] in kinds)
        ]
        return found[:limit] if after >= 0 else found[-limit:]

    methods: dict[str, Callable[..., Any]] = {"vigil.getHistory": get}
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        yield daemon.url


def test_lines_for_people(url: str, asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "-s", url]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.endswith("  -    daemon started (Vigil 1, pid 2)")
    assert "  web  ended: exit status 1; " in second
    assert "\x1b" not in second
    assert "RUNNING -> EXITED" in third
    assert asked == [("", 0.0, 100, 0.0, -1, "", False)]


def test_objects_for_programs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "web", "--json", "--limit", "1", "-s", url]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {**PAST[2], "stderr": ["oh \x7fno"]}


def test_times(url: str, asked: Asked) -> None:
    assert main(["history", "--since", "2h", "--until", "1970-01-02T00:00:00+00:00", "-s", url]) == 0
    since, until = asked[0][1], asked[0][3]
    assert time.time() - 7300 < since < time.time() - 7100
    assert until == 86_400.0


@pytest.mark.parametrize(
    "words", [["--since", "yesterday"], ["--limit", "0"], ["--limit", "1001"], ["--limit", "x"]]
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["history", *words])
    assert caught.value.code == 2
    assert "not a " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("nobody", 1, "vigil why: no such process: nobody\n"),
        ("off", 1, "vigil why: this daemon keeps no history\n"),
    ],
)
def test_refusals(url: str, name: str, status: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", name, "-s", url]) == status
    assert capsys.readouterr().err == words


def test_no_daemon(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "-s", f"unix://{short_tmp}/none"]) == EXIT_NO_DAEMON
    assert "it does not exist" in capsys.readouterr().err
    assert main(["history", "-s", "nonsense"]) == 2
    with FakeDaemon(short_tmp / "s", {}) as daemon:
        assert main(["history", "-s", daemon.url]) == 3
    assert "keeps no history: it is Supervisor's" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def flags(**changes: object) -> argparse.Namespace:
    given = {"name": "", "since": 0.0, "until": 0.0, "limit": 9, "json": False, "follow": False}
    return argparse.Namespace(**{**given, **changes})


def test_colours_on_a_terminal(url: str) -> None:
    out = Terminal()
    with Supervisor.at(url) as daemon:
        assert history.show(daemon, flags(name="web"), out) == 0
        assert out.getvalue().startswith("\x1b[31m")
        out = Terminal()
        assert why.explain(daemon, "web", out) == 0
    assert "\x1b[1mWhat\x1b[0m" in out.getvalue()
    assert "oh ?no" in out.getvalue()


def test_following(url: str, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "FOLLOW_SECONDS", 0.0)
    out = io.StringIO()
    real = history.read

    def read_thrice(*arguments: Any, **more: Any) -> Any:
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(*arguments, **more)

    monkeypatch.setattr(history, "read", read_thrice)
    with Supervisor.at(url) as daemon, pytest.raises(KeyboardInterrupt):
        history.show(daemon, flags(follow=True, limit=2), out)
    assert [after for _, _, _, _, after, _, _ in asked] == [-1, 3, 3]
    assert len(out.getvalue().splitlines()) == 2


def test_why(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "web", "-s", url]) == 0
    out = capsys.readouterr().out
    assert out.startswith("web failed on ")
    assert "\nWhat\n    exit status 1 after 0.0 s" in out
    assert "\nLast lines of stderr\n    oh ?no\n" in out
    assert main(["why", "db", "-s", url]) == EXIT_NOTHING
    assert "no failure of db" in capsys.readouterr().out


def test_why_for_programs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "web", "-s", url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["failure"]["id"], told["failure"]["stderr"]) == ("web", 2, ["oh \x7fno"])
    assert all(set(part) == {"heading", "text"} and part["text"] for part in told["story"])
    assert told["story"]

    assert main(["why", "db", "-s", url, "--json"]) == EXIT_NOTHING
    assert json.loads(capsys.readouterr().out) is None
