"""What real programs use: measured, asked for, kept over the end of the daemon."""

import json
import time
from pathlib import Path
from typing import Any

from support.daemon import Daemon
from support.until import until
from vigild.client.supervisor import Supervisor

CONF = """
[program:busy]
command=sh -c 'sleep 1000 & while :; do :; done'
killmode=tree
startsecs=0
[program:idle]
command=sleep 1000
startsecs=0
"""


def with_options(tmp: Path, options: str) -> Daemon:
    daemon = Daemon(tmp, CONF)
    framed = daemon.conf.read_text()
    daemon.conf.write_text(
        framed.replace("[supervisord]", f"[supervisord]\nstate_dir={tmp}/state\n{options}")
    )
    return daemon


def facts_of(daemon: Daemon) -> dict[str, dict[str, Any]]:
    with Supervisor.at(f"unix://{daemon.socket}") as client:
        return {str(facts["name"]): facts for facts in client.all_facts()}


def test_samples_are_taken_asked_for_and_kept(tmp_path: Path) -> None:
    with with_options(tmp_path, "sample_interval=1s") as daemon:
        began = time.time()
        until(lambda: facts_of(daemon)["busy"].get("cpu_percent", 0.0) > 1.0, what="a sample of busy")
        facts = facts_of(daemon)
        assert facts["busy"]["processes"] == 2
        assert facts["idle"]["cpu_percent"] < 50
        assert facts["idle"]["rss_bytes"] > 4096
        daemon.stop()
        daemon.start()
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            for name in ("busy", "idle", ""):
                (moment, *_) = client.rpc.call("vigil.getSamples", name, began - 120)  # type: ignore[misc,attr-defined]
                assert moment["rss_bytes"] > 4096


def test_without_samples_only_who_watches_gets_them(tmp_path: Path) -> None:
    with with_options(tmp_path, "samples=false\nsample_interval=1s") as daemon:
        daemon.wait_state("idle", "RUNNING")
        assert "rss_bytes" not in facts_of(daemon)["idle"]
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            assert client.watch_samples(1, 30)["interval_seconds"] == 1.0
        until(lambda: facts_of(daemon)["idle"].get("rss_bytes"), what="a sample for who watches")
        assert json.loads(json.dumps(facts_of(daemon)))["idle"]["threads"] == 1
