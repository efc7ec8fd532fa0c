"""Advice about alerts."""

from pathlib import Path

import pytest

from config.build import advice

P = "[program:web]\ncommand=/bin/sleep 5\n"
A = "[alert:x]\n"
URL = A + "url=https://hooks.example.com/SECRET\n"


def test_a_secret_in_a_file_that_everybody_reads(tmp_path: Path) -> None:
    path = tmp_path / "supervisord.conf"
    path.touch(0o644)
    (finding,) = advice(tmp_path, URL, "V501")
    assert 2 == finding.where.line
    assert "SECRET" not in str(finding)
    assert [] == advice(tmp_path, A + "url=https://%(ENV_X)s/\n", "V501", {"X": "y"})
    assert [] == advice(tmp_path, A + "url=exec:tell smtp://mail.example.com/?to=a\n", "V501")
    path.chmod(0o640)
    assert [] == advice(tmp_path, URL, "V501")


def test_a_file_of_addresses_that_others_may_use(tmp_path: Path) -> None:
    urls = tmp_path / "urls"
    urls.write_text("https://x/\n")
    urls.chmod(0o640)
    text = A + "url_file=%(here)s/urls\n"
    assert ["url_file"] == [finding.option for finding in advice(tmp_path, text, "V501")]
    urls.chmod(0o600)
    assert [] == advice(tmp_path, text, "V501")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "No such file"),
        ("# nothing\n", "holds no address"),
        ("https://x/\n# y\ndingtlk://SECRET\n", "urls:3: unknown scheme"),
        ("https://x/\n", None),
    ],
)
def test_what_a_file_of_addresses_holds(tmp_path: Path, content: str | None, found: str | None) -> None:
    if content is not None:
        (tmp_path / "urls").write_text(content)
    findings = advice(tmp_path, A + "url_file=%(here)s/urls\n", "V502")
    assert ([] if found is None else [True]) == [
        found is not None and found in item.text for item in findings
    ]
    assert "SECRET" not in "".join(map(str, findings))


def test_a_file_of_addresses_that_only_the_daemon_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("vigild.config.lint_alerts.open", refuse, raising=False)
    assert [] == advice(tmp_path, A + "url_file=%(here)s/urls\n", "V502")


@pytest.mark.parametrize(
    ("text", "option"),
    [
        (P + URL + "programs=wbe\n", "programs"),
        (P + URL + "programs=web\n", None),
        (P + URL + "programs=we*:*\n", None),
        (URL + "programs=wbe\n", None),
        (URL + "events=recovered\n", "events"),
        (URL + "quiet_pass=none\n", "quiet_pass"),
        (URL + "quiet_pass=none\nquiet_hours=1:00-2:00\n", None),
    ],
)
def test_alerts_and_options_that_do_nothing(tmp_path: Path, text: str, option: str | None) -> None:
    assert ([] if option is None else [option]) == [item.option for item in advice(tmp_path, text, "V503")]


def test_a_time_zone_that_is_unknown(tmp_path: Path) -> None:
    text = URL + "quiet_hours=22:00-07:00 "
    assert 1 == len(advice(tmp_path, text + "Asia/Shangai\n", "V504"))
    assert [] == advice(tmp_path, text + "Asia/Shanghai\n", "V504")
