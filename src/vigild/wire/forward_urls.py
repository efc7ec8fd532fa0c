"""The URL of a receiver of programs' output to a target with named fields; what is wrong with it, without a secret.

`docs/reference/forward-urls.md` says how each looks. Every target has `shown`: its URL with all secrets hidden, fit for
logs and for status. Fields that are secret do not appear in `repr` either.
"""

from dataclasses import field
from enum import StrEnum

from vigild.core.frozen import frozen
from vigild.wire.url_parts import (
    HIDDEN,
    Options,
    Parts,
    Place,
    ReceiverUrlError,
    decode,
    header_of,
    place_of,
    split_url,
)

JOURNALD_SOCKET = "/run/systemd/journal/socket"
MIN_MESSAGE_BYTES = 480  # what every receiver of syslog must take (RFC 5426)
UDP_MESSAGE_BYTES = 2048  # what every receiver should take
MAX_MESSAGE_BYTES = 128 << 10  # more than a line with all that stands before it
MAX_UDP_BYTES = 65000
NO_ENTERPRISE = 32473  # RFC 5612: the number for examples, which belongs to nobody


class Kind(StrEnum):
    """A kind of receiver, and the way to it."""

    SYSLOG_SOCKET = "syslog"
    SYSLOG_UDP = "syslog+udp"
    SYSLOG_TCP = "syslog+tcp"
    SYSLOG_TLS = "syslog+tls"
    JOURNALD = "journald"
    LOKI = "loki"
    OTLP = "otlp"


class SyslogFormat(StrEnum):
    """How a message for syslog is written."""

    RFC5424 = "rfc5424"
    RFC3164 = "rfc3164"  # what glibc's syslog(3) sends


@frozen
class TlsFiles:
    """Certificates: whom to trust ("": the authorities of the system), and who we are ("": nobody)."""

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


NO_FILES = TlsFiles()


@frozen
class Syslog:
    """A receiver of syslog: the socket at `path`, or `host` and `port`.

    `facility` is its number. `app_name`: instead of the program's name. `enterprise`: the number behind our structured
    data. `max_bytes`: how long a message may be, all of it. `level_prefix`: a line's `<N>` says how bad it is.
    """

    kind: Kind
    shown: str
    path: str = ""
    host: str = ""
    port: int = 0
    facility: int = 1
    app_name: str = ""
    format: SyslogFormat = SyslogFormat.RFC5424
    enterprise: int = NO_ENTERPRISE
    max_bytes: int = MAX_MESSAGE_BYTES
    level_prefix: bool = True
    tls: TlsFiles = NO_FILES


@frozen
class Journald:
    """The journal of systemd, by its own protocol, at the socket `path`."""

    shown: str
    path: str = JOURNALD_SOCKET
    facility: int = 1
    app_name: str = ""
    level_prefix: bool = True
    kind: Kind = Kind.JOURNALD


