"""The URL of a receiver of alerts to a target with named fields; what is wrong with it, without showing a secret.

`docs/reference/alert-urls.md` says how each looks. Every target has `shown`: its URL with all secrets hidden, fit for logs
and for status. Fields that are secret do not appear in `repr` either.
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


class Service(StrEnum):
    """A kind of receiver."""

    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
    SLACK = "slack"
    TELEGRAM = "telegram"
    MAIL = "mail"
    SMS = "sms"
    WEBHOOK = "webhook"
    EXEC = "exec"
    APPRISE = "apprise"


class Tls(StrEnum):
    """How a connection for mail is encrypted."""

    NONE = "no"
    STARTTLS = "starttls"
    FIRST = "tls"  # from the first byte


@frozen
class Robot:
    """A robot in a group of DingTalk, WeCom or Feishu, or a Slack webhook (its token is `T…/B…/…`)."""

    service: Service
    shown: str
    base: str
    token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    ca_file: str = ""


@frozen
class TelegramChat:
    """A chat, group or channel that a Telegram bot may write to. `thread`: a topic of a forum, "" for none."""

    shown: str
    base: str
    token: str = field(repr=False)
    chat: str
    thread: str = ""
    silent: bool = False
    ca_file: str = ""
    service: Service = Service.TELEGRAM


@frozen
class Mailbox:
    """Who gets mail, and through which server."""

    shown: str
    host: str
    port: int
    tls: Tls
    sender: str
    to: tuple[str, ...]
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca_file: str = ""
    service: Service = Service.MAIL


@frozen
class Web:
    """A webhook (JSON of our own, or `body`) or an SMS gateway (one request for each of `numbers`).

    `url` and `body` may hold `{text}`, `{title}` and `{number}`; `body_type` says how these are written into the body.
    `expect`: what an answer must contain to be a success. `max_chars`: how long the text may be, 0: as long as it is.
    """

    service: Service
    shown: str
    url: str = field(repr=False)
    method: str = "POST"
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: str = field(default="", repr=False)
    body_type: str = "json"
    numbers: tuple[str, ...] = ()
    expect: str = ""
    max_chars: int = 0
    ca_file: str = ""


@frozen
class Program:
    """A command that gets the message as JSON on stdin."""

    shown: str
    command: str = field(repr=False)
    service: Service = Service.EXEC


@frozen
class AppriseUrl:
    """Any service that the library Apprise knows."""

    shown: str
    url: str = field(repr=False)
    service: Service = Service.APPRISE


Target = Robot | TelegramChat | Mailbox | Web | Program | AppriseUrl

_BASES = {
    "dingtalk": (Service.DINGTALK, "https://oapi.dingtalk.com"),
    "wecom": (Service.WECOM, "https://qyapi.weixin.qq.com"),
    "feishu": (Service.FEISHU, "https://open.feishu.cn"),
    "lark": (Service.FEISHU, "https://open.larksuite.com"),
    "slack": (Service.SLACK, "https://hooks.slack.com"),
}
_FORMS = {
    "dingtalk": "dingtalk://TOKEN?secret=SEC…",
    "wecom": "wecom://KEY",
    "feishu": "feishu://TOKEN?secret=…",
    "lark": "lark://TOKEN?secret=…",
    "slack": "slack://T…/B…/…",
    "telegram": "telegram://BOTTOKEN/CHATID",
    "smtp": "smtp://USER:PASSWORD@HOST?to=ADDRESS",
    "smtps": "smtps://USER:PASSWORD@HOST?to=ADDRESS",
}
_SIGNED = (Service.DINGTALK, Service.FEISHU)
_FEISHU_PATH = "/open-apis/bot/v2/hook/"
# host -> (our scheme, where the token stands: in the query under this name, or in the path after this)
_HOSTS = {
    "oapi.dingtalk.com": ("dingtalk", "/robot/send", "access_token"),
    "qyapi.weixin.qq.com": ("wecom", "/cgi-bin/webhook/send", "key"),
    "open.feishu.cn": ("feishu", _FEISHU_PATH, ""),
    "open.larksuite.com": ("lark", _FEISHU_PATH, ""),
    "hooks.slack.com": ("slack", "/services/", ""),
    "hooks.slack-gov.com": ("slack", "/services/", ""),
}
_TELEGRAM_HOST = "api.telegram.org"
_WEB_SCHEMES = ("http", "https", "webhook+http", "webhook+https", "sms+http", "sms+https")
SCHEMES = (
    *_FORMS,
    "sms+https",
    "https",
    "http",
    "webhook+https",
    "webhook+http",
    "sms+http",
    "exec",
    "apprise+…",
)


def parse_target(url: str) -> Target:
    """The target that `url` names. Raises ReceiverUrlError, whose text and hint show no secret."""
    scheme, colon, rest = url.strip().partition(":")
    scheme = scheme.lower()
    if colon and scheme == "exec":
        return _program(rest.strip())
    if colon and scheme.startswith("apprise+"):
        return _apprise(scheme.removeprefix("apprise+"), rest)
    form = _FORMS.get(scheme, "https://HOST/PATH")
    if scheme not in _FORMS and scheme not in _WEB_SCHEMES:
        raise _unknown_scheme(scheme if rest.startswith("//") else "")
    parts = split_url(url.strip(), form)
    options = Options(parts.query, parts.fragment) if scheme in _FORMS else Options(parts.fragment)
    if scheme in _BASES:
        return _robot(scheme, decode(parts.authority + parts.path).strip("/"), options)
    if scheme == "telegram":
        return _telegram(decode(parts.authority), decode(parts.path.strip("/")), options)
    place = place_of(parts.authority, form)
    if scheme in ("smtp", "smtps"):
        return _mailbox(scheme, place, options)
    if scheme in ("http", "https") and (place.host in _HOSTS or place.host == _TELEGRAM_HOST):
        return _pasted(parts, place)
    return _web(parts, place, options)


def shown_url(url: str) -> str:
    """What people may see of `url`, whatever is wrong with it."""
    try:
        return parse_target(url).shown
    except ReceiverUrlError:
        scheme = url.strip().partition("://")[0].lower()
        return f"{scheme}://{HIDDEN}" if scheme in _FORMS or scheme in _WEB_SCHEMES else HIDDEN


def _unknown_scheme(scheme: str) -> ReceiverUrlError:
    known = ", ".join(SCHEMES)
    if scheme.isascii() and scheme.isalpha() and len(scheme) <= 12:
        reason = f"unknown scheme {scheme!r}"
        return ReceiverUrlError(reason, f"write one of {known}; Apprise knows more: apprise+{scheme}://…")
    return ReceiverUrlError("it begins with no scheme that is known", f"write one of {known}")


def _robot(scheme: str, token: str, options: Options) -> Robot:
    service, usual_base = _BASES[scheme]
    if not token:
        raise ReceiverUrlError("the token is missing", f"write {_FORMS[scheme]}")
    if "/" in token and service is not Service.SLACK:
        raise ReceiverUrlError("there is a / in the token", f"write {_FORMS[scheme]}")
    if service is Service.SLACK and token.count("/") != 2:
        raise ReceiverUrlError("the token of a Slack webhook has three parts", f"write {_FORMS[scheme]}")
    secret = options.one("secret") if service in _SIGNED else ""
    base, shown_base = _base(options, usual_base)
    ca_file = options.ca_file()
    options.done()
    return Robot(service, f"{scheme}://{HIDDEN}{shown_base}", base, token, secret, ca_file)


def _telegram(token: str, chat: str, options: Options) -> TelegramChat:
    if not token or not chat:
        raise ReceiverUrlError("the token or the chat is missing", f"write {_FORMS['telegram']}")
    base, shown_base = _base(options, f"https://{_TELEGRAM_HOST}")
    thread = options.one("thread")
    silent = options.choice("silent", "no", "yes") == "yes"
    ca_file = options.ca_file()
    options.done()
    shown = f"telegram://{HIDDEN}/{chat}{shown_base}"
    return TelegramChat(shown, base, token, chat, thread, silent, ca_file)


def _base(options: Options, usual: str) -> tuple[str, str]:
    """Where the service is, and how that is shown: nothing for the usual place."""
    base = options.one("base")
    if not base:
        return usual, ""
    form = "base=https://HOST:PORT"
    parts = split_url(base, form)
    place = place_of(parts.authority, form)
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment or place.userinfo:
        raise ReceiverUrlError("base= is no address of a server", f"write {form}")
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}", f"?base={parts.scheme}://{place}"


def _pasted(parts: Parts, place: Place) -> Target:
    """The address that a service gives to people, recognised by its host."""
    options = Options(parts.query, parts.fragment)
    if place.host == _TELEGRAM_HOST:
        bot, _, method = parts.path.lstrip("/").partition("/")
        if not bot.startswith("bot") or method.lower() != "sendmessage":
            raise _not_pasted("Telegram", _FORMS["telegram"])
        return _telegram(decode(bot.removeprefix("bot")), options.one("chat_id"), options)
    scheme, path, name = _HOSTS[place.host]
    if name:
        fits, token = parts.path.rstrip("/") == path, options.one(name)
    else:
        fits, token = parts.path.startswith(path), decode(parts.path.removeprefix(path)).strip("/")
    if not fits:
        raise _not_pasted(scheme, _FORMS[scheme])
    return _robot(scheme, token, options)


def _not_pasted(service: str, form: str) -> ReceiverUrlError:
    return ReceiverUrlError(
        f"this is a host of {service}, but not the address of a robot or webhook",
        f"write {form}, or webhook+https://… for a webhook in general",
    )


def _mailbox(scheme: str, place: Place, options: Options) -> Mailbox:
    user, colon, password = place.userinfo.partition(":")
    user, password = decode(user), decode(password)
    if user and not colon:
        raise ReceiverUrlError("a user without a password", f"write {_FORMS[scheme]}")
    to = tuple(address for value in options.all("to") for address in value.split(",") if address)
    sender = options.one("from", user if "@" in user else "")
    tls = _tls(scheme, place, options)
    ca_file = options.ca_file()
    options.done()
    for address in (*to, sender) if sender else to:
        if "@" not in address[1:-1] or not address.isprintable() or not set(address).isdisjoint(" <>"):
            raise ReceiverUrlError("to= or from= is no address of mail", "write NAME@DOMAIN, bare")
    if not to:
        raise ReceiverUrlError("nobody to write to", "add ?to=NAME@DOMAIN, several with commas")
    if not sender:
        raise ReceiverUrlError("no sender", "add from=NAME@DOMAIN")
    port = place.port or (465 if tls is Tls.FIRST else 587 if user else 25)
    shown = f"{scheme}://{HIDDEN + '@' if user else ''}{place._replace(port=port)}?to={','.join(to)}"
    return Mailbox(shown, place.host, port, tls, sender, to, user, password, ca_file)


def _tls(scheme: str, place: Place, options: Options) -> Tls:
    if scheme == "smtps":
        return Tls.FIRST
    usual, other = (Tls.NONE, Tls.STARTTLS) if place.is_loopback else (Tls.STARTTLS, Tls.NONE)
    return Tls(options.choice("tls", usual.value, other.value))


def _web(parts: Parts, place: Place, options: Options) -> Web:
    """Options stand after the `#`, which is never sent: the query belongs to the receiver."""
    is_sms = parts.scheme.startswith("sms+")
    http = parts.scheme.rpartition("+")[2]
    user, _, password = place.userinfo.partition(":")
    address = place._replace(userinfo="")
    numbers = tuple(n for value in options.all("to") for n in value.split(",") if n) if is_sms else ()
    secret = "" if is_sms else options.one("secret")
    target = Web(
        Service.SMS if is_sms else Service.WEBHOOK,
        f"{parts.scheme}://{address}/{HIDDEN}",
        f"{http}://{address}{parts.path}{'?' + parts.query if parts.query else ''}",
        options.choice("method", "post", "get", "put").upper(),
        decode(user),
        decode(password),
        secret,
        tuple(map(header_of, options.all("header"))),
        options.one("body"),
        options.choice("type", "json", "form", "text"),
        numbers,
        options.one("expect"),
        options.number("max", 280 if is_sms else 0, 0, 100_000),
        options.ca_file(),
    )
    options.done()
    if is_sms:
        _check_sms(target)
    return target


def _check_sms(target: Web) -> None:
    where = target.url + target.body
    if not target.numbers:
        raise ReceiverUrlError("nobody to write to", "add #to=NUMBER, several with commas")
    if "{text}" not in where or "{number}" not in where:
        hint = "write {number} and {text} where the gateway expects them, in the query or in body="
        raise ReceiverUrlError("nothing says where the number and the text belong", hint)


def _program(command: str) -> Program:
    if not command or "\0" in command:
        raise ReceiverUrlError("no command", "write exec:/path/to/command and its arguments")
    first, blank, _ = command.partition(" ")
    return Program(f"exec:{first}{' …' if blank else ''}" if "=" not in first else "exec:…", command)


def _apprise(scheme: str, rest: str) -> AppriseUrl:
    if not (scheme.isascii() and scheme.isalnum() and rest.startswith("//") and len(rest) > 2):
        raise ReceiverUrlError(
            "not an address of Apprise", "write apprise+SCHEME://… as Apprise's manual says"
        )
    return AppriseUrl(f"apprise+{scheme}://{HIDDEN}", f"{scheme}:{rest}")
