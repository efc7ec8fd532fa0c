"""Converters of forwards: what is taken, as what, and what is refused without showing a secret."""

from typing import Any

import pytest

from config.test_convert import AROUND
from vigild.config import convert_forwards as convert
from vigild.config.diagnostics import BadValueError


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.url, " syslog:///dev/log ", "syslog:///dev/log"),
        (convert.absolute_path, "/etc/../x", "/x"),
        (convert.programs, " a, b:*\n c,", ("a", "b:*", "c")),
        (convert.channels, "STDERR", ("stderr",)),
        (convert.channels, "stderr, stdout stderr", ("stdout", "stderr")),
        (convert.labels, "", ()),
        (convert.labels, " b=1,\n a='x y' ", (("b", "1"), ("a", "x y"))),
        (convert.batch_seconds, "0.05", 0.05),
        (convert.batch_seconds, "1m", 60.0),
        (convert.batch_size, "1KB", 1024),
        (convert.batch_size, " 16MB ", 16 << 20),
        (convert.buffer_size, "65536", 65536),
        (convert.buffer_size, "1GB", 1 << 30),
    ],
)
def test_what_is_taken(converter: Any, text: str, value: object) -> None:
    assert value == converter(text, AROUND)


@pytest.mark.parametrize(
    ("converter", "text", "reason"),
    [
        (convert.url, " ", "no address"),
        (convert.url, "SECRET", "begins with no scheme"),
        (convert.url, "loki+http://SECRET@host", "a user without a password"),
        (convert.url, "lok+http://SECRET", "unknown scheme 'lok+http'"),
        (convert.programs, ",", "no programs"),
        (convert.channels, "", "no channels"),
        (convert.channels, "stdot", "not a channel: 'stdot'"),
        (convert.labels, "a=1,b=''", "label b has no value"),
        (convert.labels, f"a={'x' * 1025}", "label a is too long"),
        (convert.labels, "a='x\ny'", "has a sign that cannot be shown"),
        (convert.labels, ",".join(f"a{number}=1" for number in range(16)), "16 labels"),
        (convert.labels, "a", "not KEY=value"),
        (convert.batch_seconds, "0.04", "not a time to collect lines for"),
        (convert.batch_seconds, "61", "not a time to collect lines for"),
        (convert.batch_seconds, "x", "not a time"),
        (convert.batch_size, "1023", "too small"),
        (convert.batch_size, "17MB", "too large"),
        (convert.buffer_size, "63KB", "too small"),
        (convert.buffer_size, "2GB", "too large"),
        (convert.buffer_size, "x", "not a size"),
    ],
)
def test_what_is_refused(converter: Any, text: str, reason: str) -> None:
    with pytest.raises(BadValueError) as caught:
        converter(text, AROUND)
    assert reason in str(caught.value)
    assert caught.value.hint
    assert "SECRET" not in f"{caught.value}{caught.value.hint}"
