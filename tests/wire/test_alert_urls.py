import pytest

from vigild.wire.alert_urls import (
    AppriseUrl,
    Mailbox,
    Program,
    Robot,
    Service,
    TelegramChat,
    Tls,
    Web,
    parse_target,
    shown_url,
)
from vigild.wire.url_parts import ReceiverUrlError

TOKEN = "Tokn3nEver5hown"
SECRET = "SECnever5hown"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            f"dingtalk://{TOKEN}?secret={SECRET}",
            Robot(Service.DINGTALK, "dingtalk://***", "https://oapi.dingtalk.com", TOKEN, SECRET),
        ),
        (
            f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}&secret={SECRET}",
            Robot(Service.DINGTALK, "dingtalk://***", "https://oapi.dingtalk.com", TOKEN, SECRET),
        ),
        (
            f"dingtalk://{TOKEN}?base=http://127.0.0.1:80/ding/",
            Robot(
                Service.DINGTALK, "dingtalk://***?base=http://127.0.0.1:80", "http://127.0.0.1:80/ding", TOKEN
            ),
        ),
        (f"wecom://{TOKEN}", Robot(Service.WECOM, "wecom://***", "https://qyapi.weixin.qq.com", TOKEN)),
        (
            f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}",
            Robot(Service.WECOM, "wecom://***", "https://qyapi.weixin.qq.com", TOKEN),
        ),
        (
            f"feishu://{TOKEN}?secret=a+b/c%3D&ca_file=/etc/ca.pem",
            Robot(Service.FEISHU, "feishu://***", "https://open.feishu.cn", TOKEN, "a+b/c=", "/etc/ca.pem"),
        ),
        (
            f"https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}#secret={SECRET}",
            Robot(Service.FEISHU, "feishu://***", "https://open.feishu.cn", TOKEN, SECRET),
        ),
        (
            f"lark://{TOKEN}",
            Robot(Service.FEISHU, "lark://***", "https://open.larksuite.com", TOKEN),
        ),
        (
            f"https://open.larksuite.com/open-apis/bot/v2/hook/{TOKEN}",
            Robot(Service.FEISHU, "lark://***", "https://open.larksuite.com", TOKEN),
        ),
        (
            f"slack://T0/B0/{TOKEN}",
            Robot(Service.SLACK, "slack://***", "https://hooks.slack.com", f"T0/B0/{TOKEN}"),
        ),
        (
            f"https://hooks.slack.com/services/T0/B0/{TOKEN}",
            Robot(Service.SLACK, "slack://***", "https://hooks.slack.com", f"T0/B0/{TOKEN}"),
        ),
        (
            f"telegram://123:{TOKEN}/-100123",
            TelegramChat("telegram://***/-100123", "https://api.telegram.org", f"123:{TOKEN}", "-100123"),
        ),
        (
            f"https://api.telegram.org/bot123:{TOKEN}/sendMessage?chat_id=@ops&thread=7&silent=yes",
            TelegramChat(
                "telegram://***/@ops", "https://api.telegram.org", f"123:{TOKEN}", "@ops", "7", True
            ),
        ),
        (f"exec:/bin/tell --key {TOKEN}", Program("exec:/bin/tell …", f"/bin/tell --key {TOKEN}")),
        ("exec: tell", Program("exec:tell", "tell")),
        (f"exec:KEY={TOKEN} tell", Program("exec:…", f"KEY={TOKEN} tell")),
        (f"apprise+gotify://host/{TOKEN}", AppriseUrl("apprise+gotify://***", f"gotify://host/{TOKEN}")),
    ],
)
def test_targets(url: str, expected: object) -> None:
    target = parse_target(url)
    assert expected == target
    assert target.shown == shown_url(url)
    for text in (repr(target), str(target), target.shown):
        assert TOKEN not in text
        assert SECRET not in text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            f"smtp://ops@x.org:{TOKEN}@Mail.x.org?to=a@x.org,b@x.org&to=c+d@x.org",
            Mailbox(
                "smtp://***@mail.x.org:587?to=a@x.org,b@x.org,c+d@x.org",
                "mail.x.org",
                587,
                Tls.STARTTLS,
                "ops@x.org",
                ("a@x.org", "b@x.org", "c+d@x.org"),
                "ops@x.org",
                TOKEN,
            ),
        ),
        (
            "smtp://localhost?to=a@x&from=v@x",
            Mailbox("smtp://localhost:25?to=a@x", "localhost", 25, Tls.NONE, "v@x", ("a@x",)),
        ),
        (
            "smtp://127.0.0.1:2525?to=a@x&from=v@x&tls=starttls",
            Mailbox("smtp://127.0.0.1:2525?to=a@x", "127.0.0.1", 2525, Tls.STARTTLS, "v@x", ("a@x",)),
        ),
        (
            "smtp://mail.x?to=a@x&from=v@x&tls=no",
            Mailbox("smtp://mail.x:25?to=a@x", "mail.x", 25, Tls.NONE, "v@x", ("a@x",)),
        ),
        (
            f"smtps://u:{TOKEN}%40@mail.x?to=a@x&from=v@x&ca_file=/ca",
            Mailbox(
                "smtps://***@mail.x:465?to=a@x",
                "mail.x",
                465,
                Tls.FIRST,
                "v@x",
                ("a@x",),
                "u",
                f"{TOKEN}@",
                "/ca",
            ),
        ),
    ],
)
def test_mail(url: str, expected: Mailbox) -> None:
    assert expected == parse_target(url)
    assert TOKEN not in repr(parse_target(url))


