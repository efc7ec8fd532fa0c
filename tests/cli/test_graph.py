"""`vigil graph`: waves from a configuration."""

import json
from pathlib import Path

import pytest

from vigild.cli import graph
from vigild.cli.main import main

CONF = """
[supervisord]
[program:web]
command=/bin/cat
depends_on=db:ready,workers
[program:db]
command=/bin/cat
autostart=false
[program:w1]
command=/bin/cat
depends_on=db
[program:w2]
command=/bin/cat
[group:workers]
programs=w1,w2
"""


@pytest.fixture
def conf(tmp_path: Path) -> str:
    path = tmp_path / "supervisord.conf"
    path.write_text(CONF)
    return str(path)


def test_waves_are_printed_with_what_is_waited_for(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "-c", conf]) == 0
    assert capsys.readouterr().out == (
        "wave 1\n"
        "  db          not started by itself\n"
        "  workers:w2\n"
        "wave 2\n"
        "  workers:w1  waits for db:running\n"
        "wave 3\n"
        "  web  waits for db:ready, workers:running\n"
    )


def test_dot_has_an_arrow_for_each_dependency(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert graph.main(["-c", conf, "--dot"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("digraph vigil {\n")
    assert '  "web" -> "workers:*" [label="running"];\n' in out
    assert '  "web" -> "db:*" [label="ready"];\n' in out
    assert '  "workers:*" -> "workers:w1" [style=dotted];\n' in out
    assert out.endswith("}\n")


def test_json_is_for_machines(conf: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert graph.main(["-c", conf, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["waves"] == [["db", "workers:w2"], ["workers:w1"], ["web"]]
    web = document["processes"][-1]
    assert (web["name"], web["wave"]) == ("web", 3)
    assert web["depends_on"][0] == {"name": "db", "condition": "ready", "targets": ["db:*"]}


def test_without_programs_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c").write_text("[supervisord]\n")
    assert graph.main(["-c", f"{tmp_path}/c"]) == 0
    assert capsys.readouterr().out == "no programs\n"


def test_errors_of_the_configuration_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c").write_text("[supervisord]\n[program:a]\ncommand=x\ndepends_on=a\n")
    assert graph.main(["-c", f"{tmp_path}/c"]) == 2
    assert "waits for itself: a -> a" in capsys.readouterr().err


def test_without_a_file_it_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(graph, "find_config_file", lambda *_: None)
    assert graph.main([]) == 2
    assert "no configuration file found" in capsys.readouterr().err
