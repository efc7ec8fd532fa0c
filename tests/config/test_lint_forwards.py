"""Advice about forwards."""

import socket
from pathlib import Path

import pytest

from config.build import advice

P = "[program:web]\ncommand=/bin/sleep 5\n"
F = "[forward:x]\n"
LOKI = F + "url=loki+https://me:SECRET@loki.example.com\n"
UDP = F + "url=syslog+udp://a.example.com\n"


def test_a_secret_in_a_file_that_everybody_reads(tmp_path: Path) -> None:
    path = tmp_path / "supervisord.conf"
    path.touch(0o644)
    (finding,) = advice(tmp_path, LOKI, "V521")
    assert ("url", 2) == (finding.option, finding.where.line)
    assert "SECRET" not in str(finding)
    for without in (
        "otlp+https://%(ENV_X)s:y@host",
        "loki+https://loki.example.com?tenant=x",
        "syslog+tls://host",
        "journald:",
    ):
        assert [] == advice(tmp_path, f"{F}url={without}\n", "V521", {"X": "y"})
    path.chmod(0o640)
    assert [] == advice(tmp_path, LOKI, "V521")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("loki+http://a:SECRET@loki.example.com", 1),
        ("otlp+http://collector?token=SECRET", 1),
        ("otlp+http://collector?header=x-key:SECRET", 1),
        ("otlp+http://localhost:4318?token=SECRET", 0),
        ("loki+http://a:SECRET@127.0.0.1", 0),
        ("loki+http://loki.example.com", 0),
    ],
)
def test_a_secret_in_clear_text_on_the_network(tmp_path: Path, url: str, found: int) -> None:
    (tmp_path / "url").write_text(url)
    (tmp_path / "url").chmod(0o600)
    findings = advice(tmp_path, F + "url_file=%(here)s/url\n", "V521")
    assert found == len(findings)
    assert all("clear text" in item.text and item.option == "url_file" for item in findings)
    assert "SECRET" not in "".join(map(str, findings))
    (tmp_path / "supervisord.conf").chmod(0o600)
    assert ["url"] * found == [item.option for item in advice(tmp_path, f"{F}url={url}\n", "V521")]


def test_a_file_with_the_address_that_others_may_use(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("journald:\n")
    (tmp_path / "url").chmod(0o640)
    text = F + "url_file=%(here)s/url\n"
    assert ["url_file"] == [finding.option for finding in advice(tmp_path, text, "V521")]
    (tmp_path / "url").chmod(0o600)
    assert [] == advice(tmp_path, text, "V521")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, ["No such file"]),
        ("# nothing\n", ["holds no address"]),
        ("syslog+udp://a\nsyslog+udp://b\n", ["holds 2 addresses"]),
        ("# y\nlok+http://SECRET\n", ["url:2: unknown scheme"]),
        ("\n syslog+udp://a \n", []),
    ],
)
def test_what_the_file_holds(tmp_path: Path, content: str | None, found: list[str]) -> None:
    if content is not None:
        (tmp_path / "url").write_text(content)
    findings = advice(tmp_path, F + "url_file=%(here)s/url\n", "V522")
    assert len(found) == len(findings)
    assert all(part in item.text for part, item in zip(found, findings, strict=True))
    assert "SECRET" not in "".join(map(str, findings))


def test_a_file_that_only_the_daemon_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("vigild.config.lint_forwards.open", refuse, raising=False)
    assert [] == advice(tmp_path, F + "url_file=%(here)s/url\n", "V522")


