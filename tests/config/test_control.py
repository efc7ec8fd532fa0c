"""What supervisorctl reads of a file."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.build import write
from vigild.config.control import load_control, relevant_text
from vigild.config.control_config import ControlConfig
from vigild.config.diagnostics import has_errors
from vigild.config.ini import read_text

ENVIRON = {"HOME": "/home/me", "PASS": "secret"}


def test_without_a_file_the_defaults_hold() -> None:
    assert load_control(None, environ={}) == (ControlConfig(None), ())


def test_its_section_and_plugins_are_read_and_nothing_else(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [program:broken
        [supervisord]
        loglevel=loud
        [supervisorctl]
        serverurl=unix://%(here)s/x/../s.sock
        username=me
        password=%(ENV_PASS)s
        prompt=mine
        history_file=~/.history
        [ctlplugin:extra]
        supervisor.ctl_factory=my.module:make
        colour=%(ENV_PASS)s
        [include]
        files=none
        """,
    )
    control, findings = load_control(path, environ=ENVIRON)

    assert findings == ()
    assert control.server_url == f"unix://{tmp_path}/s.sock"
    assert (control.username, control.password, control.prompt) == ("me", "secret", "mine")
    assert control.history_file == "/home/me/.history"
    assert control.plugins == (("extra", "my.module:make", {"colour": "secret"}),)


def test_tcp_addresses_are_left_as_they_are(tmp_path: Path) -> None:
    control, _ = load_control(
        write(tmp_path, "[supervisorctl]\nserverurl=http://h:1\nhistory_file=\n"), environ={}
    )

    assert (control.server_url, control.history_file) == ("http://h:1", None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[supervisord]\n", "V004"),
        ("[supervisorctl]\nserverurl=%(nope)s\n", "V007"),
        ("[supervisorctl]\n[ctlplugin:x]\n", "V005"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, code: str) -> None:
    _, findings = load_control(write(tmp_path, text), environ={})

    assert [item.code for item in findings] == [code]
    assert has_errors(findings)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = load_control(f"{tmp_path}/none", environ={})[1]
    folder = load_control(str(tmp_path), environ={})[1]

    assert missing[0].text == f"could not find config file {tmp_path}/none"
    assert folder[0].text == f"could not read config file {tmp_path}"


def test_skipped_sections_leave_line_numbers_alone() -> None:
    text = "[program:x]\ncommand=a\n  [supervisord]\n[supervisorctl]\nprompt=p\n"
    kept = relevant_text(text)

    assert "command" not in kept
    assert read_text(kept, "f").sections["supervisorctl"].line == 4


def test_an_indented_header_makes_everything_be_read(tmp_path: Path) -> None:
    text = "[program:x]\n  [supervisorctl]\nprompt=p\n"
    path = write(tmp_path, text)

    assert relevant_text(text) == text
    assert load_control(path, environ={})[0].prompt == "p"


def test_a_client_does_not_load_the_model_of_programs(tmp_path: Path) -> None:
    path = write(tmp_path, "[supervisorctl]\n")
    late = (
        "vigild.config.model",
        "vigild.core.process",
        "vigild.config.load",
        "vigild.config.programs",
        "glob",
        "shlex",
    )
    script = f"import sys; from vigild.config.control import load_control; assert load_control({path!r}, environ={{}})[1] == (); print([m for m in {late!r} if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (ended.stdout, ended.stderr) == ("[]\n", "")
