"""Converters of readiness and health: what is taken, as what, and what is refused, at which column."""

from typing import Any

import pytest

from config.test_convert import AROUND
from vigild.config import convert_health as convert
from vigild.config.diagnostics import BadValueError
from vigild.core.probe import Probe, Scheme


@pytest.mark.parametrize(
    ("text", "probe"),
    [
        ("notify", Probe(Scheme.NOTIFY, "notify")),
        ("none", None),
        (" ", None),
        ("http://web", Probe(Scheme.HTTP, "http://web", "/", "web", 80)),
        ("http://h:81/a?b=c", Probe(Scheme.HTTP, "http://h:81/a?b=c", "/a?b=c", "h", 81)),
        ("http://h?b", Probe(Scheme.HTTP, "http://h?b", "/?b", "h", 80)),
        ("https://[::1]/x", Probe(Scheme.HTTP, "https://[::1]/x", "/x", "::1", 443, tls=True)),
        ("tcp://127.0.0.1:5432", Probe(Scheme.TCP, "tcp://127.0.0.1:5432", "", "127.0.0.1", 5432)),
        ("unix:///run/x.sock", Probe(Scheme.UNIX, "unix:///run/x.sock", "/run/x.sock")),
        ("exec: pg_isready -q", Probe(Scheme.EXEC, "exec: pg_isready -q", "pg_isready -q")),
        ("log:started in \\d+", Probe(Scheme.LOG, "log:started in \\d+", "started in \\d+")),
    ],
)
def test_schemes(text: str, probe: Probe | None) -> None:
    assert convert.readiness(text, AROUND) == probe
    if text != "notify":
        assert convert.healthcheck(text, AROUND) == probe


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ready", "neither notify nor"),
        ("ftp://x/", "unknown scheme, at column 1"),
        ("http:/x", "unknown scheme, at column 1"),
        ("http://", "ends too early, at column 8"),
        ("http://a b/", "cannot be read, at column 9"),
        ("http://a:b/", "cannot be read, at column 9"),
        ("http://a:70000/", "no such port, at column 10: 70000"),
        ("tcp://a", "cannot be read, at column 7"),
        ("tcp://a:0", "no such port, at column 9: 0"),
        ("unix:run/x", "no absolute path, at column 6"),
        ("exec: ", "no command, at column 6"),
        ("exec:a 'b", "cannot be split into words"),
        ("log:a(b", "not a regular expression, at column 6"),
        ("log:", "matches an empty line"),
    ],
)
def test_what_is_no_scheme_is_refused_with_its_column(text: str, complaint: str) -> None:
    with pytest.raises(BadValueError, match=complaint) as caught:
        convert.readiness(text, AROUND)
    assert caught.value.hint


def test_a_healthcheck_cannot_be_notify() -> None:
    with pytest.raises(BadValueError) as caught:
        convert.healthcheck("notify", AROUND)
    assert "watchdog_secs" in caught.value.hint


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.regex, "", ""),
        (convert.regex, "ok", "ok"),
        (convert.positive_seconds, "0.1", 0.1),
        (convert.positive_seconds, "2m", 120.0),
        (convert.retries, " 1 ", 1),
        (convert.statuses, "200-399", ((200, 399),)),
        (convert.statuses, "200, 204,301-302", ((200, 200), (204, 204), (301, 302))),
        (convert.on_unhealthy, "alert", ("alert",)),
        (convert.on_unhealthy, "restart , alert", ("restart", "alert")),
        (convert.on_unhealthy, "alert, exec:/bin/x a, b", ("alert", "exec:/bin/x a, b")),
        (convert.on_unhealthy, "exec: x", ("exec:x",)),
    ],
)
def test_what_is_taken(converter: Any, text: str, value: object) -> None:
    assert converter(text, AROUND) == value


@pytest.mark.parametrize(
    ("converter", "text", "complaint"),
    [
        (convert.regex, "a(", "at column 2"),
        (convert.positive_seconds, "0", "shorter than"),
        (convert.retries, "0", "not a number of failures"),
        (convert.retries, "many", "not a number of failures"),
        (convert.statuses, "200,x", "at column 5"),
        (convert.statuses, "300-200", "at column 1"),
        (convert.statuses, "999", "at column 1"),
        (convert.on_unhealthy, "", "no action"),
        (convert.on_unhealthy, "alert, reboot", "at column 8: 'reboot'"),
        (convert.on_unhealthy, "exec:", "no command"),
    ],
)
def test_what_is_refused(converter: Any, text: str, complaint: str) -> None:
    with pytest.raises(BadValueError, match=complaint):
        converter(text, AROUND)
