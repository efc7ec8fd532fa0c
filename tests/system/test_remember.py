"""`remember = true` with a real daemon: what an operator stopped stays stopped."""

from pathlib import Path

from support.daemon import Daemon

CONF = """
[program:kept]
command=sleep 1000
remember=true

[program:plain]
command=sleep 1000
"""


def remembering(tmp: Path) -> Daemon:
    daemon = Daemon(tmp, CONF)
    text = daemon.conf.read_text()
    daemon.conf.write_text(
        text.replace("[supervisord]", f"[supervisord]\nhistory=false\nstate_dir={tmp}/state")
    )
    return daemon


def test_a_stop_by_hand_outlasts_the_daemon_until_a_start(tmp_path: Path) -> None:
    with remembering(tmp_path) as daemon:
        daemon.wait_state("kept", "RUNNING")
        daemon.wait_state("plain", "RUNNING")
        assert not (tmp_path / "state").exists()
        assert daemon.ctl("stop", "kept", "plain").code == 0
        assert daemon.stop() == 0
        daemon.start()
        daemon.wait_state("plain", "RUNNING")
        assert "Not started: stopped by an operator on " in daemon.status("kept")
        assert daemon.ctl("start", "kept").code == 0
        assert daemon.stop() == 0
        daemon.start()
        daemon.wait_state("kept", "RUNNING")


def test_an_update_of_a_changed_program_is_no_stop_by_hand(tmp_path: Path) -> None:
    with remembering(tmp_path) as daemon:
        text = daemon.conf.read_text()
        daemon.wait_state("kept", "RUNNING")
        daemon.conf.write_text(text.replace("sleep 1000\nremember", "sleep 1001\nremember"))
        assert "kept: updated process group" in daemon.ctl("update").out
        daemon.wait_state("kept", "RUNNING")
        assert daemon.ctl("stop", "kept").code == 0
        daemon.conf.write_text(text)
        assert "kept: updated process group" in daemon.ctl("update").out
        assert daemon.state("kept") == "STOPPED"