def test_a_webhook_keeps_its_query_and_takes_options_after_the_hash() -> None:
    url = f"https://me:{TOKEN}@Hook.x:8443/{TOKEN}/a?secret=theirs#secret={SECRET}&header=X-Key:%20{TOKEN}&method=put"
    target = parse_target(url)
    assert isinstance(target, Web)
    assert f"https://hook.x:8443/{TOKEN}/a?secret=theirs" == target.url
    assert (SECRET, "PUT", "me", TOKEN) == (target.secret, target.method, target.user, target.password)
    assert (("X-Key", TOKEN),) == target.headers
    assert "https://hook.x:8443/***" == target.shown
    for hidden in (TOKEN, SECRET, "theirs"):
        assert hidden not in repr(target)


def test_a_webhook_in_general_at_the_host_of_a_service() -> None:
    target = parse_target(f"webhook+https://hooks.slack.com/workflows/{TOKEN}")
    assert isinstance(target, Web)
    assert Service.WEBHOOK == target.service
    assert f"https://hooks.slack.com/workflows/{TOKEN}" == target.url


def test_an_sms_gateway() -> None:
    target = parse_target(
        f"sms+https://gw.x/send?key={TOKEN}&to={{number}}#to=%2B4912,%2B4913&body={{text}}&type=text&expect=OK&max=70"
    )
    assert isinstance(target, Web)
    assert Service.SMS == target.service
    assert ("+4912", "+4913") == target.numbers
    assert ("{text}", "text", "OK", 70) == (target.body, target.body_type, target.expect, target.max_chars)
    assert "sms+https://gw.x/***" == target.shown


