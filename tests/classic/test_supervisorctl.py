"""supervisorctl as a command: pipes that break, Ctrl-C, names in other scripts, and how fast it is loaded."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.ctl import scenes
from support.fake_daemon import FakeDaemon
from support.until import until

COMMAND = [sys.executable, "-m", "vigild.classic.supervisorctl"]


@pytest.fixture
def config(short_tmp: Path) -> Path:
    path = short_tmp / "s.conf"
    path.write_text("[supervisorctl]\nserverurl=unix://%(here)s/s\n")
    return path


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": "src", **variables}


def test_reader_that_has_seen_enough_is_no_error(config: Path) -> None:
    methods = scenes.ordinary()
    methods["supervisor.getAllProcessInfo"] = scenes.constant(scenes.INFOS * 500)
    with FakeDaemon(config.parent / "s", methods):
        line = f"exec {' '.join(COMMAND)} -c {config} status"
        script = f"set -o pipefail; ({line}) | head -1"
        done = subprocess.run(["bash", "-c", script], env=environment(), capture_output=True, text=True)
    assert done.stdout.startswith("cat ")
    assert done.stderr == ""


def test_ctrl_c_ends_it_with_130(config: Path) -> None:
    methods = scenes.ordinary()
    reached = config.parent / "reached"
    released = config.parent / "released"

    def start(_name: str, _wait: bool) -> bool:
        reached.touch()
        until(released.exists, what="the client to be interrupted")
        return True

    methods["supervisor.startProcess"] = start
    with FakeDaemon(config.parent / "s", methods):
        arguments = [*COMMAND, "-c", str(config), "start", "slow", "other"]
        with subprocess.Popen(
            arguments, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            until(reached.exists, what="the order to arrive")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
        released.touch()
    assert process.returncode == 130
    assert b"interrupted at start slow" in err
    assert b"not asked for: other" in err


def test_names_in_other_scripts_end_nothing(config: Path) -> None:
    methods = scenes.ordinary()
    methods["supervisor.getAllProcessInfo"] = scenes.constant(
        [scenes.info("größe", "größe", "RUNNING", 20, 1, "x")]
    )
    with FakeDaemon(config.parent / "s", methods):
        arguments = [*COMMAND, "-c", str(config), "status"]
        done = subprocess.run(arguments, env=environment(PYTHONIOENCODING="ascii"), capture_output=True)
    assert done.returncode == 0
    assert done.stdout.split()[0] == b"gr\\xf6\\xdfe"


def test_status_loads_nothing_heavy(config: Path) -> None:
    script = (
        "import sys; from vigild.classic.supervisorctl import main\n"
        f"main(['-c', {str(config)!r}, 'status']); print(' '.join(sys.modules))"
    )
    with FakeDaemon(config.parent / "s", scenes.ordinary()):
        done = subprocess.run(
            [sys.executable, "-S", "-c", script], env=environment(), capture_output=True, text=True
        )
    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = {
        "ssl",
        "http.client",
        "xmlrpc.client",
        "email",
        "asyncio",
        "json",
        "readline",
        "cmd",
        "pyexpat",
        "logging",
        "tempfile",
    }
    assert "vigild.cli.ctl.status" in loaded
    assert loaded & heavy == set()
