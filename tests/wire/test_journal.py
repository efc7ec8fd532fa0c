"""The journal's records: whatever was appended whole is read back, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.journal import decode, encode_all, encode_drop, encode_put

texts = st.text(st.characters(codec="utf-8"), max_size=8)
steps = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["process", "event"]), texts, st.binary(max_size=12))
)


def test_the_last_value_wins_and_a_dropped_entry_is_no_more() -> None:
    data = (
        encode_put("process", "web:a b", b"1")
        + encode_put("process", "x", b"\n2")
        + encode_drop("event", "?")
    )
    data += encode_put("process", "web:a b", b"3") + encode_drop("process", "x")
    assert ({"process": {"web:a b": b"3"}}, 0) == decode(data)


def test_a_name_that_is_not_utf_8_survives() -> None:
    assert ({"process": {"\udcff": b""}}, 0) == decode(encode_put("process", "\udcff", b""))


@given(steps)
def test_reading_gives_what_a_dictionary_would(history: list[tuple[bool, str, str, bytes]]) -> None:
    expected: dict[str, dict[str, bytes]] = {}
    data = b""
    for is_put, kind, key, value in history:
        if is_put:
            expected.setdefault(kind, {})[key] = value
            data += encode_put(kind, key, value)
        else:
            expected.get(kind, {}).pop(key, None)
            data += encode_drop(kind, key)
    entries, rest = decode(data)
    assert expected == entries
    assert 0 == rest
    again, _ = decode(encode_all(entries))
    assert {kind: keys for kind, keys in expected.items() if keys} == again


@given(st.integers(0, 60))
def test_a_record_cut_short_ends_the_reading(length: int) -> None:
    whole = encode_put("process", "a", b"first")
    data = whole + encode_put("process", "a", b"second" * 3)
    entries, rest = decode(data[: len(whole) + length])
    complete = len(whole) + length >= len(data)
    assert {"process": {"a": b"second" * 3 if complete else b"first"}} == entries
    assert rest == (0 if complete else length)


@pytest.mark.parametrize(
    "damage",
    [
        b"no head",
        b"\n",
        b"+process 1\na\n\n",
        b"+process x 1\na\nb\n",
        b"+process 12345678901 1\na\nb\n",
        b"?process 1 1\na\nb\n",
        b"+ 1 1\na\nb\n",
        b"+process 1 1\naabb",
    ],
)
def test_what_is_no_record_is_not_believed(damage: bytes) -> None:
    good = encode_put("process", "a", b"1")
    assert ({"process": {"a": b"1"}}, len(damage)) == decode(good + damage)
