import pytest

from vigild.wire.forward_urls import (
    FACILITIES,
    Journald,
    Kind,
    Syslog,
    SyslogFormat,
    Target,
    TlsFiles,
    Web,
    parse_target,
    shown_url,
)
from vigild.wire.url_parts import ReceiverUrlError

SECRET = "Secr3tNever5hown"
LONG = "x" * 110


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("syslog:///dev/log", Syslog(Kind.SYSLOG_SOCKET, "syslog:///dev/log", path="/dev/log")),
        (
            "syslog:///run/a%20b?facility=local3&app_name=shop&format=rfc3164&level_prefix=no&max_bytes=8192",
            Syslog(
                Kind.SYSLOG_SOCKET,
                "syslog:///run/a b",
                path="/run/a b",
                facility=19,
                app_name="shop",
                format=SyslogFormat.RFC3164,
                max_bytes=8192,
                level_prefix=False,
            ),
        ),
        (
            "syslog+udp://Logs.example.com",
            Syslog(
                Kind.SYSLOG_UDP,
                "syslog+udp://logs.example.com:514",
                host="logs.example.com",
                port=514,
                max_bytes=2048,
            ),
        ),
        (
            "syslog+tcp://[::1]:1601/?enterprise=99",
            Syslog(Kind.SYSLOG_TCP, "syslog+tcp://[::1]:1601", host="::1", port=1601, enterprise=99),
        ),
        (
            "SYSLOG+TLS://logs?ca=/ca.pem&cert=/me.pem&key=/me.key",
            Syslog(
                Kind.SYSLOG_TLS,
                "syslog+tls://logs:6514",
                host="logs",
                port=6514,
                tls=TlsFiles("/ca.pem", "/me.pem", "/me.key"),
            ),
        ),
        ("journald:", Journald("journald:")),
        ("journald://", Journald("journald:")),
        (
            "journald:?facility=daemon&app_name=shop&level_prefix=no",
            Journald("journald:", facility=3, app_name="shop", level_prefix=False),
        ),
        ("journald:///run/j", Journald("journald:///run/j", "/run/j")),
        (
            "loki+http://loki.example.com",
            Web(
                Kind.LOKI,
                "loki+http://loki.example.com:3100",
                "http://loki.example.com:3100/loki/api/v1/push",
            ),
        ),
        (
            f"loki+https://me:{SECRET}%40@logs.example.com/pre/{SECRET}/?tenant=acme&ca=/ca.pem&gzip=no",
            Web(
                Kind.LOKI,
                "loki+https://***@logs.example.com:443/***?tenant=acme",
                f"https://logs.example.com:443/pre/{SECRET}/loki/api/v1/push",
                "me",
                SECRET + "@",
                tenant="acme",
                gzip=False,
                tls=TlsFiles("/ca.pem"),
            ),
        ),
        (
            f"otlp+http://otel?token={SECRET}&header=X-Key:%20{SECRET}&level_prefix=no",
            Web(
                Kind.OTLP,
                "otlp+http://***@otel:4318",
                "http://otel:4318/v1/logs",
                token=SECRET,
                headers=(("X-Key", SECRET),),
                level_prefix=False,
            ),
        ),
        ("otlp+https://otel/v1/logs", Web(Kind.OTLP, "otlp+https://otel:443", "https://otel:443/v1/logs")),
        (
            f"otlp+https://otel/{SECRET}/v1/logs",
            Web(Kind.OTLP, "otlp+https://otel:443/***", f"https://otel:443/{SECRET}/v1/logs"),
        ),
    ],
)
def test_targets(url: str, expected: Target) -> None:
    target = parse_target(f" {url}\n")
    assert expected == target
    assert expected.shown == shown_url(url)
    assert SECRET not in target.shown + repr(target)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (SECRET, "no scheme that is known"),
        (f"{SECRET}{SECRET}://x", "no scheme that is known"),
        ("kafka://x", "unknown scheme 'kafka'"),
        ("loki://x", "unknown scheme 'loki'"),
        ("syslog:", "not an address"),
        ("syslog://", "the path of a socket"),
        ("syslog://host", "the path of a socket"),
        ("journald://host/path", "the path of a socket"),
        (f"syslog:///{LONG}", "so long a path"),
        ("syslog+udp://", "the host or the port"),
        (f"syslog+tcp://me:{SECRET}@x", "no user"),
        (f"syslog+tcp://x/{SECRET}", "no user, password or path"),
        ("syslog+tcp://x?facility=nobody", "facility="),
        ("syslog+tcp://x?app_name=a%20b", "app_name="),
        ("syslog+tcp://x?app_name=é", "app_name="),
        (f"syslog+tcp://x?app_name={LONG}", "app_name="),
        ("syslog+tcp://x?ca=/x", "unknown option 'ca'"),
        ("syslog+tls://x?ca=ca.pem", "ca= is no absolute path"),
        ("syslog+tls://x?key=/key", "key= without cert="),
        ("syslog+udp://x?max_bytes=70000", "max_bytes="),
        ("syslog+udp://x?enterprise=0", "enterprise="),
        ("journald:?format=rfc5424", "unknown option"),
        (f"otlp+http://{SECRET}@x", "a user without a password"),
        (f"otlp+http://a:{SECRET}@x?token={SECRET}", "a user and a token"),
        (f"otlp+http://x?token={SECRET}%0d%0aX:1", "token= holds"),
        (f"loki+http://x?tenant={SECRET}%0d%0aX:1", "tenant= holds"),
        ("otlp+http://x?tenant=acme", "unknown option 'tenant'"),
        (f"otlp+http://x?header={SECRET}", "header= is no header"),
        ("otlp+http://x?ca=/ca.pem", "unknown option 'ca'"),
    ],
)
def test_what_is_wrong_is_said_without_a_secret(url: str, reason: str) -> None:
    with pytest.raises(ReceiverUrlError) as caught:
        parse_target(url)
    assert reason in str(caught.value)
    assert caught.value.hint
    assert SECRET not in str(caught.value) + caught.value.hint + shown_url(url)


def test_a_wrong_url_is_shown_by_its_scheme_at_most() -> None:
    assert "loki+https://***" == shown_url(f"loki+https://{SECRET}@")
    assert "***" == shown_url(SECRET)


def test_facilities_have_the_numbers_of_the_standard() -> None:
    assert (0, 1, 3, 10, 16, 23) == tuple(
        FACILITIES[name] for name in ("kern", "user", "daemon", "authpriv", "local0", "local7")
    )