@pytest.mark.parametrize(
    ("url", "reason", "hint"),
    [
        ("dingtalk://", "token is missing", "dingtalk://TOKEN"),
        (f"dingtalk://{TOKEN}/{SECRET}", "/ in the token", "dingtalk://TOKEN"),
        (f"dingtalk://{TOKEN}?{SECRET}", "without a value", "NAME=VALUE"),
        (f"dingtalk://{TOKEN}?sercet={SECRET}", "'sercet'", "secret"),
        (f"wecom://{TOKEN}?secret={SECRET}", "'secret'", "base"),
        (f"slack://{TOKEN}", "three parts", "slack://T"),
        (f"telegram://123:{TOKEN}", "chat is missing", "telegram://BOTTOKEN/CHATID"),
        (f"https://api.telegram.org/bot{TOKEN}/getMe", "host of Telegram", "webhook+https"),
        (f"https://api.telegram.org/{TOKEN}/sendMessage", "host of Telegram", "webhook+https"),
        (f"https://open.feishu.cn/open-apis/bot/hook/{TOKEN}", "host of feishu", "feishu://TOKEN"),
        (f"https://oapi.dingtalk.com/robot?access_token={TOKEN}", "host of dingtalk", "dingtalk://TOKEN"),
        (f"dingtalk://{TOKEN}?base=ftp://h", "base=", "base=https"),
        (f"dingtalk://{TOKEN}?base=http://u:{SECRET}@h", "base=", "base=https"),
        (f"dingtalk://{TOKEN}?base=http://h%3Fx={SECRET}", "base=", "base=https"),
        (f"dingtalk://{TOKEN}?base=http://h%23{SECRET}", "base=", "base=https"),
        (f"smtp://{TOKEN}@h?to=a@x&from=b@x", "without a password", "USER:PASSWORD"),
        ("smtp://h?from=b@x", "nobody", "to="),
        ("smtp://h?to=a@x", "no sender", "from="),
        (f"smtp://u:{TOKEN}@h?to=a@x", "no sender", "from="),
        ("smtp://h?to=a&from=b@x", "no address", "NAME@DOMAIN"),
        ("smtp://h?to=a%0d%0ab@x&from=b@x", "no address", "NAME@DOMAIN"),
        ("smtp://h?to=A%20<a@x>&from=b@x", "no address", "NAME@DOMAIN"),
        ("smtp://h?to=a@x&from=b@x&tls=maybe", "tls=", "starttls"),
        (f"smtp://u:{TOKEN}@h:port?to=a@x", "host or the port", "smtp://USER"),
        (f"https://h/{TOKEN}#header=x", "no header", "NAME:VALUE"),
        (f"https://h/{TOKEN}#header=a%0d:{SECRET}", "no header", "NAME:VALUE"),
        (f"https://h/{TOKEN}#header=a:{SECRET}%0d%0ax", "no header", "NAME:VALUE"),
        (f"https://h/{TOKEN}#to=x", "'to'", "header"),
        ("sms+https://h/?t={text}&n={number}", "nobody", "#to="),
        ("sms+https://h/?t={text}#to=1", "where the number and the text", "{number}"),
        ("sms+https://h/?t={number}#to=1", "where the number and the text", "{text}"),
        ("exec:", "no command", "exec:/path"),
        ("exec:a\0b", "no command", "exec:/path"),
        (f"apprise+:{TOKEN}", "Apprise", "apprise+SCHEME"),
        (f"apprise+x:{TOKEN}", "Apprise", "apprise+SCHEME"),
        ("apprise+x://", "Apprise", "apprise+SCHEME"),
        ("discord://x/y", "unknown scheme 'discord'", "apprise+discord"),
        (TOKEN, "no scheme that is known", "dingtalk"),
        (f"{TOKEN}:x", "no scheme that is known", "dingtalk"),
        (f"{TOKEN * 2}://x", "no scheme that is known", "dingtalk"),
        (f"wecom://{TOKEN} ", None, ""),
        (f"wecom://{TOKEN} x", "blank", "%20"),
    ],
)
def test_what_is_wrong_is_said_without_a_secret(url: str, reason: str | None, hint: str) -> None:
    if reason is None:
        parse_target(url)
        return
    with pytest.raises(ReceiverUrlError) as caught:
        parse_target(url)
    assert reason in str(caught.value)
    assert hint in caught.value.hint
    for text in (str(caught.value), caught.value.hint, shown_url(url)):
        assert TOKEN not in text
        assert SECRET not in text


def test_a_url_that_is_wrong_is_shown_by_its_scheme_at_most() -> None:
    assert "dingtalk://***" == shown_url(f"dingtalk://{TOKEN}/{SECRET}")
    assert "https://***" == shown_url(f"https://{TOKEN}:x")
    assert "***" == shown_url(TOKEN)