def test_sockets_and_certificates_that_are_not_there(short_tmp: Path) -> None:
    (short_tmp / "there").touch()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(short_tmp / "log"))
    for url, found in (
        (f"syslog://{short_tmp}/log", 0),
        (f"syslog://{short_tmp}/gone", 1),
        (f"journald://{short_tmp}/gone", 1),
        (f"syslog://{short_tmp}/there", 1),
        (f"journald://{short_tmp}", 1),
        (f"syslog+tls://host?ca={short_tmp}/gone", 1),
        (f"otlp+https://host?ca={short_tmp}/there&cert={short_tmp}/gone&key={short_tmp}/gone", 1),
        ("syslog+tcp://host", 0),
    ):
        assert found == len(advice(short_tmp, f"{F}url={url}\n", "V522")), url


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (P + UDP + "programs=wbe\n", "no program is named wbe"),
        (P + UDP + "programs=web, nope:*\n", "no program is named nope:*"),
        (P + UDP + "programs=web:*\n", "no program is named web:*"),
        (P + "numprocs=2\nprocess_name=%(process_num)d\n" + UDP + "programs=w*:*\n", None),
        (UDP + "programs=web\n", None),
        (P + "redirect_stderr=true\n" + UDP + "channels=stderr\n", "write no stderr"),
        (P + "redirect_stderr=true\n" + UDP, None),
        (P + UDP + "channels=stderr\n", None),
    ],
)
def test_forwards_that_nothing_is_sent_to(tmp_path: Path, text: str, found: str | None) -> None:
    findings = advice(tmp_path, text, "V523")
    assert ([] if found is None else [True]) == [
        found is not None and found in item.text for item in findings
    ]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("", "", 1),
        ("channels=stdout\n", "channels=stderr\n", 0),
        ("programs=web\n", "programs=other\n", 0),
        ("programs=web\n", "programs=*\n", 1),
    ],
)
def test_two_forwards_to_one_place(tmp_path: Path, first: str, second: str, found: int) -> None:
    (tmp_path / "url").write_text("syslog+udp://a.example.com\n")
    programs = P + P.replace("web", "other")
    other = f"[forward:y]\nurl_file=%(here)s/url\n{second}"
    findings = advice(tmp_path, programs + UDP + first + other, "V523")
    assert found == len(findings)
    assert all("[forward:x]" in item.text and item.section == "forward:y" for item in findings)


def test_forwards_to_several_places_and_to_unknown_ones(tmp_path: Path) -> None:
    text = (
        P
        + UDP
        + "[forward:y]\nurl=syslog+udp://b\n[forward:z]\nurl_file=/gone\n[forward:q]\nurl_file=/gone\n"
    )
    assert [] == advice(tmp_path, text, "V523")
    (tmp_path / "empty").touch()
    assert [] == advice(tmp_path, P + F + "url_file=%(here)s/empty\nlabels=a-b=1\n", "V523")


@pytest.mark.parametrize(
    ("url", "label", "found"),
    [
        ("loki+http://host", "team", None),
        ("loki+http://host", "a-b", "under another name"),
        ("loki+http://host", "__x", "keeps names that begin with __"),
        ("loki+http://host", "program", "takes the place"),
        ("journald:", "team", None),
        ("journald:", "_x", "under another name"),
        ("syslog+udp://host", "a-b.c", None),
        ("syslog:///dev/null", "a" * 33, "under another name"),
        ("otlp+http://host", "deployment.environment", None),
        ("lok+http://host", "a-b", None),
    ],
)
def test_names_of_labels(tmp_path: Path, url: str, label: str, found: str | None) -> None:
    findings = advice(tmp_path, f"{F}url={url}\nlabels=ok=1,{label}=2\n", "V524")
    assert ([] if found is None else [True]) == [
        found is not None and found in item.text for item in findings
    ]


def test_a_batch_that_can_never_be_full(tmp_path: Path) -> None:
    (finding,) = advice(tmp_path, UDP + "batch_maxbytes=2MB\nbuffer_maxbytes=1MB\n", "V525")
    assert 3 == finding.where.line
    assert [] == advice(tmp_path, UDP, "V525")


def test_the_form_of_syslog_that_the_systems_socket_reads(tmp_path: Path) -> None:
    (finding,) = advice(tmp_path, F + "url=syslog:///dev/log\n", "V526")
    assert ("info", "url") == (finding.severity, finding.option)
    (tmp_path / "url").write_text("syslog:///dev/log?facility=local0")
    assert ["url_file"] == [one.option for one in advice(tmp_path, F + "url_file=%(here)s/url\n", "V526")]
    for url in ("syslog:///dev/log?format=rfc3164", "syslog:///run/logs", "syslog+udp://host", "journald:"):
        assert [] == advice(tmp_path, f"{F}url={url}\n", "V526")
