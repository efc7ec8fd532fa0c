"""The history of a real daemon: asked, killed, upgraded, on a full disk, and with a thousand ends at once."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.daemon import Daemon, Outcome
from support.until import DEADLINE_SECONDS, until

CONF = """
[program:web]
command=sh -c 'echo hello; echo "oh no: $VIGIL_SPAWN_ID" >&2; exec sleep 1000'
startsecs=0

[program:job]
command=sh -c 'echo last words >&2; exit 3'
startsecs=0
autorestart=false
"""
MANY = 1000


def with_state(tmp: Path, text: str, options: str = "") -> Daemon:
    daemon = Daemon(tmp, text)
    framed = daemon.conf.read_text()
    daemon.conf.write_text(
        framed.replace("[supervisord]", f"[supervisord]\nstate_dir={tmp}/state\n{options}")
    )
    return daemon


def vigil(daemon: Daemon, *words: str) -> Outcome:
    command = [str(daemon.bin / "vigil"), *words, "-c", str(daemon.conf)]
    done = subprocess.run(command, cwd=daemon.tmp, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    return Outcome(done.returncode, done.stdout, done.stderr)


def past(daemon: Daemon, *words: str) -> list[dict[str, Any]]:
    outcome = vigil(daemon, "history", "--json", "--limit", "1000", *words)
    assert (0, "") == (outcome.code, outcome.err)
    return [json.loads(line) for line in outcome.out.splitlines()]


def of(facts: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [fact["details"] for fact in facts if fact["kind"] == kind]


def test_what_a_person_sees(tmp_path: Path) -> None:
    with with_state(tmp_path, CONF) as daemon:
        daemon.wait_state("job", "EXITED")
        daemon.wait_state("web", "RUNNING")
        daemon.ctl("restart", "web")
        os.kill(daemon.pid("web"), signal.SIGSEGV)
        until(lambda: len(of(past(daemon, "web"), "exit")) == 2)
        facts = past(daemon, "web")
        stopped, crashed = of(facts, "exit")
        assert (stopped["signal"], stopped["expected"]) == ("SIGTERM", True)
        assert (crashed["signal"], crashed["expected"]) == ("SIGSEGV", False)
        assert [order["method"] for order in of(facts, "order")] == ["stopProcess", "startProcess"]
        by = f"uid {os.getuid()}"
        assert by == of(facts, "order")[0]["by"]
        assert [by] * 2 == [state["by"] for state in of(facts, "state") if "by" in state]
        why = vigil(daemon, "why", "web").out
        assert "killed by SIGSEGV" in why
        assert "Last lines of stderr\n    oh no: " in why
        assert "Vigil started it again on" in why
        done = vigil(daemon, "why", "job").out
        assert "exit status 3" in done
        assert "    last words\n" in done
        assert vigil(daemon, "why", "nobody").code == 1
        assert vigil(daemon, "history", "nobody") == Outcome(
            1, "", "vigil history: no such process: nobody\n"
        )


def test_it_outlives_a_kill_and_an_upgrade(tmp_path: Path) -> None:
    with with_state(tmp_path, CONF) as daemon:
        daemon.wait_state("web", "RUNNING")
        assert of(past(daemon), "daemon")[0]["what"] == "started"
        web = daemon.pid("web")
        daemon.kill()
        os.kill(web, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{web}").exists() or " Z " in Path(f"/proc/{web}/stat").read_text())
        daemon.start()
        daemon.wait_state("web", "RUNNING")
        assert vigil(daemon, "upgrade").code == 0
        until(lambda: "upgraded" in [fact["what"] for fact in of(past(daemon), "daemon")])
        facts = past(daemon)
        assert [fact["what"] for fact in of(facts, "daemon")] == [
            "started",
            "started",
            "upgrading",
            "upgraded",
        ]
        assert "was killed, or crashed" in of(facts, "daemon")[1]["text"]
        (unseen,) = of(facts, "unseen")
        assert "may be missing" in unseen["text"]
        assert [fact["id"] for fact in facts] == sorted({fact["id"] for fact in facts})
        pid = daemon.process.pid if daemon.process is not None else 0
        assert daemon.stop() == 0
        daemon.start()
        whats = [fact["what"] for fact in of(past(daemon), "daemon")]
        assert whats[-3:] == ["signal", "ended", "started"]
        assert of(past(daemon), "daemon")[-2]["pid"] == pid


def test_without_a_history(tmp_path: Path) -> None:
    with with_state(tmp_path, CONF, "history=false\n") as daemon:
        daemon.wait_state("job", "EXITED")
        outcome = vigil(daemon, "history")
        assert (1, "vigil history: this daemon keeps no history: [supervisord] says history=false\n") == (
            outcome.code,
            outcome.err,
        )
        assert "sqlite" not in Path(f"/proc/{daemon.process.pid}/maps").read_text()  # type: ignore[union-attr]
    assert not (tmp_path / "state").exists()


def test_a_state_directory_that_cannot_be_written_costs_the_history_only(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a directory")
    with with_state(tmp_path, CONF) as daemon:
        daemon.wait_state("job", "EXITED")
        assert vigil(daemon, "history").code == 1
        assert daemon.ctl("restart", "web").code == 0
        assert vigil(daemon, "history").code == 1
        assert daemon.log().count("cannot keep the history") == 1


@pytest.mark.needs_root
@pytest.mark.slow
def test_a_full_disk_costs_the_history_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(state)], capture_output=True
    )
    if mounted.returncode or shutil.which("umount") is None:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        with with_state(tmp_path, CONF) as daemon:
            assert past(daemon)
            (state / "ballast").write_bytes(b"")
            with (state / "ballast").open("wb", buffering=0) as ballast:
                try:
                    while ballast.write(b"x" * 4096):
                        pass
                except OSError:
                    pass

            def is_told() -> bool:
                assert daemon.ctl("restart", "web").code == 0
                return "cannot keep the history" in daemon.log()

            until(is_told)
            (state / "ballast").unlink()
            daemon.ctl("restart", "web")
            until(lambda: "the history can be kept again" in daemon.log())
            assert of(past(daemon), "lost")[-1]["count"] > 0
            assert daemon.log().count("cannot keep the history") == 1
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)


@pytest.mark.slow
def test_a_thousand_ends_at_once_are_all_kept_and_clients_are_answered_meanwhile(tmp_path: Path) -> None:
    many = (
        f"[program:many]\ncommand=sleep 1000\nnumprocs={MANY}\nprocess_name=%(process_num)d\nstartsecs=0\n"
        "autorestart=false\nstdout_logfile=NONE\nredirect_stderr=true\n[supervisord]\n"
    )
    daemon = Daemon(tmp_path, many.replace("[supervisord]\n", ""))
    text = daemon.conf.read_text()
    daemon.conf.write_text(
        text.replace("[supervisord]", f"[supervisord]\nminfds=4096\nstate_dir={tmp_path}/state")
    )
    with daemon:
        until(lambda: daemon.ctl("status").out.count("RUNNING") == MANY)
        children = [
            int(line.split("pid ")[1].split(",")[0]) for line in daemon.ctl("status").out.splitlines()
        ]
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        slowest = 0.0
        ends: set[str] = set()
        last = 0
        deadline = time.monotonic() + 60
        while len(ends) < MANY and time.monotonic() < deadline:
            began = time.monotonic()
            assert daemon.ctl("pid").code == 0
            slowest = max(slowest, time.monotonic() - began)
            facts = past_after(daemon, last)
            ends.update(fact["name"] for fact in facts if fact["kind"] == "exit")
            last = max([last, *(fact["id"] for fact in facts)])
        assert len(ends) == MANY
        assert of(past(daemon), "lost") == []
        assert slowest < 5.0  # supervisorctl's own start included


def past_after(daemon: Daemon, number: int) -> list[dict[str, Any]]:
    from vigild.client.supervisor import Supervisor

    with Supervisor.at(f"unix://{daemon.socket}") as client:
        answer = client.rpc.call("vigil.getHistory", "", 0, 1000, 0, number)
    assert isinstance(answer, list)
    return answer
