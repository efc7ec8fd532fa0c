"""`[alert:x]`, from text to values."""

from pathlib import Path

import pytest

from config.build import config_of, load_text, only
from vigild.config.alerts import ALERTS_MAX
from vigild.config.model import AlertConfig, QuietHours
from vigild.config.snapshot import from_json, to_json

WHOLE = """
    [alert:ops]
    url = dingtalk://%(ENV_T)s?secret=SEC1,
          smtps://me:pa%%40ss@mail.example.com/?from=a@b&to=c@d,e@f
          exec:/usr/bin/tell --loud, please
    url_file = %(here)s/urls
    events = critical, !schedule recovered
    programs = web:*  worker_*
    monitors = disk*
    batch_seconds = 1m
    repeat_seconds = 4h
    quiet_hours = 22:00-07:00, 12:00-13:30 Asia/Shanghai
    quiet_pass = none
    max_per_hour = 20
    output_lines = 3
    language = zh
    template = $title: $text
"""


def test_everything_that_can_be_said_of_an_alert(tmp_path: Path) -> None:
    (alert,) = config_of(load_text(tmp_path, WHOLE, {"T": "token"})).alerts
    expected = AlertConfig(
        name="ops",
        urls=(
            "dingtalk://token?secret=SEC1",
            "smtps://me:pa%40ss@mail.example.com/?from=a@b&to=c@d,e@f",
            "exec:/usr/bin/tell --loud, please",
        ),
        url_file=f"{tmp_path}/urls",
        events=("critical", "!schedule", "recovered"),
        programs=("web:*", "worker_*"),
        monitors=("disk*",),
        batch_seconds=60.0,
        repeat_seconds=4 * 3600.0,
        quiet_hours=QuietHours(((22 * 60, 7 * 60), (12 * 60, 13 * 60 + 30)), "Asia/Shanghai"),
        quiet_pass="none",
        max_per_hour=20,
        output_lines=3,
        language="zh",
        template="$title: $text",
    )
    assert expected == alert
    assert "token" not in repr(alert)
    assert expected == from_json(to_json(alert), AlertConfig)


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    (alert,) = config_of(load_text(tmp_path, "[alert:ops]\nurl=https://hooks.example.com/x\n")).alerts
    assert AlertConfig("ops", ("https://hooks.example.com/x",)) == alert


def test_a_change_of_an_address_is_a_change(tmp_path: Path) -> None:
    one = config_of(load_text(tmp_path, "[alert:ops]\nurl=https://a/\n")).alerts
    same = config_of(load_text(tmp_path, "\n\n[alert:ops]\nurl=https://a/\n")).alerts
    other = config_of(load_text(tmp_path, "[alert:ops]\nurl=https://b/\n")).alerts
    assert one == same
    assert one != other


def test_without_such_sections_there_are_none(tmp_path: Path) -> None:
    assert () == config_of(load_text(tmp_path, "")).alerts


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[alert:x]\n", "V005", 1),
        ("[alert:x]\nurl=\n", "V005", 1),
        ("[alert:]\nurl=https://x/\n", "V008", 1),
        ("[alert:a\x7f]\nurl=https://x/\n", "V008", 1),
        ("[alert:a b]\nurl=https://x/\n", "V008", 1),
        ("[alert:x]\nurl=dingtlk://SECRET\n", "V006", 2),
        ("[alert:x]\nurl=https://x/\nevents=dwn\n", "V006", 3),
        ("[alert:x]\nurl=https://%(ENV_NONE)s/\n", "V007", 2),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, code: str, line: int) -> None:
    loaded = load_text(tmp_path, text)
    assert loaded.config is None
    finding = only(loaded, code)
    assert line == finding.where.line
    assert "SECRET" not in str(finding)


def test_a_misspelt_scheme_is_suggested(tmp_path: Path) -> None:
    finding = only(load_text(tmp_path, "[alert:x]\nurl=https://x/ dingtlk://SECRET\n"), "V006")
    assert "address 2: unknown scheme 'dingtlk'" in finding.text
    assert "did you mean dingtalk?" in finding.hint


def test_there_is_an_end_to_alerts(tmp_path: Path) -> None:
    text = "".join(f"[alert:a{number}]\nurl=https://x/\n" for number in range(ALERTS_MAX + 1))
    assert "[alert:a100]" in str(only(load_text(tmp_path, text), "V006"))
