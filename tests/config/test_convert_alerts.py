"""Converters of alerts: what is taken, as what, and what is refused without showing a secret."""

from typing import Any

import pytest

from config.test_convert import AROUND
from vigild.config import convert_alerts as convert
from vigild.config.diagnostics import BadValueError
from vigild.core.quiet import QuietHours


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.urls, "", ()),
        (convert.urls, "wecom://KEY", ("wecom://KEY",)),
        (convert.urls, "apprise+ntfys://topic", ("apprise+ntfys://topic",)),
        (convert.urls, "exec:tell 'a b'", ("exec:tell 'a b'",)),
        (convert.absolute_path, " /etc/../x ", "/x"),
        (convert.patterns, " a, b\n c,", ("a", "b", "c")),
        (convert.patterns, "", ()),
        (convert.events, "FATAL, !info", ("fatal", "!info")),
        (convert.events, "*", ("*",)),
        (convert.batch, "0", 0.0),
        (convert.batch, "1.5m", 90.0),
        (convert.repeat, "never", 0.0),
        (convert.repeat, "0", 0.0),
        (convert.repeat, "1d", 86400.0),
        (convert.messages_per_hour, "0", 0),
        (convert.lines, "20", 20),
        (convert.quiet_hours, "", QuietHours()),
        (convert.quiet_hours, "off", QuietHours()),
        (convert.quiet_hours, "22:00 - 7:00", QuietHours(((1320, 420),))),
        (convert.quiet_hours, "0:00-24:00 UTC", QuietHours(((0, 1440),), "UTC")),
        (convert.quiet_hours, "1:00-2:00, 3:00-4:00", QuietHours(((60, 120), (180, 240)))),
        (convert.quiet_pass, "Warning", "warning"),
        (convert.language, "ZH", "zh"),
        (convert.template, " $title costs 5$$ ", "$title costs 5$$"),
    ],
)
def test_what_is_taken(converter: Any, text: str, value: object) -> None:
    assert value == converter(text, AROUND)


@pytest.mark.parametrize(
    ("converter", "text"),
    [
        (convert.urls, "SECRET"),
        (convert.urls, "SECRETSECRETSECRETSECRET:x"),
        (convert.urls, "SECRET1:x"),
        (convert.urls, "dingtalk:SECRET"),
        (convert.urls, "dingtalk://"),
        (convert.urls, "exec:"),
        (convert.urls, "exec:tell 'SECRET"),
        (convert.urls, " ".join(["https://SECRET/"] * 33)),
        (convert.absolute_path, "x"),
        (convert.patterns, "x " * 201),
        (convert.events, ","),
        (convert.events, "nothing"),
        (convert.batch, "x"),
        (convert.batch, "2h"),
        (convert.batch, "31d"),
        (convert.repeat, "59"),
        (convert.messages_per_hour, "-1"),
        (convert.messages_per_hour, "3601"),
        (convert.lines, "21"),
        (convert.quiet_hours, "22-7"),
        (convert.quiet_hours, "22:00-07:60"),
        (convert.quiet_hours, "22:00-25:00"),
        (convert.quiet_hours, "22:00-22:00"),
        (convert.quiet_hours, "24:00-02:00"),
        (convert.quiet_hours, "22:00-07:00 ../../etc"),
        (convert.quiet_pass, "info"),
        (convert.language, "tlh"),
        (convert.template, "$titel"),
    ],
)
def test_what_is_refused_with_a_hint(converter: Any, text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        converter(text, AROUND)
    assert caught.value.hint
    assert "SECRET" not in f"{caught.value}{caught.value.hint}"
