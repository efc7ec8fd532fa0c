"""A file with what it includes, to a configuration or to findings."""

import os
import subprocess
import sys
from pathlib import Path

from config.build import config_of, load_file, load_text, only, processes_of, write
from vigild.config.load import load


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


def test_default_values_stand_under_every_section(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "[DEFAULT]\nstartsecs=5\n[program:x]\ncommand=x\n")

    assert processes_of(loaded)[0].start_seconds == 5


def test_a_start_imports_nothing_that_only_a_check_or_an_odd_file_needs(tmp_path: Path) -> None:
    path = write(tmp_path, '[supervisord]\n[program:x]\ncommand=/bin/sleep 5\nenvironment=A="1"\n')
    late = (
        "shlex",
        "glob",
        "json",
        "argparse",
        "importlib.metadata",
        "tempfile",
        "platform",
        "difflib",
        "logging",
    )
    late += tuple(f"vigild.config.{name}" for name in ("lint", "commands", "codes", "option_docs", "control"))
    script = f"import sys; from vigild.config.load import load; assert load({path!r}, environ={{}}).config; print([m for m in {late!r} if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (ended.stdout, ended.stderr) == ("[]\n", "")
