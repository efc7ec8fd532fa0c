"""The robots of DingTalk (钉钉), WeCom (企业微信) and Feishu/Lark (飞书).

All three answer 200 to whatever they are sent, and say in the body what became of it.
"""

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import quote, urlencode

from vigild.alerts.markup import DINGTALK, WECOM, Style, rendered, utf8_bytes
from vigild.alerts.senders.http import exchange, verdict
from vigild.alerts.sending import DELIVERED, Message, Outcome
from vigild.alerts.wording import is_good_news, mark_of
from vigild.core.edges import Severity
from vigild.host.http_client import Answer, Request
from vigild.wire.alert_urls import Robot

JSON = {"Content-Type": "application/json; charset=utf-8"}
THROTTLED_SECONDS = 60.0
FEISHU_MAX_BYTES = 18_000  # of 20 KB for the whole request
_CARD = Style(str, "{}", "{}", "\n", utf8_bytes, 9_000)

# Which codes no later try can change; others may pass. DingTalk: "Custom robot access" (open.dingtalk.com/document/robots/
# custom-robot-access) and its table of codes; 310000 is every refusal by keyword, signature or address.
DINGTALK_PERMANENT = frozenset(
    {300001, 300005, 310000, 400013, 400101, 400102, 400105, 400106, 430101, 430102, 430103, 430104, 460101}
)
DINGTALK_THROTTLED = frozenset({130101, 410100})  # more than 20 messages a minute: closed for up to ten
# WeCom: developer.work.weixin.qq.com/document/path/91770 and its table of global codes (path/90313).
WECOM_PERMANENT = frozenset({40008, 40058, 44004, 45002, 93000, 93004, 93008})
WECOM_THROTTLED = frozenset({45009, 45033})  # more than 20 messages a minute
# Feishu: "Custom bot usage guide" (open.feishu.cn/document/client-docs/bot-v3/add-custom-bot). 9499 is a bad request.
FEISHU_PERMANENT = frozenset({9499, 19001, 19002, 19021, 19022, 19024, 19036})
FEISHU_THROTTLED = frozenset({11232, 99991400})  # 100 a minute, 5 a second


def dingtalk_sign(timestamp: int, secret: str) -> str:
    """The signature of DingTalk's robots, not yet encoded for a URL: keyed with the secret; milliseconds."""
    text = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def feishu_sign(timestamp: int, secret: str) -> str:
    """The signature of Feishu's robots: of nothing, keyed with time and secret; seconds."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def send_dingtalk(robot: Robot, message: Message, timeout_seconds: float) -> Outcome:
    """As Markdown, nobody mentioned. The signature is encoded once: encoded twice, DingTalk refuses it."""
    query = {"access_token": robot.token}
    if robot.secret:
        now = round(time.time() * 1000)
        query |= {"timestamp": str(now), "sign": dingtalk_sign(now, robot.secret)}
    content = {
        "msgtype": "markdown",
        "markdown": {"title": message.title, "text": rendered(message, DINGTALK)},
        "at": {"isAtAll": False},
    }
    answer = _post(robot, f"/robot/send?{urlencode(query)}", content, timeout_seconds)
    return verdict(answer) or _judged(answer, "errcode", "errmsg", DINGTALK_PERMANENT, DINGTALK_THROTTLED)


def send_wecom(robot: Robot, message: Message, timeout_seconds: float) -> Outcome:
    """As Markdown of 4096 bytes at most."""
    content = {"msgtype": "markdown", "markdown": {"content": rendered(message, WECOM)}}
    path = f"/cgi-bin/webhook/send?key={quote(robot.token, safe='')}"
    answer = _post(robot, path, content, timeout_seconds)
    return verdict(answer) or _judged(answer, "errcode", "errmsg", WECOM_PERMANENT, WECOM_THROTTLED)


def send_feishu(robot: Robot, message: Message, timeout_seconds: float) -> Outcome:
    """As a card whose elements are plain text, so that nothing in it is a sign or a mention."""
    content: dict[str, object] = {"msg_type": "interactive", "card": feishu_card(message)}
    if robot.secret:
        now = round(time.time())
        content |= {"timestamp": str(now), "sign": feishu_sign(now, robot.secret)}
    path = f"/open-apis/bot/v2/hook/{quote(robot.token, safe='')}"
    answer = _post(robot, path, content, timeout_seconds)
    failed = verdict(answer)
    if failed is not None and b'"code"' not in answer.body:
        return failed
    outcome = _judged(answer, "code", "msg", FEISHU_PERMANENT, FEISHU_THROTTLED)
    if failed is None or not outcome.ok:
        return outcome
    return failed


def feishu_card(message: Message) -> dict[str, object]:
    """The card: a header with a colour, an element for each trouble, the notes; within the limit of a request."""
    colour = {Severity.CRITICAL: "red", Severity.WARNING: "orange", Severity.INFO: "blue"}[message.severity]
    blocks = [
        "\n".join((f"{mark_of(item)} {item.head}", *item.facts, *item.lines)) for item in message.items
    ] or [message.text]
    card = _card(message, "green" if is_good_news(message) else colour, blocks)
    if _size(card) <= FEISHU_MAX_BYTES:
        return card
    return _card(message, colour, [rendered(message, _CARD)])


def _card(message: Message, colour: str, blocks: list[str]) -> dict[str, object]:
    def plain(text: str) -> dict[str, str]:
        return {"tag": "plain_text", "content": text}

    elements: list[dict[str, object]] = []
    for block in blocks:
        elements += [{"tag": "div", "text": plain(block)}, {"tag": "hr"}]
    notes = "\n".join(message.notes)
    elements = [*elements, {"tag": "note", "elements": [plain(notes)]}] if notes else elements[:-1]
    return {
        "config": {"wide_screen_mode": True},
        "header": {"title": plain(message.title), "template": colour},
        "elements": elements,
    }


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _post(robot: Robot, path: str, content: object, timeout_seconds: float) -> Answer:
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return exchange(Request(robot.base + path, body, JSON, ca_file=robot.ca_file), timeout_seconds)


def _judged(
    answer: Answer, code_name: str, text_name: str, permanent: frozenset[int], throttled: frozenset[int]
) -> Outcome:
    """What a body says that holds a code: 0 is success, all else a failure, whatever the HTTP status was."""
    try:
        said = json.loads(answer.body)
        code = said.get(code_name, said.get("StatusCode"))
    except (ValueError, AttributeError):
        return Outcome(False, False, f"it answered no JSON: {answer.text}")
    if code == 0 and isinstance(code, int) and not isinstance(code, bool):
        return DELIVERED
    words = str(said.get(text_name, said.get("StatusMessage", "")))
    text = f"code {code}: {words}"
    if code in throttled or "too many request" in words.lower():
        return Outcome(False, False, text, answer.retry_after_seconds or THROTTLED_SECONDS)
    # DingTalk says 310000 of a clock that is wrong, too, and a clock can be set.
    is_final = code in permanent and "timestamp" not in words.lower().partition("sign")[0]
    return Outcome(False, is_final, text, answer.retry_after_seconds)
