"""Advice about limits, identity and environment files."""

from pathlib import Path

import pytest

from config.build import advice
from vigild.config import lint_limits

P = "[program:x]\ncommand=/bin/sleep 5\n"
AS_NOBODY = "[supervisord]\nuser=nobody\n" + P


@pytest.mark.parametrize(
    ("code", "found", "left_alone"),
    [
        ("V231", AS_NOBODY + "group=www-data\n", P + "group=www-data\n"),
        ("V231", AS_NOBODY + "user=www-data\n", AS_NOBODY + "user=nobody\ngroup=nogroup\n"),
        ("V231", AS_NOBODY + "supplementary_groups=\n", P + "supplementary_groups=\n"),
        ("V231", AS_NOBODY + "nice=-1\n", AS_NOBODY + "nice=5\n"),
        ("V231", AS_NOBODY + "ionice=realtime\n", AS_NOBODY + "ionice=idle\n"),
        ("V231", AS_NOBODY + "oom_score_adj=-1\n", AS_NOBODY + "oom_score_adj=500\n"),
        ("V231", AS_NOBODY + "limit_nofile=9:unlimited\n", P + "limit_nofile=9:unlimited\n"),
        ("V231", AS_NOBODY + "limit_nofile=unlimited\n", AS_NOBODY + "limit_nofile=20\nlimit_locks=1\n"),
        ("V232", P + "limit_rss=1GB\n", P + "limit_as=1GB\n"),
        ("V232", P + "limit_locks=5\n", P + "limit_nproc=5\n"),
        ("V232", P + "limit_nproc=5\nuser=root\n", P + "limit_nproc=5\nuser=nobody\n"),
        ("V233", P + "limit_nofile=9:1024\n", P + "limit_nofile=10\n"),
        ("V233", P + "limit_as=512\n", P + "limit_as=512MB\n"),
        ("V233", P + "limit_stack=8\n", P + "limit_stack=unlimited\nlimit_core=0\n"),
        ("V234", P + "envfile=/no/such/.env\n", P + "envfile=-/no/such/.env\n"),
        ("V234", P + "envfile=/dev/null,/tmp\n", P + "envfile=/etc/passwd\n"),
        ("V235", P + "cpu_affinity=0,8191\n", P + "cpu_affinity=0\n"),
        ("V236", P + "limit_nofile=20:unlimited\n", P + "limit_nofile=1000\nlimit_core=unlimited\n"),
    ],
)  # fmt: skip
def test_what_is_found_and_what_is_left_alone(tmp_path: Path, code: str, found: str, left_alone: str) -> None:
    assert advice(tmp_path, found, code)
    assert advice(tmp_path, left_alone, code) == []


def test_each_missing_file_is_told_once_and_at_its_line(tmp_path: Path) -> None:
    text = P + "numprocs=2\nprocess_name=%(process_num)d\nenvfile=%(here)s/common,%(here)s/%(process_num)d\n"
    findings = advice(tmp_path, text, "V234")

    assert [finding.text.split(";")[0] for finding in findings] == [
        f"there is no file {tmp_path}/{name}" for name in ("common", "0", "1")
    ]
    assert {finding.where.line for finding in findings} == {5}


@pytest.mark.parametrize(("uid", "severities"), [(0, []), (1000, ["info"])])
def test_who_is_not_root_may_check_what_root_will_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, severities: list[str]
) -> None:
    monkeypatch.setattr("vigild.config.lint_limits.os.geteuid", lambda: uid)
    assert [finding.severity for finding in advice(tmp_path, P + "nice=-5\n", "V231")] == severities


def test_a_system_without_nr_open_has_no_such_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint_limits, "NR_OPEN_FILE", str(tmp_path / "none"))
    assert advice(tmp_path, P + "limit_nofile=20:unlimited\n", "V236") == []


def test_a_bad_line_of_an_environment_file_is_told_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "e").write_text("A=1\n\nsecret words\n")
    (finding,) = advice(tmp_path, P + "envfile=-%(here)s/e\n", "V237")

    assert str(finding).splitlines() == [
        f"{tmp_path}/e:3: warning: [program:x] envfile: not NAME=value, or a quote is not closed; "
        "the program will not start",
        "    hint: write NAME=value, with quotes around a value that holds blanks or #",
    ]
    (tmp_path / "e").write_text("A=1\n")
    assert advice(tmp_path, P + "envfile=%(here)s/e\n", "V237") == []


def test_a_file_that_cannot_be_read_here_is_left_alone(tmp_path: Path) -> None:
    assert advice(tmp_path, P + "envfile=/proc/self/mem\n", "V237") == []