@frozen
class Web:
    """Loki or OTLP: one request for each batch, to `url`. `tenant` is Loki's; `token` a bearer's."""

    kind: Kind
    shown: str
    url: str = field(repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    tenant: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    gzip: bool = True
    level_prefix: bool = True
    tls: TlsFiles = NO_FILES


Target = Syslog | Journald | Web

FACILITIES = {
    name: number
    for number, name in enumerate(
        (
            *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
            *("ntp", "audit", "alert", "clock", *(f"local{number}" for number in range(8))),
        )
    )
}  # fmt: skip
_FORMS = {
    "syslog": "syslog:///dev/log",
    "syslog+udp": "syslog+udp://HOST:514",
    "syslog+tcp": "syslog+tcp://HOST:601",
    "syslog+tls": "syslog+tls://HOST:6514?ca=/path/to/ca.pem",
    "journald": "journald:",
    "loki+http": "loki+http://HOST:3100",
    "loki+https": "loki+https://USER:PASSWORD@HOST",
    "otlp+http": "otlp+http://HOST:4318",
    "otlp+https": "otlp+https://HOST?token=…",
}
SCHEMES = tuple(_FORMS)
_PORTS = {
    "syslog+udp": 514,
    "syslog+tcp": 601,
    "syslog+tls": 6514,
    "loki+http": 3100,
    "loki+https": 443,
    "otlp+http": 4318,
    "otlp+https": 443,
}
_PATHS = {Kind.LOKI: "/loki/api/v1/push", Kind.OTLP: "/v1/logs"}


def parse_target(url: str) -> Target:
    """The target that `url` names. Raises ReceiverUrlError, whose text and hint show no secret."""
    text = url.strip()
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in _FORMS:
        raise _unknown_scheme(scheme if colon else "")
    if scheme == "journald" and not rest.startswith("//"):
        text = f"journald://{rest}"
    parts = split_url(text, _FORMS[scheme])
    options = Options(parts.query, parts.fragment)
    if scheme in ("syslog", "journald"):
        target: Target = _socket(scheme, parts, options)
    elif scheme.startswith("syslog+"):
        target = _syslog(Kind(scheme), parts, options)
    else:
        target = _web(parts, options)
    options.done()
    return target


def shown_url(url: str) -> str:
    """What people may see of `url`, whatever is wrong with it."""
    try:
        return parse_target(url).shown
    except ReceiverUrlError:
        scheme = url.strip().partition(":")[0].lower()
        return f"{scheme}://{HIDDEN}" if scheme in _FORMS else HIDDEN


def _unknown_scheme(scheme: str) -> ReceiverUrlError:
    plain = scheme.replace("+", "")
    known = f"write one of {', '.join(SCHEMES)}"
    if plain.isascii() and plain.isalpha() and len(scheme) <= 12:
        hint = f"write {scheme}+http:// or {scheme}+https://" if scheme in ("loki", "otlp") else known
        return ReceiverUrlError(f"unknown scheme {scheme!r}", hint)
    return ReceiverUrlError("it begins with no scheme that is known", known)


def _socket(scheme: str, parts: Parts, options: Options) -> Syslog | Journald:
    """What listens on this machine."""
    path = decode(parts.path)
    if parts.authority or (not path and scheme == "syslog"):
        others = "; another machine is syslog+udp://, syslog+tcp:// or syslog+tls://"
        hint = f"write {_FORMS[scheme]}{others if scheme == 'syslog' else ' or journald:///path/of/socket'}"
        raise ReceiverUrlError("the path of a socket belongs here, with three slashes before it", hint)
    if len(path.encode()) > 107:
        raise ReceiverUrlError("no socket has so long a path", "107 bytes are the most")
    facility, app_name, level_prefix = _common(options)
    if scheme == "journald":
        shown = f"journald://{path}" if path else "journald:"
        return Journald(shown, path or JOURNALD_SOCKET, facility, app_name, level_prefix)
    return Syslog(
        Kind.SYSLOG_SOCKET,
        f"syslog://{path}",
        path=path,
        facility=facility,
        app_name=app_name,
        format=_format(options),
        enterprise=_enterprise(options),
        max_bytes=_max_bytes(options, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES),
        level_prefix=level_prefix,
    )


def _syslog(kind: Kind, parts: Parts, options: Options) -> Syslog:
    place = _place(parts)
    if place.userinfo or parts.path.strip("/"):
        raise ReceiverUrlError("syslog knows no user, password or path", f"write {_FORMS[kind]}")
    facility, app_name, level_prefix = _common(options)
    usual, most = (
        (UDP_MESSAGE_BYTES, MAX_UDP_BYTES)
        if kind is Kind.SYSLOG_UDP
        else (MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES)
    )
    return Syslog(
        kind,
        f"{kind}://{place}",
        host=place.host,
        port=place.port,
        facility=facility,
        app_name=app_name,
        format=_format(options),
        enterprise=_enterprise(options),
        max_bytes=_max_bytes(options, usual, most),
        level_prefix=level_prefix,
        tls=_tls(options) if kind is Kind.SYSLOG_TLS else NO_FILES,
    )


def _web(parts: Parts, options: Options) -> Web:
    place = _place(parts)
    service, _, http = parts.scheme.partition("+")
    kind = Kind(service)
    user, colon, password = place.userinfo.partition(":")
    token = options.one("token")
    if user and not colon:
        raise ReceiverUrlError("a user without a password", f"write {parts.scheme}://USER:PASSWORD@HOST")
    if token and place.userinfo:
        raise ReceiverUrlError("a user and a token", "write one of them")
    if not (token.isascii() and token.isprintable()):
        raise ReceiverUrlError(
            "token= holds what no header can hold", "write letters, digits and signs of ASCII"
        )
    tenant = options.one("tenant") if kind is Kind.LOKI else ""
    if not (tenant.isascii() and tenant.isprintable()):
        raise ReceiverUrlError(
            "tenant= holds what no header can hold", "write letters, digits and signs of ASCII"
        )
    address = place._replace(userinfo="")
    prefix = parts.path.rstrip("/")
    path = prefix if prefix.endswith(_PATHS[kind]) else prefix + _PATHS[kind]
    is_known = bool(token or place.userinfo)
    beyond = f"/{HIDDEN}" if prefix not in ("", _PATHS[kind]) else ""
    return Web(
        kind,
        f"{parts.scheme}://{HIDDEN + '@' if is_known else ''}{address}{beyond}{'?tenant=' + tenant if tenant else ''}",
        f"{http}://{address}{path}",
        decode(user),
        decode(password),
        token,
        tenant,
        tuple(map(header_of, options.all("header"))),
        options.choice("gzip", "yes", "no") == "yes",
        options.choice("level_prefix", "yes", "no") == "yes",
        _tls(options) if http == "https" else NO_FILES,
    )


def _place(parts: Parts) -> Place:
    """Where it is, with the port that is usual for it."""
    place = place_of(parts.authority, _FORMS[parts.scheme])
    return place if place.port else place._replace(port=_PORTS[parts.scheme])


def _common(options: Options) -> tuple[int, str, bool]:
    """The facility, the name and whether `<N>` is looked at: what all that speak of syslog's levels have."""
    facility = options.one("facility", "user").lower()
    if facility not in FACILITIES:
        raise ReceiverUrlError("facility= is none that there is", f"write one of {', '.join(FACILITIES)}")
    app_name = options.one("app_name")
    if app_name and not (
        app_name.isascii() and app_name.isprintable() and " " not in app_name and len(app_name) <= 48
    ):
        raise ReceiverUrlError(
            "app_name= is no name for syslog", "48 letters, digits and signs of ASCII at most, no blank"
        )
    return FACILITIES[facility], app_name, options.choice("level_prefix", "yes", "no") == "yes"


def _format(options: Options) -> SyslogFormat:
    return SyslogFormat(options.choice("format", "rfc5424", "rfc3164"))


def _enterprise(options: Options) -> int:
    return options.number("enterprise", NO_ENTERPRISE, 1, 999_999_999)


def _max_bytes(options: Options, usual: int, most: int) -> int:
    return options.number("max_bytes", usual, MIN_MESSAGE_BYTES, most)


def _tls(options: Options) -> TlsFiles:
    files = TlsFiles(options.file("ca"), options.file("cert"), options.file("key"))
    if files.key_file and not files.cert_file:
        raise ReceiverUrlError(
            "key= without cert=", "a key belongs to a certificate: add cert=/path/to/cert.pem"
        )
    return files
