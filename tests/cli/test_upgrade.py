"""`vigil upgrade` and `supervisorctl upgrade`: what happened, in a line; what went wrong, in words."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import pytest

from cli.ctl.scenes import info
from support.fake_daemon import FakeDaemon
from vigild.cli import upgrade as upgrading
from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.options import Options
from vigild.cli.main import main


@dataclass
class Upgradable:
    """A daemon whose `vigil.upgrade` makes it another generation."""

    generation: int = 0
    version: str = "0.1.0"
    pids: dict[str, int] = field(default_factory=lambda: {"web": 11, "db": 12, "off": 0})
    refusal: str = ""
    error: str = ""
    on_upgrade: Callable[[], None] = lambda: None

    def upgrade(self) -> bool:
        if self.refusal:
            raise Fault(30, f"FAILED: {self.refusal}")
        if not self.error:
            self.generation, self.version = self.generation + 1, "0.2.0"
            self.on_upgrade()
        return True

    def daemon_info(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "python": "3.11.7",
            "pid": 4711,
            "generation": self.generation,
            "started": 1700000000,
            "adopted": 0,
            "survives": True,
            "survival": "",
            "upgrade_error": self.error,
        }

    def methods(self) -> dict[str, Callable[..., Any]]:
        return {
            "vigil.upgrade": self.upgrade,
            "vigil.getDaemonInfo": self.daemon_info,
            "supervisor.getVersion": lambda: "3.0",
            "supervisor.getAllProcessInfo": lambda: [
                info(name, name, "RUNNING", 20, pid, "") for name, pid in self.pids.items()
            ],
        }


@pytest.fixture
def upgradable() -> Upgradable:
    return Upgradable()


@pytest.fixture
def url(upgradable: Upgradable, short_tmp: Path) -> Iterator[str]:
    with FakeDaemon(short_tmp / "s", upgradable.methods()) as daemon:
        yield daemon.url


SECONDS = r"\d+\.\d\d s \(checked before in \d+\.\d\d s\)"


def test_what_happened_in_one_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", "-s", url]) == 0
    assert re.fullmatch(
        rf"upgraded 0\.1\.0 -> 0\.2\.0, pid 4711 as before; 2 processes run on, none was restarted; {SECONDS}\n",
        capsys.readouterr().out,
    )


def test_who_ended_meanwhile_is_named(
    url: str, upgradable: Upgradable, capsys: pytest.CaptureFixture[str]
) -> None:
    upgradable.pids |= {f"p{number}": 100 + number for number in range(7)}
    upgradable.on_upgrade = lambda: upgradable.pids.update({f"p{number}": 0 for number in range(7)})
    assert main(["upgrade", "-s", url]) == 0
    out = capsys.readouterr().out
    assert "2 processes run on; meanwhile ended by themselves: p0 (pid 100), p1 (pid 101)" in out
    assert "p4 (pid 104) and 2 more;" in out


def test_a_refusal_is_told_with_its_reason(
    url: str, upgradable: Upgradable, capsys: pytest.CaptureFixture[str]
) -> None:
    upgradable.refusal = "this installation of Vigil is broken: SyntaxError"
    assert main(["upgrade", "-s", url]) == 1
    assert capsys.readouterr().err == (
        "vigil upgrade: not upgraded, the daemon goes on as before: this installation of Vigil is broken: SyntaxError\n"
    )


def test_an_exec_that_failed_is_told(
    url: str, upgradable: Upgradable, capsys: pytest.CaptureFixture[str]
) -> None:
    upgradable.error = "the new image could not be executed: No such file or directory"
    assert main(["upgrade", "-s", url]) == 1
    assert "goes on as before: the new image could not be executed" in capsys.readouterr().err


def test_an_image_that_does_not_answer_is_told(
    url: str,
    upgradable: Upgradable,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upgrading, "ANSWER_WITHIN_SECONDS", 0.1)
    monkeypatch.setattr(upgradable, "on_upgrade", lambda: setattr(upgradable, "generation", 0))
    assert main(["upgrade", "-s", url]) == 4
    assert "look at process 4711 and at the daemon's log" in capsys.readouterr().err


def test_supervisors_daemon_cannot(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "s", {}) as daemon:
        assert main(["upgrade", "-s", daemon.url]) == 3
    assert "it is Supervisor's, or an older one" in capsys.readouterr().err


def test_no_daemon_there(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", "-s", f"unix://{short_tmp}/s"]) == 3
    assert f"tried: unix socket {short_tmp}/s" in capsys.readouterr().err


def test_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", "-c", str(tmp_path / "none")]) == 2
    assert main(["upgrade", "-s", "nonsense://x"]) == 2
    assert "nonsense://x" in capsys.readouterr().err


def test_supervisorctl_says_the_same(url: str, upgradable: Upgradable) -> None:
    out = io.StringIO()
    ctl = Controller(Options(server_url=url, words=["x"]), out, io.StringIO())
    ctl.run("upgrade")
    assert out.getvalue().startswith("upgraded 0.1.0 -> 0.2.0, pid 4711 as before; 2 processes run on")
    assert ctl.exit_status == 0
    upgradable.refusal = "no"
    ctl.run("upgrade")
    assert out.getvalue().endswith("ERROR: not upgraded, the daemon goes on as before: no\n")
    assert ctl.exit_status == 1
    ctl.run("upgrade now")
    assert "Error: upgrade accepts no arguments\nupgrade  " in out.getvalue()
    ctl.disconnect()
