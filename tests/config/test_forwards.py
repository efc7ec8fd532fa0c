"""`[forward:x]`, from text to values."""

from pathlib import Path

import pytest

from config.build import config_of, load_text, only
from vigild.config.forwards import FORWARDS_MAX
from vigild.config.model import ForwardConfig
from vigild.config.snapshot import from_json, to_json

WHOLE = """
    [forward:loki]
    url = loki+https://me:%(ENV_T)s@loki.example.com:3100/a%%20b?tenant=x
    programs = web:*  worker_*
    channels = stderr
    labels = env="prod", team="a, b"
    batch_seconds = 2
    batch_maxbytes = 64KB
    buffer_maxbytes = 1MB
"""


def test_everything_that_can_be_said_of_a_forward(tmp_path: Path) -> None:
    (forward,) = config_of(load_text(tmp_path, WHOLE, {"T": "SECRET"})).forwards
    expected = ForwardConfig(
        name="loki",
        url="loki+https://me:SECRET@loki.example.com:3100/a%20b?tenant=x",
        url_file=None,
        programs=("web:*", "worker_*"),
        channels=("stderr",),
        labels=(("env", "prod"), ("team", "a, b")),
        batch_seconds=2.0,
        batch_max_bytes=64 << 10,
        buffer_max_bytes=1 << 20,
    )
    assert expected == forward
    assert "SECRET" not in repr(forward)
    assert expected == from_json(to_json(forward), ForwardConfig)
    assert forward.where is not None
    assert 2 == forward.where.line


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    (forward,) = config_of(load_text(tmp_path, "[forward:x]\nurl=journald:\n")).forwards
    assert ForwardConfig("x", "journald:") == forward
    (forward,) = config_of(load_text(tmp_path, "[forward:x]\nurl_file=%(here)s/u\n")).forwards
    assert ForwardConfig("x", url_file=f"{tmp_path}/u") == forward


def test_a_change_of_the_address_is_a_change_and_of_its_line_is_none(tmp_path: Path) -> None:
    one = config_of(load_text(tmp_path, "[forward:x]\nurl=syslog+udp://a\n")).forwards
    same = config_of(load_text(tmp_path, "\n\n[forward:x]\nurl=syslog+udp://a\n")).forwards
    other = config_of(load_text(tmp_path, "[forward:x]\nurl=syslog+udp://b\n")).forwards
    assert one == same
    assert one != other


def test_without_such_sections_there_are_none(tmp_path: Path) -> None:
    assert () == config_of(load_text(tmp_path, "")).forwards


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[forward:x]\n", "V005", 1),
        ("[forward:x]\nurl=\n", "V006", 2),
        ("[forward:x]\nurl=journald:\nurl_file=/u\n", "V013", 3),
        ("[forward:x]\nurl_file=u\n", "V006", 2),
        ("[forward:]\nurl=journald:\n", "V008", 1),
        ("[forward:a\x7f]\nurl=journald:\n", "V008", 1),
        ("[forward:a b]\nurl=journald:\n", "V008", 1),
        ("[forward:x]\nurl=SECRET\n", "V006", 2),
        ("[forward:x]\nurl=syslog+tcp://me:SECRET@host\n", "V006", 2),
        ("[forward:x]\nurl=journald:\nchannels=stdin\n", "V006", 3),
        ("[forward:x]\nurl=loki+http://%(ENV_NONE)s/\n", "V007", 2),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, code: str, line: int) -> None:
    loaded = load_text(tmp_path, text)
    assert loaded.config is None
    finding = only(loaded, code)
    assert line == finding.where.line
    assert "SECRET" not in str(finding)


def test_a_misspelt_scheme_is_suggested(tmp_path: Path) -> None:
    finding = only(load_text(tmp_path, "[forward:x]\nurl=lok+http://SECRET\n"), "V006")
    assert "unknown scheme 'lok+http'" in finding.text
    assert "did you mean loki+http?" in finding.hint


def test_there_is_an_end_to_forwards(tmp_path: Path) -> None:
    text = "".join(f"[forward:a{number}]\nurl=journald:\n" for number in range(FORWARDS_MAX + 1))
    assert f"[forward:a{FORWARDS_MAX}]" in str(only(load_text(tmp_path, text), "V006"))
