"""A file with what it includes, to a configuration or to findings."""

import os
from pathlib import Path

import pytest

from config.build import config_of, load_file, load_text, only, processes_of, write
from vigild.config.load import find_config_file, load, searched_paths


def test_a_minimal_file_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    daemon = config_of(load_text(tmp_path, "[supervisord]\n")).daemon

    assert daemon.logfile == f"{tmp_path}/supervisord.log"
    assert daemon.pidfile == f"{tmp_path}/supervisord.pid"
    assert (daemon.identifier, daemon.log_level, daemon.umask) == ("supervisor", "info", 0o022)
    assert (daemon.minfds, daemon.minprocs, daemon.logfile_backups) == (1024, 200, 10)
    assert daemon.server_url is None
    assert daemon.child_log_dir == "/tmp"


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


def test_the_machine_is_asked_where_nothing_stands_for_it(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, "[supervisord]\nidentifier=%(host_node_name)s\nuser=root\n"), environ={})

    assert config_of(loaded).daemon.identifier == os.uname().nodename
    assert config_of(loaded).daemon.uid == 0


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    loaded = load_file(f"{tmp_path}/none.conf")

    assert loaded.config is None
    assert only(loaded, "V001").text == f"could not find config file {tmp_path}/none.conf"
    assert [item.code for item in loaded.diagnostics] == ["V001"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert only(load_file(str(tmp_path)), "V001").text == f"could not read config file {tmp_path}"


def test_a_file_without_the_daemons_section(tmp_path: Path) -> None:
    loaded = load_file(write(tmp_path, "[program:x]\ncommand=/bin/true\n"))

    assert loaded.config is None
    assert only(loaded, "V004").text == ".ini file does not include supervisord section"


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = """
        [supervisord]
        loglevel=loud
        [program:a]
        command=/bin/true
        autostart=maybe
        startsecs=soon
        [program:b c]
        command=/bin/true
        [program:d]
        [group:g]
        programs=x,y
        [inet_http_server]
    """
    loaded = load_text(tmp_path, text)

    lines = [item.where.line for item in loaded.diagnostics if item.severity == "error"]
    assert sorted(lines) == [3, 6, 7, 8, 10, 12, 12, 13]
    assert loaded.config is None
    assert loaded.draft is not None


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "bom.conf"
    path.write_bytes("\ufeff[supervisord]\r\nidentifier=x\r\n".encode())

    assert config_of(load_file(str(path))).daemon.identifier == "x"


def test_bytes_that_are_not_utf8_reach_the_program_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "latin.conf"
    path.write_bytes(b"[supervisord]\n; caf\xe9\n[program:x]\ncommand=/bin/echo caf\xe9\n")
    loaded = load_file(str(path))

    assert os.fsencode(processes_of(loaded)[0].command) == b"/bin/echo caf\xe9"
    assert only(loaded, "V107").where.line == 2


def test_included_files_are_sorted_relative_and_have_their_own_here(tmp_path: Path) -> None:
    write(tmp_path, "[program:b]\ncommand=%(here)s/run\n", "conf.d/b.conf")
    write(tmp_path, "[program:a]\ncommand=%(here)s/run\n", "conf.d/a.conf")
    text = "[supervisord]\nidentifier=%(here)s\n[include]\nfiles=conf.d/*.conf none/*.ini\n"
    loaded = load_text(tmp_path, text)

    folder = f"{tmp_path}/conf.d"
    assert loaded.files == (f"{tmp_path}/supervisord.conf", f"{folder}/a.conf", f"{folder}/b.conf")
    assert [process.command for process in processes_of(loaded)] == [f"{folder}/run"] * 2
    assert config_of(loaded).daemon.identifier == str(tmp_path)
    assert loaded.infos == tuple(
        f'Included extra file "{folder}/{name}.conf" during parsing' for name in "ab"
    )
    assert loaded.warnings == (f'No file matches via include "{tmp_path}/none/*.ini"',)
    assert only(loaded, "V106").severity == "info"


def test_the_pattern_of_an_include_is_expanded(tmp_path: Path) -> None:
    write(tmp_path, "[program:a]\ncommand=x\n", "box/a.conf")
    loaded = load_text(tmp_path, "[include]\nfiles=%(host_node_name)s/*.%(ENV_EXT)s\n", {"EXT": "conf"})

    assert [process.name for process in processes_of(loaded)] == ["a"]


def test_an_include_without_files_or_with_a_bad_pattern_is_refused(tmp_path: Path) -> None:
    assert only(load_text(tmp_path, "[include]\n"), "V014").where.line == 1
    assert only(load_text(tmp_path, "[include]\nfiles=%(nope)s\n"), "V007").where.line == 2


def test_what_is_wrong_in_an_included_file_is_told_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, "junk\n", "conf.d/a.conf")
    write(tmp_path, "[include]\nfiles=more\n", "conf.d/b.conf")
    (tmp_path / "conf.d" / "c.conf").mkdir()
    loaded = load_text(tmp_path, "[include]\nfiles=conf.d/*.conf\n")

    assert str(only(loaded, "V003").where) == f"{tmp_path}/conf.d/a.conf:1"
    assert str(only(loaded, "V108").where) == f"{tmp_path}/conf.d/b.conf:1"
    assert only(loaded, "V111").severity == "warning"
    assert loaded.config is None


