import pytest

from config.test_convert import AROUND
from vigild.config import convert_monitors
from vigild.config.diagnostics import BadValueError


def test_types_and_what_was_meant() -> None:
    assert convert_monitors.monitor_type(" file ", AROUND) == "file"
    with pytest.raises(BadValueError) as caught:
        convert_monitors.monitor_type("filesystm", AROUND)
    assert "filesystem" in caught.value.hint


def test_intervals_are_a_second_or_more() -> None:
    assert convert_monitors.interval("5m", AROUND) == 300
    with pytest.raises(BadValueError):
        convert_monitors.interval("0.5", AROUND)


def test_paths_are_from_the_root_on() -> None:
    assert convert_monitors.absolute_path(" /var ", AROUND) == "/var"
    with pytest.raises(BadValueError):
        convert_monitors.absolute_path("var", AROUND)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ping://10.0.0.1", {"scheme": "ping", "host": "10.0.0.1"}),
        ("ping://[::1]/", {"scheme": "ping", "host": "::1"}),
        ("tcp://db:5432", {"scheme": "tcp", "target": "", "host": "db", "port": 5432, "tls": False}),
        ("udp://[::1]:53", {"scheme": "udp", "target": "", "host": "::1", "port": 53, "tls": False}),
        ("tls://mail:993", {"scheme": "tcp", "target": "", "host": "mail", "port": 993, "tls": True}),
        ("https://x/a?b", {"scheme": "http", "target": "/a?b", "host": "x", "port": 443, "tls": True}),
        ("unix:///run/x.sock", {"scheme": "unix", "target": "/run/x.sock"}),
    ],
)
def test_addresses_in_parts(text: str, parts: dict[str, object]) -> None:
    assert convert_monitors.url(text, AROUND) == parts


@pytest.mark.parametrize(
    "text", ["", "host", "exec:ls", "log:x", "ftp://x", "ping://", "tcp://x", "udp://x", "notify"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BadValueError):
        convert_monitors.url(text, AROUND)


def test_statuses_headers_methods_and_checksums() -> None:
    assert convert_monitors.status_ranges("200, 300-302", AROUND) == [[200, 200], [300, 302]]
    assert convert_monitors.headers("Host: a b\n\nX-Y:z", AROUND) == {"Host": "a b", "X-Y": "z"}
    assert convert_monitors.method("head", AROUND) == "HEAD"
    assert convert_monitors.checksum("SHA256", AROUND) == "sha256"
    for convert, text in (
        (convert_monitors.headers, "Authorization secret"),
        (convert_monitors.method, "BREW"),
        (convert_monitors.checksum, "crc"),
    ):
        with pytest.raises(BadValueError) as caught:
            convert(text, AROUND)
        assert "secret" not in str(caught.value)


def test_commands_are_words() -> None:
    assert convert_monitors.command(" ls -l ", AROUND) == "ls -l"
    for text in ("", "ls 'x"):
        with pytest.raises(BadValueError):
            convert_monitors.command(text, AROUND)
