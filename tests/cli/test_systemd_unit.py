"""The unit that `vigil systemd-unit` prints: what is in it, and that systemd takes it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.markdown import ROOT
from vigild.cli import systemd_unit
from vigild.cli.systemd_unit import main

SERVER = "[unix_http_server]\nfile=/run/vigil.sock\n"
PROGRAM = "[program:{0}]\ncommand=/bin/sleep 1000\n"


def unit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], conf: str, *flags: str
) -> tuple[dict[str, str], str]:
    """The settings of the unit for this configuration (comments left out), and its text. It must be clean."""
    path = tmp_path / "supervisord.conf"
    path.write_text(conf if "[supervisord]" in conf else f"[supervisord]\n{conf}")
    code = main(["-c", str(path), "--supervisord", "/opt/vigil/bin/supervisord", *flags])
    out, err = capsys.readouterr()
    assert (0, "") == (code, err)
    lines = [line for line in out.splitlines() if "=" in line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines)
    assert len(settings) == len(lines) or "[Socket]" in out
    return settings, out


def test_how_it_lives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, _ = unit(tmp_path, capsys, SERVER + PROGRAM.format("web"))
    conf = tmp_path / "supervisord.conf"
    assert settings["Type"] == "notify"
    assert settings["ExecStart"] == f"/opt/vigil/bin/supervisord -n -c {conf}"
    assert settings["ExecReload"] == f"/opt/vigil/bin/supervisorctl -c {conf} update"
    assert settings["KillMode"] == "process"
    assert settings["Restart"] == "always"
    assert settings["RestartPreventExitStatus"] == "0 2"
    assert settings["RuntimeDirectory"] == "vigil"
    assert settings["RuntimeDirectoryPreserve"] == "yes"
    assert settings["WantedBy"] == "multi-user.target"
    assert "User" not in settings
    assert settings["StateDirectory"] == "vigil"
    settings, _ = unit(tmp_path, capsys, f"[supervisord]\nstate_dir={tmp_path}\n")
    assert "StateDirectory" not in settings


def test_every_line_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conf = (
        f"{SERVER}[supervisord]\nuser=nobody\ndirectory=/\n{PROGRAM.format('a')}"
        "limit_nproc=1\nlimit_memlock=unlimited\n"
    )
    settings, _ = unit(tmp_path, capsys, conf)
    settings |= unit(tmp_path, capsys, PROGRAM.format("a"))[0]
    page = (ROOT / "docs" / "how-to" / "systemd.md").read_text()
    table = page.partition("## What each line is for")[2].partition("\n## ")[0]
    assert [] == [name for name in settings if f"`{name}=" not in table]


def test_the_time_to_stop_is_that_of_the_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short, _ = unit(tmp_path, capsys, PROGRAM.format("a"))
    conf = PROGRAM.format("a") + PROGRAM.format("b") + "priority=1\nstopwaitsecs=600\n"
    long, _ = unit(tmp_path, capsys, conf)
    assert int(long["TimeoutStopSec"]) - int(short["TimeoutStopSec"]) >= 600


def test_the_store_holds_the_streams_of_all_and_files_can_be_opened_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = PROGRAM.format("a") + "numprocs=1000\nprocess_name=%(process_num)d\n"
    settings, _ = unit(tmp_path, capsys, conf)
    stored = int(settings["FileDescriptorStoreMax"])
    assert stored >= 2000
    assert settings["Environment"] == f"FDSTORE={stored}"
    soft, hard = map(int, settings["LimitNOFILE"].split(":"))
    assert stored + 5000 < soft <= hard


def test_limits_are_those_that_the_programs_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, _ = unit(tmp_path, capsys, PROGRAM.format("a"))
    assert {name for name in plain if name.startswith("Limit")} == {"LimitNOFILE"}
    assert plain["LimitNOFILE"] == "1024:524288"
    wanting = PROGRAM.format("a") + "limit_nofile=1000:2000000\nlimit_memlock=unlimited\nlimit_nproc=500\n"
    settings, _ = unit(tmp_path, capsys, f"[supervisord]\nminfds=4096\n{wanting}limit_stack=unlimited\n")
    assert settings["LimitNOFILE"] == "4096:2000000"
    assert settings["LimitMEMLOCK"] == "8388608:infinity"
    assert settings["LimitNPROC"] == "infinity"
    assert "LimitSTACK" not in settings, "nobody is born with a hard limit there"
    modest, _ = unit(tmp_path, capsys, PROGRAM.format("a") + "limit_memlock=4096\nlimit_nofile=unlimited\n")
    assert "LimitMEMLOCK" not in modest
    assert modest["LimitNOFILE"] == "1024:infinity"
    many, _ = unit(tmp_path, capsys, "[supervisord]\nminprocs=100000\n")
    assert many["LimitNPROC"] == "infinity"


def test_a_daemon_of_another_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conf = f"[supervisord]\nuser=nobody\ndirectory={tmp_path}\n"
    settings, _ = unit(tmp_path, capsys, conf)
    assert settings["User"] == "nobody"
    assert "StateDirectory" not in settings
    assert settings["RuntimeDirectory"].removeprefix("vigil-").isdigit()
    assert settings["WorkingDirectory"] == str(tmp_path)
    root, _ = unit(tmp_path, capsys, "[supervisord]\nuser=root\n")
    assert "User" not in root
    own, _ = unit(tmp_path, capsys, conf, "--user")
    assert "User" not in own
    assert own["RuntimeDirectory"] == "vigil"
    assert own["WantedBy"] == "default.target"
    assert "After" not in own


def test_without_a_server_there_is_no_reload(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, text = unit(tmp_path, capsys, PROGRAM.format("a"))
    assert "ExecReload" not in settings
    assert "No reload" in text


def test_the_sockets_of_the_servers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conf = (
        "[unix_http_server]\nfile=/run/v%%.sock\nchmod=0770\nchown=nobody\n"
        "[inet_http_server]\nport=localhost:9001\n[inet_http_server:all]\nport=*:9002\n"
        "[inet_http_server:six]\nport=[::1]:9003\n"
    )
    _, text = unit(tmp_path, capsys, conf, "--socket", "x.service")
    streams = {line.partition("=")[2] for line in text.splitlines() if line.startswith("ListenStream=")}
    assert {"127.0.0.1:9001", "0.0.0.0:9002", "/run/v%%.sock"} <= streams
    assert "SocketMode=0770\n" in text
    assert "SocketUser=" in text
    assert "Service=x.service\n" in text


def test_no_servers_no_sockets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c"
    path.write_text("[supervisord]\n")
    assert main(["-c", str(path), "--socket"]) == 2
    assert "neither" in capsys.readouterr().err


def test_what_cannot_be_used_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c"
    path.write_text("[supervisord]\n[program:a]\nautostart=maybe\n")
    assert main(["-c", str(path)]) == 2
    assert f"{path}:3: error" in capsys.readouterr().err
    monkeypatch.setattr(systemd_unit, "find_config_file", lambda argv0, cwd: None)
    assert main([]) == 2
    assert "Name one with -c" in capsys.readouterr().err
    path.write_text("[supervisord]\n")
    monkeypatch.setattr(systemd_unit, "_beside", lambda name: None)
    assert main(["-c", str(path)]) == 2
    assert "--supervisord" in capsys.readouterr().err
    assert main(["-c", str(path), "--supervisord", "/opt/'x'/supervisord"]) == 2
    assert "quotes" in capsys.readouterr().err


def test_variables_that_only_this_shell_has_are_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLY_HERE", "1")
    path = tmp_path / "c"
    path.write_text("[supervisord]\n[program:a]\ncommand=sleep %(ENV_ONLY_HERE)s\n")
    assert main(["-c", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("[Unit]\n")
    assert "ONLY_HERE" in err
    assert "Environment=NAME=value" in err


def test_the_command_beside_this_one_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c"
    path.write_text("[supervisord]\n")
    assert main(["-c", str(path)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ExecStart=")]
    assert os.access(line.removeprefix("ExecStart=").split()[0], os.X_OK)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--user",), ("--socket", "vigil.service")])
def test_systemd_takes_it(
    tmp_path: Path, short_tmp: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed; scripts/install_recipes.sh installs it")
    place = short_tmp / "a $place; 100%"
    place.mkdir()
    for name in ("supervisord", "supervisorctl"):
        (place / name).symlink_to("/bin/true")
    conf = place / 'with "quotes" and \\50.conf'
    conf.write_text(
        f"{SERVER}[inet_http_server]\nport=*:9001\n[supervisord]\nminfds=2000\nminprocs=300\n"
        f"{PROGRAM.format('a')}limit_memlock=unlimited\nlimit_nice=10\nlimit_rtprio=10:20\n"
    )

    def make(suffix: str, *words: str) -> Path:
        assert main(["-c", str(conf), "--supervisord", str(place / "supervisord"), *words]) == 0
        file = short_tmp / f"vigil.{suffix}"
        file.write_text(capsys.readouterr().out)
        return file

    user = [flag for flag in flags if flag == "--user"]
    file = make("service", *user)
    if "--socket" in flags:
        file = make("socket", *flags)
    done = subprocess.run(
        ["systemd-analyze", *(user or ["--system"]), "verify", str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(short_tmp)},
        capture_output=True,
        text=True,
    )
    assert ("", "", 0) == (done.stdout, done.stderr, done.returncode)
    exec_start = (short_tmp / "vigil.service").read_text().partition("ExecStart=")[2].partition("\n")[0]
    assert exec_start.startswith(f'"{short_tmp}/a $place; 100%%/supervisord" -n -c "')
    assert exec_start.endswith(r'/a $$place; 100%%/with \"quotes\" and \\50.conf"')
