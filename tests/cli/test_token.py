"""`vigil token` against a daemon that notes what it is asked."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli.main import main
from vigild.cli.token import duration

TOKEN: dict[str, Any] = {
    "id": "a1", "name": "ci", "role": "operator", "programs": ["web:*"], "created": 1.0, "created_by": "uid 0",
    "expires": 0.0, "expired": False, "last_used": 0.0,
}  # fmt: skip
OLD = {
    **TOKEN,
    "id": "b2",
    "role": "viewer",
    "programs": [],
    "expires": 5.0,
    "expired": True,
    "last_used": 9.0,
}
Asked = list[tuple[Any, ...]]


@pytest.fixture
def asked() -> Asked:
    return []


@pytest.fixture
def url(asked: Asked, short_tmp: Path) -> Iterator[str]:
    def create(*given: Any) -> Any:
        asked.append(given)
        return {**TOKEN, "token": "vigil_a1_secret"}

    def revoke(id_: str) -> bool:
        asked.append((id_,))
        return True

    methods = {
        "vigil.getTokens": lambda: [TOKEN, OLD],
        "vigil.createToken": create,
        "vigil.revokeToken": revoke,
    }
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        yield daemon.url


def test_a_token_is_shown_once_and_alone_on_stdout(
    url: str, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--role", "operator", "--program", "web:*", "--expires", "2d", "-s", url]
    assert main(["token", "create", "ci", *flags]) == 0
    out, err = capsys.readouterr()
    assert out == "vigil_a1_secret\n"
    assert err.startswith("a1: operator, for web:*. This is the only time")
    assert asked == [("ci", "operator", ["web:*"], 172_800)]


def test_the_list(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "list", "-s", url]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "a1  ci  operator, for web:*, last used: never"
    assert second.startswith("b2  ci  viewer, expired ")
    assert main(["token", "list", "--json", "-s", url]) == 0
    assert json.loads(capsys.readouterr().out) == [TOKEN, OLD]


def test_revoking(url: str, asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "revoke", "a1", "-s", url]) == 0
    assert (asked, capsys.readouterr().out) == ([("a1",)], "a1: revoked\n")


def test_for_programs_and_with_flags_in_front(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "-s", url, "--json", "create", "ci"]) == 0
    assert json.loads(capsys.readouterr().out) == {**TOKEN, "token": "vigil_a1_secret"}
    assert main(["token", "-s", url, "revoke", "--json", "a1"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": "a1", "revoked": True}


def test_a_daemon_without_tokens(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "old", {}) as daemon:
        assert main(["token", "list", "-s", daemon.url]) == 3
    assert "this daemon has no tokens" in capsys.readouterr().err


def test_times() -> None:
    assert [duration(text) for text in ("30m", "12h", "90d", "8w")] == [1800, 43_200, 7_776_000, 4_838_400]
    for text in ("", "d", "0d", "1.5d", "10", "-1d"):
        with pytest.raises(argparse.ArgumentTypeError):
            duration(text)


def test_who_is_not_known_is_told_what_to_give(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "s", {}, credentials="ann:secret") as daemon:
        assert main(["token", "list", "-s", daemon.url, "-u", "ann", "-p", "wrong"]) == 3
    said = capsys.readouterr().err
    assert "answered 401 Unauthorized\n  it asks who you are: give -u and -p, or a token" in said
