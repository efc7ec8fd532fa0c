"""The sample configuration is complete, and loads."""

import io
import os
import re
from pathlib import Path

import pytest

from vigild.classic.echo_supervisord_conf import main
from vigild.config import options
from vigild.config.load import load


@pytest.fixture(scope="module")
def sample() -> str:
    out = io.StringIO()
    assert main(out) == 0
    return out.getvalue()


def section(sample: str, name: str) -> str:
    match = re.search(rf"^;?\[{name}(?::\w+)?\].*?(?=^;?\[|\Z)", sample, re.MULTILINE | re.DOTALL)
    assert match, f"no [{name}] in the sample"
    return match[0]


TABLES = {
    "unix_http_server": options.UNIX_HTTP_SERVER,
    "inet_http_server": options.INET_HTTP_SERVER,
    "supervisord": options.SUPERVISORD,
    "supervisorctl": options.SUPERVISORCTL,
    "program": options.PROGRAM,
    "eventlistener": options.EVENTLISTENER,
    "group": options.GROUP,
    "alert": options.ALERT,
    "include": options.INCLUDE,
    "rpcinterface": options.RPCINTERFACE,
    "ctlplugin": options.CTLPLUGIN,
}
# One limit stands for all. An event listener's stdout carries the protocol: capturing makes no sense there;
# what a program runs as and under is said once.
LIMITS = {name for name in options.PROGRAM if name.startswith("limit_")} - {"limit_nofile"}
SETUP = {option.name for option in options.IDENTITY_OPTIONS} | {"limit_nofile"}
LEFT_OUT = {
    "program": LIMITS,
    "eventlistener": {"stdout_capture_maxbytes", "stderr_capture_maxbytes"} | LIMITS | SETUP,
}


@pytest.mark.parametrize("name", TABLES)
def test_every_option_is_there(sample: str, name: str) -> None:
    text = section(sample, name)
    missing = [
        option for option in TABLES[name] if not re.search(rf"^;?{re.escape(option)} ?=", text, re.MULTILINE)
    ]
    assert set(missing) <= LEFT_OUT.get(name, set())


def test_options_that_fcgi_programs_add_are_there(sample: str) -> None:
    text = section(sample, "fcgi-program")
    assert {option for option in options.FCGI_PROGRAM if option.startswith("socket")} == set(
        re.findall(r"^;(socket\w*)=", text, re.MULTILINE)
    )


def test_it_loads_without_a_finding(sample: str, tmp_path: Path) -> None:
    path = tmp_path / "sample.conf"
    path.write_text(sample)
    loaded = load(str(path), environ=os.environ)
    assert loaded.config is not None
    assert [str(finding) for finding in loaded.diagnostics] == []
    assert loaded.config.servers[0].path == "/tmp/supervisor.sock"
    assert loaded.config.groups == ()


def test_defaults_that_are_written_out_are_the_defaults(sample: str) -> None:
    for name in ("supervisord", "program", "eventlistener", "group", "alert"):
        for option, value in re.findall(r"^;?(\w+)=(\S+)\s*;", section(sample, name), re.MULTILINE):
            default = TABLES[name][option].default
            if default in ("true", "false") and option not in ("redirect_stderr", "nocleanup"):
                assert (name, option, default) == (name, option, value)


def test_every_line_fits_what_tools_edit(sample: str) -> None:
    # People uncomment lines with sed; that needs `;option=value` at the line's start.
    for line in (
        "[unix_http_server]",
        "file=/tmp/supervisor.sock",
        ";[include]",
        ";files = relative/directory/*.ini",
    ):
        assert re.search(rf"^{re.escape(line)}", sample, re.MULTILINE)