def test_a_program_in_two_files_is_merged_and_told_of_with_both_places(tmp_path: Path) -> None:
    write(tmp_path, "[program:a]\ncommand=/bin/late\nenvironment=B=2\n", "conf.d/a.conf")
    text = "[include]\nfiles=conf.d/*.conf\n[program:a]\ncommand=/bin/early\nstartsecs=7\nenvironment=A=1\n"
    loaded = load_text(tmp_path, text)

    (process,) = processes_of(loaded)
    assert (process.command, process.start_seconds, process.environment) == ("/bin/late", 7, {"B": "2"})
    finding = only(loaded, "V104")
    assert finding.severity == "warning"
    assert f"{tmp_path}/supervisord.conf:3" in finding.text
    assert str(finding.where) == f"{tmp_path}/conf.d/a.conf:1"


def test_environment_lines_of_one_section_are_merged(tmp_path: Path) -> None:
    text = """
        [supervisord]
        environment=D="1",E="1"
        environment=E="2"
        [program:x]
        command=/bin/true
        environment=A="1",B="1"
        environment=B="2"
        environment=C="%(ENV_E)s"
    """
    loaded = load_text(tmp_path, text)

    assert config_of(loaded).daemon.environment == {"D": "1", "E": "2"}
    assert processes_of(loaded)[0].environment == {"D": "1", "E": "2", "A": "1", "B": "2", "C": "2"}
    assert [item.where.line for item in loaded.diagnostics if item.code == "V105"] == [4, 8, 9]


def test_a_broken_earlier_environment_line_is_only_a_warning(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "[program:x]\ncommand=x\nenvironment=A\nenvironment=B=2\n")

    assert processes_of(loaded)[0].environment == {"B": "2"}
    assert only(loaded, "V006").severity == "warning"


def test_a_percent_sign_may_stand_in_the_daemons_environment(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, '[supervisord]\nenvironment=A="100%%",B="%(host_node_name)s"\n')

    assert config_of(loaded).daemon.environment == {"A": "100%", "B": "box"}


def test_a_broken_environment_of_the_daemon_is_refused(tmp_path: Path) -> None:
    assert only(load_text(tmp_path, "[supervisord]\nenvironment=A\n"), "V006").where.line == 2


def test_default_values_stand_under_every_section(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "[DEFAULT]\nstartsecs=5\n[program:x]\ncommand=x\n")

    assert processes_of(loaded)[0].start_seconds == 5


def test_a_missing_user_of_the_daemon_is_refused(tmp_path: Path) -> None:
    assert only(load_text(tmp_path, "[supervisord]\nuser=mallory\n"), "V011").where.line == 2


def test_syslog_is_no_path(tmp_path: Path) -> None:
    assert config_of(load_text(tmp_path, "[supervisord]\nlogfile=syslog\n")).daemon.logfile == "syslog"


def test_auto_logs_go_to_the_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_of(load_text(tmp_path, "", {"TMPDIR": str(tmp_path)})).daemon.child_log_dir == str(tmp_path)

    monkeypatch.chdir(tmp_path)
    nowhere = config_of(load_text(tmp_path, "", is_directory=lambda path: False)).daemon
    assert nowhere.child_log_dir == str(tmp_path)


def test_where_the_file_is_looked_for() -> None:
    assert searched_paths("/opt/app/bin/supervisord") == (
        "/opt/app/etc/supervisord.conf",
        "/opt/app/supervisord.conf",
        "supervisord.conf",
        "etc/supervisord.conf",
        "/etc/supervisord.conf",
        "/etc/supervisor/supervisord.conf",
    )
    assert searched_paths("supervisord")[:2] == ("etc/supervisord.conf", "supervisord.conf")


def test_the_first_file_that_exists_is_found(tmp_path: Path) -> None:
    argv0 = f"{tmp_path}/app/bin/supervisord"
    write(tmp_path, "", "cwd/supervisord.conf")
    assert find_config_file(argv0, f"{tmp_path}/cwd") == "supervisord.conf"

    write(tmp_path, "", "app/supervisord.conf")
    assert find_config_file(argv0, f"{tmp_path}/cwd") == f"{tmp_path}/app/supervisord.conf"

    if not any(map(os.path.exists, searched_paths("x")[4:])):
        assert find_config_file("/nowhere/bin/x", f"{tmp_path}/empty") is None


def test_what_is_unknown_is_told_with_what_was_meant(tmp_path: Path) -> None:
    text = """
        [Program:x]
        [rpcinterfaces:y]
        [supervisord:z]
        [program]
        [something else]
        [supervisord]
        stopsignal=TERM
        [program:a]
        command=/bin/true
        logfile=/tmp/x
        autostrat=true
        depends_on=b
        programs=z
        [rpcinterface:own]
        supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
        any=thing
    """
    hints = {
        item.where.line: item.hint
        for item in load_text(tmp_path, text).diagnostics
        if item.code in ("V101", "V102")
    }

    assert hints[2] == "did you mean [program:x]?"
    assert hints[3] == "did you mean [rpcinterface:y]?"
    assert hints[4] == "write [supervisord]"
    assert hints[5] == "write [program:NAME]"
    assert hints[6].startswith("drop it, or put ; before its lines")
    assert hints[8] == "it belongs in [program:NAME]"
    assert hints[11] == "did you mean stdout_logfile?"
    assert hints[12] == "did you mean autostart?"
    assert hints[13] == "drop it; what it was to do does not happen"
    assert hints[14] == "it belongs in [group:NAME]"
    assert len(hints) == 10


def test_a_key_given_twice_is_told_with_both_places(tmp_path: Path) -> None:
    finding = only(load_text(tmp_path, "[program:x]\ncommand=a\ncommand=b\n"), "V103")

    assert finding.where.line == 3
    assert "supervisord.conf:2" in finding.text
