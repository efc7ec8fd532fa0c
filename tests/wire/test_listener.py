"""The listener protocol as bytes, in every cut that a pipe can make."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.listener import (
    MAX_RESULT_BYTES,
    MAX_RESULT_LINE_BYTES,
    ListenerParser,
    Said,
    SaidReady,
    SaidResult,
    Step,
    Violated,
    encode_event,
)


def busy() -> ListenerParser:
    parser = ListenerParser()
    assert parser.receive(b"READY\n") == [SaidReady()]
    parser.event_sent()
    return parser


def test_ready_then_result_then_ready_again() -> None:
    assert busy().receive(b"RESULT 2\nOKREADY\n") == [SaidResult(b"OK"), SaidReady()]


@given(cuts=st.lists(st.integers(0, 22), max_size=6))
def test_cuts_do_not_matter(cuts: list[int]) -> None:
    data = b"RESULT 4\nFAILREADY\n"
    parser, said = busy(), list[Said]()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        said += parser.receive(data[start:end])
    assert said == [SaidResult(b"FAIL"), SaidReady()]


def test_an_empty_result_is_a_result() -> None:
    assert busy().receive(b"RESULT 0\nREADY\n") == [SaidResult(b""), SaidReady()]


@pytest.mark.parametrize("data", [b"hello\n", b"REDY\n", b"READYx"])
def test_anything_but_ready_is_a_violation(data: bytes) -> None:
    parser = ListenerParser()
    assert parser.receive(data) == [Violated(data)]
    assert parser.receive(b"READY\n") == []


def test_part_of_the_ready_token_is_waited_for() -> None:
    parser = ListenerParser()
    assert parser.receive(b"REA") == []
    assert parser.receive(b"DY\n") == [SaidReady()]


def test_speaking_while_idle_is_a_violation() -> None:
    assert ListenerParser().receive(b"READY\nprint")[1] == Violated(b"print")


@pytest.mark.parametrize(
    "line", [b"RESULT x", b"OK", b"RESULT -1", b"RESULT ", b"RESULT %d" % (MAX_RESULT_BYTES + 1)]
)
def test_a_bad_result_line_is_a_violation_that_names_it(line: bytes) -> None:
    assert busy().receive(line + b"\nrest") == [Violated(line + b"rest", line)]


def test_a_result_line_without_end_is_bounded() -> None:
    parser = busy()
    assert parser.receive(b"R" * (MAX_RESULT_LINE_BYTES - 1)) == []
    (said,) = parser.receive(b"R")
    assert isinstance(said, Violated)


def test_an_event_that_could_not_be_sent_leaves_it_waiting() -> None:
    parser = busy()
    parser.event_not_sent()
    assert parser.receive(b"x") == [Violated(b"x")]


# A listener that was adopted: nobody knows how much of what it said the dead daemon has read.

WHOLE = b"RESULT 2\nOKREADY\n"


@given(read=st.integers(1, len(WHOLE)), cut=st.integers(0, 40))
def test_after_a_lost_result_the_rest_of_it_is_passed_over_and_the_next_one_is_taken(
    read: int, cut: int
) -> None:
    parser = ListenerParser(Step.PRESUMED_READY)
    parser.event_sent()
    data = WHOLE[read:] + WHOLE
    assert parser.receive(data[:cut]) + parser.receive(data[cut:]) == [SaidResult(b"OK"), SaidReady()]


@given(read=st.integers(0, len(WHOLE) - len(b"READY\n")), cut=st.integers(0, 20))
def test_a_busy_listener_says_its_result_or_a_ready_that_tells_that_it_was_lost(read: int, cut: int) -> None:
    parser = ListenerParser(Step.PRESUMED_BUSY)
    data = WHOLE[read:]
    said = parser.receive(data[:cut]) + parser.receive(data[cut:])
    assert said == ([SaidReady()] if read else [SaidResult(b"OK"), SaidReady()])
    assert parser.receive(b"x") == [Violated(b"x")], "in step again"


@pytest.mark.parametrize("late", [b"READY\n", b"DY\nREADY\n"])
def test_a_ready_that_comes_after_the_event_is_an_old_one(late: bytes) -> None:
    parser = ListenerParser(Step.PRESUMED_READY)
    parser.event_sent()
    assert parser.receive(late) == []
    assert parser.receive(WHOLE) == [SaidResult(b"OK"), SaidReady()]
    parser.event_sent()
    assert parser.receive(b"READY\n") == [Violated(b"READY", b"READY")], "only one is"


def test_a_ready_that_comes_before_the_event_is_a_ready() -> None:
    parser = ListenerParser(Step.PRESUMED_READY)
    assert parser.receive(b"EADY\n") == []
    assert parser.receive(b"READY\n") == [SaidReady()]
    assert parser.receive(b"READY\n") == [Violated(b"READY\n")]


def test_what_is_passed_over_is_bounded_and_is_no_violation() -> None:
    parser = ListenerParser(Step.PRESUMED_BUSY)
    for _ in range(100):
        assert parser.receive(b"print\n" * 100) == []
    assert len(parser.snapshot()) < 200
    assert parser.receive(b"RESULT 99999999\nRESULT 2\nOK") == [SaidResult(b"OK")]


def test_one_that_broke_the_protocol_is_not_listened_to() -> None:
    assert ListenerParser(Step.DISTRUSTED).receive(b"READY\n") == []


@given(cut=st.integers(0, len(WHOLE)))
def test_a_parser_goes_on_from_a_snapshot_wherever_it_was(cut: int) -> None:
    parser = busy()
    said = parser.receive(WHOLE[:cut])
    said += ListenerParser.from_snapshot(parser.snapshot()).receive(WHOLE[cut:])
    assert said == [SaidResult(b"OK"), SaidReady()]


def test_an_event_counts_its_payload_in_bytes() -> None:
    data = encode_event(
        server="s",
        serial=3,
        pool="p",
        pool_serial=1,
        event_type="REMOTE_COMMUNICATION",
        payload="type:é".encode(),
    )
    header, payload = data.split(b"\n", 1)
    assert header == b"ver:3.0 server:s serial:3 pool:p poolserial:1 eventname:REMOTE_COMMUNICATION len:7"
    assert payload == "type:é".encode()


def test_for_a_listener_that_reads_text_it_counts_characters() -> None:
    data = encode_event(
        server="s",
        serial=0,
        pool="p",
        pool_serial=0,
        event_type="T",
        payload="日本\n".encode(),
        length_in_characters=True,
    )
    assert data.split(b"\n", 1)[0].endswith(b" len:3")
