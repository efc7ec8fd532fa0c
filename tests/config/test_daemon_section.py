"""`[supervisord]` and the command line."""

from pathlib import Path

import pytest

from config.build import config_of, load_text, only


def test_a_minimal_file_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    daemon = config_of(load_text(tmp_path, "[supervisord]\n")).daemon

    assert daemon.logfile == f"{tmp_path}/supervisord.log"
    assert daemon.pidfile == f"{tmp_path}/supervisord.pid"
    assert (daemon.identifier, daemon.log_level, daemon.umask) == ("supervisor", "info", 0o022)
    assert (daemon.minfds, daemon.minprocs, daemon.logfile_backups) == (1024, 200, 10)
    assert daemon.server_url is None
    assert daemon.child_log_dir == "/tmp"


def test_the_state_directory_need_not_be_there(tmp_path: Path) -> None:
    text = f"[supervisord]\nstate_dir={tmp_path}/not/../yet\n"
    assert config_of(load_text(tmp_path, text)).daemon.state_dir == f"{tmp_path}/yet"
    assert config_of(load_text(tmp_path, "[supervisord]\n")).daemon.state_dir is None
    assert only(load_text(tmp_path, "[supervisord]\nstate_dir=here\n"), "V006").where.line == 2


def test_the_command_line_wins_and_is_never_expanded(tmp_path: Path) -> None:
    text = "[supervisord]\nnodaemon=false\nidentifier=file\numask=077\nuser=nobody\n"
    overrides = {
        "nodaemon": True,
        "identifier": "%(here)s",
        "umask": "027",
        "user": "daemon",
        "loglevel": "debug",
    }
    daemon = config_of(load_text(tmp_path, text, overrides=overrides)).daemon

    assert daemon.nodaemon is True
    assert daemon.identifier == "%(here)s"
    assert daemon.umask == 0o027
    assert (daemon.user, daemon.uid, daemon.gid) == ("daemon", 1, 1)
    assert daemon.log_level == "debug"


def test_a_bad_value_on_the_command_line_is_placed_there(tmp_path: Path) -> None:
    finding = only(load_text(tmp_path, "[supervisord]\n", overrides={"umask": "9"}), "V006")

    assert str(finding).startswith("command line: error: [supervisord] umask: not an octal number: '9'")


def test_a_percent_sign_may_stand_in_the_daemons_environment(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, '[supervisord]\nenvironment=A="100%%",B="%(host_node_name)s"\n')

    assert config_of(loaded).daemon.environment == {"A": "100%", "B": "box"}


def test_a_broken_environment_of_the_daemon_is_refused(tmp_path: Path) -> None:
    assert only(load_text(tmp_path, "[supervisord]\nenvironment=A\n"), "V006").where.line == 2


def test_a_missing_user_of_the_daemon_is_refused(tmp_path: Path) -> None:
    assert only(load_text(tmp_path, "[supervisord]\nuser=mallory\n"), "V011").where.line == 2


def test_syslog_is_no_path(tmp_path: Path) -> None:
    assert config_of(load_text(tmp_path, "[supervisord]\nlogfile=syslog\n")).daemon.logfile == "syslog"


def test_auto_logs_go_where_they_are_told_to(tmp_path: Path) -> None:
    text = f"[supervisord]\nchildlogdir={tmp_path}\n"
    assert config_of(load_text(tmp_path, text)).daemon.child_log_dir == str(tmp_path)


def test_auto_logs_go_to_the_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_of(load_text(tmp_path, "", {"TMPDIR": str(tmp_path)})).daemon.child_log_dir == str(tmp_path)

    monkeypatch.chdir(tmp_path)
    nowhere = config_of(load_text(tmp_path, "", is_directory=lambda path: False)).daemon
    assert nowhere.child_log_dir == str(tmp_path)
