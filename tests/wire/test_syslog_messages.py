import re

import pytest

from vigild.core.output_lines import Block, Source
from vigild.wire.forward_urls import Syslog, parse_target
from vigild.wire.syslog_messages import MAX_HEADS, SyslogWriter, counted, cut, plain, structured_data

OUT = Source("web:web_1", "web", "web_1", "stdout", 42)
AT = 1_700_000_000_123_456_789


def writer(url: str, host: str = "node.example", **labels: str) -> SyslogWriter:
    target = parse_target(url)
    assert isinstance(target, Syslog)
    return SyslogWriter(target, host, labels)


def block(data: bytes, source: Source = OUT, at: int = AT) -> Block:
    return Block(source, at, data, data.count(b"\n") + 1)


def test_a_message_has_the_fields_of_rfc_5424() -> None:
    made = writer("syslog+tcp://h?facility=local3", env="prod").messages(block(b"<4>hot\nfine"))
    data = b'[vigil@32473 program="web:web_1" group="web" stream="stdout" env="prod"]'
    assert [
        b"<156>1 2023-11-14T22:13:20.123456Z node.example web_1 42 stdout " + data + b" hot",
        b"<158>1 2023-11-14T22:13:20.123456Z node.example web_1 42 stdout " + data + b" fine",
    ] == made


def test_the_time_is_that_of_each_line() -> None:
    made = writer("syslog+tcp://h")
    first, second = made.messages(block(b"a", at=AT)) + made.messages(block(b"b", at=AT + 60_000_000_000))
    assert b"T22:13:20.123456Z" in first
    assert b"T22:14:20.123456Z" in second


def test_what_is_not_known_or_does_not_fit_is_written_as_the_standard_says() -> None:
    odd = Source("ü x:y", "ü x", "ü x", "stderr", 0)
    (message,) = writer("syslog+tcp://h", "", **{'a b="]é': 'q"\\]\x1b', "": ""}).messages(block(b"", odd))
    assert message.decode() == (
        "<11>1 2023-11-14T22:13:20.123456Z - __x - stderr "
        '[vigil@32473 program="ü x:y" group="ü x" stream="stderr" a_b____="q\\"\\\\\\]#033" _=""] '
    )


def test_names_are_as_long_as_they_may_be() -> None:
    long = "x" * 300
    (message,) = writer("syslog+tcp://h", long, **{long: "1"}).messages(
        block(b"t", Source(long, long, long, "stdout", 1))
    )
    fields = message.split(b" ")
    assert [255, 48] == [len(field) for field in fields[2:4]]
    assert b" " + b"x" * 32 + b'="1"]' in message


def test_structured_data_that_leaves_no_room_is_left_out() -> None:
    (message,) = writer("syslog+udp://h?max_bytes=480", a="x" * 400).messages(block(b"text"))
    assert message.endswith(b" 42 stdout - text")


def test_control_characters_cannot_reach_a_terminal() -> None:
    (message,) = writer("syslog+tcp://h").messages(block("a\tb\x1b[31m\x00\x7f\x9bü\u200b".encode()))
    assert message.endswith("] a\tb#033[31m#000#177#233ü\u200b".encode())


def test_what_is_too_long_is_cut_between_characters() -> None:
    (message,) = writer("syslog+udp://h?max_bytes=480").messages(block("中".encode() * 500))
    assert 478 <= len(message) <= 480
    assert re.fullmatch("中+…", message.decode().rpartition(" ")[2])
    assert "ab…".encode() == cut(b"abcdefgh", 5)


def test_the_older_form() -> None:
    pattern = rb"<14>Nov 1[45] \d\d:\d\d:20 "
    (local,) = writer("syslog:///dev/log?format=rfc3164").messages(block(b"text"))
    assert re.fullmatch(pattern + rb"web_1\[42\]: text", local)
    (remote,) = writer("syslog+udp://h?format=rfc3164&app_name=a:b[").messages(block(b"text"))
    assert re.fullmatch(pattern + rb"node.example a_b_\[42\]: text", remote)


def test_the_name_and_the_number_can_be_chosen() -> None:
    (message,) = writer("syslog+tcp://h?app_name=shop&enterprise=99&level_prefix=no").messages(
        block(b"<3>text")
    )
    assert message.startswith(b"<14>1 ")
    assert b" shop 42 stdout [vigil@99 " in message
    assert message.endswith(b" <3>text")


def test_sources_are_not_remembered_without_end() -> None:
    made = writer("syslog+tcp://h")
    for pid in range(1, MAX_HEADS + 10):
        made.messages(block(b"x", Source("a", "a", "a", "stdout", pid)))
    assert len(made._heads) <= MAX_HEADS


def test_the_length_of_a_message_stands_before_it() -> None:
    assert b"3 \xe4\xb8\xad" == counted("中".encode())


@pytest.mark.parametrize(("text", "expected"), [("", "-"), ("a b", "a_b"), ("abcdef", "abcd")])
def test_fields_of_the_header(text: str, expected: str) -> None:
    assert expected == plain(text, 4)


def test_structured_data_without_values() -> None:
    assert "[x@1]" == structured_data("x@1", {})
