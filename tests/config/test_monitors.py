from pathlib import Path

import pytest

from config.build import config_of, load_text, only
from vigild.config.model import MonitorConfig
from vigild.config.monitors import MONITORS_MAX

WEB = "[program:web]\ncommand=/bin/cat\nnumprocs=2\nprocess_name=w%(process_num)d\n"


def one(tmp_path: Path, text: str, **environ: str) -> MonitorConfig:
    (monitor,) = config_of(load_text(tmp_path, text, environ)).monitors
    return monitor


def test_everything_that_can_be_said_of_a_monitor_of_a_host(tmp_path: Path) -> None:
    text = """
        [monitor:shop]
        type = host
        url = https://shop.example.com/health%20check
        interval = 1m
        timeout = 5
        start_delay = 10s
        enabled = no
        expect_status = 200
        expect_body = ^ok
        headers =
            Host: x
        method = HEAD
        tls_verify = no
        tls_ca = /etc/ca.pem
        program = web:*
        rules =
            if failed for 3 cycles then restart
            if response_time > 2s for 5 of 6 cycles then alert
    """
    monitor = one(tmp_path, WEB + "\n".join(line.removeprefix("        ") for line in text.splitlines()))
    settings = {
        "expect_status": [[200, 200]],
        "expect_body": "^ok",
        "headers": {"Host": "x"},
        "method": "HEAD",
        "tls_verify": False,
        "tls_ca": "/etc/ca.pem",
        "scheme": "http",
        "host": "shop.example.com",
        "port": 443,
        "target": "/health%20check",
        "tls": True,
    }
    rules = ("if failed for 3 cycles then restart", "if response_time > 2s for 5 of 6 cycles then alert")
    assert monitor == MonitorConfig(
        "shop", "host", False, 60.0, 5.0, 10.0, rules, settings, program="web:*", where=monitor.where
    )


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    monitor = one(tmp_path, "[monitor:disk]\ntype=filesystem\npath=/\n")
    assert (monitor.interval_seconds, monitor.timeout_seconds, monitor.settings) == (
        30.0,
        10.0,
        {"path": "/"},
    )
    assert monitor.rules[1] == "if space > 90% then alert"


def test_commands_of_a_program_with_its_user_and_environment(tmp_path: Path) -> None:
    text = "[monitor:p]\ntype=program\ncommand=/bin/x 'a b' %%d\nenvironment=A=\"%(ENV_B)s\"\ndirectory=/tmp\nuser=root\n"
    monitor = one(tmp_path, text, B="c")
    assert monitor.settings == {
        "argv": ["/bin/x", "a b", "%d"],
        "environment": {"A": "c"},
        "directory": "/tmp",
        "uid": 0,
    }
    assert (monitor.uid, monitor.directory, monitor.environment) == (0, "/tmp", {"A": "c"})


def test_a_process_that_vigil_did_not_start_with_its_commands(tmp_path: Path) -> None:
    text = "[monitor:x]\ntype=process\npidfile=/run/x.pid\nstart_command=/etc/init.d/x start\n"
    rules = "rules=if failed then start, alert\n"
    monitor = one(tmp_path, text + rules)
    assert monitor.settings == {"pidfile": "/run/x.pid"}
    assert (monitor.can("start"), monitor.can("stop"), monitor.can("restart")) == (True, False, False)
    more = "stop_command=/etc/init.d/x stop\nrules=if memory > 1GB then restart else if recovered then stop\n"
    assert one(tmp_path, text + more).can("restart")


def test_without_such_sections_there_are_none(tmp_path: Path) -> None:
    assert config_of(load_text(tmp_path, "")).monitors == ()


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[monitor:]\ntype=system\n", "V008", 1),
        ("[monitor:a b]\ntype=system\n", "V008", 1),
        ("[monitor:a\x7f]\ntype=system\n", "V008", 1),
        ("[monitor:x]\npath=/\n", "V005", 1),
        ("[monitor:x]\ntype=weather\n", "V006", 2),
        ("[monitor:x]\ntype=host\n", "V005", 1),
        ("[monitor:x]\ntype=system\npath=/\n", "V013", 3),
        ("[monitor:x]\ntype=process\npidfile=/x\npattern=y\n", "V013", 4),
        ("[monitor:x]\ntype=system\nrules=if cpu > 90% then\n", "V006", 3),
        ("[monitor:x]\ntype=system\nrules=if cpu > 90% then restart\n", "V013", 3),
        ("[monitor:x]\ntype=process\npattern=y\nrules=if failed then start\n", "V013", 4),
        ("[monitor:x]\ntype=system\nprogram=wob\n", "V016", 3),
        ("[monitor:x]\ntype=program\ncommand=x\nenvironment=A\n", "V006", 4),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, code: str, line: int) -> None:
    loaded = load_text(tmp_path, text + WEB)
    finding = only(loaded, code)
    assert (finding.severity, finding.where.line) == ("error", line)


def test_too_many(tmp_path: Path) -> None:
    text = "".join(f"[monitor:m{number}]\ntype=system\n" for number in range(MONITORS_MAX + 1))
    assert only(load_text(tmp_path, text), "V006").severity == "error"


def test_what_a_monitor_depends_on_and_when_it_is_judged(tmp_path: Path) -> None:
    more = (
        "depends_on = web, web:w1 monitor:disk,web\nactive_times = * 8-19 * * 1-5\npaused_times = @hourly\n"
    )
    text = (
        WEB + "[monitor:disk]\ntype=filesystem\npath=/\n[monitor:home]\ntype=filesystem\npath=/home\n" + more
    )
    _, home = config_of(load_text(tmp_path, text)).monitors
    assert home.depends_on == ("web", "web:w1", "monitor:disk")
    assert (home.active_times, home.paused_times) == ("* 8-19 * * 1-5", "@hourly")
    plain = one(tmp_path, "[monitor:disk]\ntype=filesystem\npath=/\nactive_times=\n")
    assert (plain.depends_on, plain.active_times, plain.paused_times) == ((), "", "")


@pytest.mark.parametrize(
    ("option", "code", "words"),
    [
        ("depends_on = wep", "V016", "there is no 'wep' in this configuration"),
        ("depends_on = monitor:web", "V016", "there is no 'monitor:web' in this configuration"),
        ("depends_on = monitor:disk", "V017", "wait for one another: disk -> disk"),
        ("active_times = at night", "V006", "at night"),
    ],
)
def test_what_is_wrong_with_what_it_depends_on(tmp_path: Path, option: str, code: str, words: str) -> None:
    result = load_text(tmp_path, f"{WEB}[monitor:disk]\ntype=filesystem\npath=/\n{option}\n")
    (found,) = result.diagnostics
    assert (found.code, found.where.line if found.where else 0) == (code, 8)
    assert words in found.text
