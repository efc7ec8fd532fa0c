from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from vigild.core.backlog import BLOCK_BYTES, Backlog, Batch, batch_of
from vigild.core.output_lines import Block, Source

SOURCE = Source("a", "a", "a", "stdout", 1)


def block(*lines: str, arrived: float = 0.0) -> Block:
    return Block(SOURCE, 1, "\n".join(lines).encode(), len(lines), arrived)


def texts(batch: Batch) -> list[str]:
    return [line for each in batch.blocks for line in each.data.decode().split("\n")]


def test_what_comes_first_goes_first() -> None:
    backlog = Backlog(10_000)
    assert not backlog
    backlog.put(block("a", "b", arrived=1.0))
    backlog.put(block("c", arrived=2.0))
    assert (3, 6, 1.0) == (backlog.lines, backlog.bytes, backlog.oldest)
    batch = backlog.take(100)
    assert (["a", "b", "c"], 3, 6) == (texts(batch), batch.lines, batch.bytes)
    assert not backlog
    assert 3 == backlog.lines  # on their way
    backlog.done(batch)
    assert (0, 0) == (backlog.lines, backlog.bytes)


def test_a_batch_is_as_large_as_it_may_be() -> None:
    backlog = Backlog(10_000, line_bytes=10)
    backlog.put(block("aaaa", "bbbb", "cccc", "dddd"))
    backlog.put(block("eeee"))
    assert 75 == backlog.weight
    assert ["aaaa", "bbbb"] == texts(backlog.take(35))
    assert ["cccc", "dddd"] == texts(backlog.take(40))
    assert ["eeee"] == texts(backlog.take(100))


def test_one_line_goes_whatever_its_length() -> None:
    backlog = Backlog(10_000)
    backlog.put(block("x" * 50, "y"))
    backlog.put(block("z" * 50))
    assert ["x" * 50] == texts(backlog.take(10))
    assert ["y"] == texts(backlog.take(20))
    assert ["z" * 50] == texts(backlog.take(1))


def test_what_did_not_arrive_is_the_oldest_again() -> None:
    backlog = Backlog(10_000)
    backlog.put(block("a", "b", "c"))
    batch = backlog.take(4)
    backlog.put(block("d"))
    assert ["a", "b"] == texts(batch)
    assert ["b"] == texts(backlog.put_back(batch, 1))
    assert ["b", "c", "d"] == texts(backlog.take(100))


def test_when_it_is_full_the_oldest_lines_go_and_are_counted() -> None:
    backlog = Backlog(2 * BLOCK_BYTES + 20)
    backlog.put(block("aaaa", "bbbb", "cccc"))  # 15 bytes
    backlog.put(block("dddd"))  # 20
    assert (0, 0) == (backlog.dropped_lines, backlog.dropped_bytes)
    backlog.put(block("eeee"))  # a block costs, too: all of the first goes
    assert (3, 15) == (backlog.dropped_lines, backlog.dropped_bytes)
    assert ["dddd", "eeee"] == texts(backlog.take(100))


def test_of_a_block_no_more_lines_go_than_must() -> None:
    backlog = Backlog(BLOCK_BYTES + 12)
    backlog.put(block("aaaa", "bbbb", "cccc"))
    assert (1, 5) == (backlog.dropped_lines, backlog.dropped_bytes)
    assert ["bbbb", "cccc"] == texts(backlog.take(100))


def test_what_is_on_its_way_is_dropped_when_it_comes_back() -> None:
    backlog = Backlog(2 * BLOCK_BYTES + 20)
    backlog.put(block("a" * 9, "b" * 4))
    batch = backlog.take(100)
    backlog.put(block("c" * 4))
    backlog.put(block("d" * 4))
    assert (4, 0) == (backlog.lines, backlog.dropped_lines)
    backlog.put_back(batch)
    assert (2, 15) == (backlog.dropped_lines, backlog.dropped_bytes)
    assert ["c" * 4, "d" * 4] == texts(backlog.take(100))


def test_another_size() -> None:
    backlog = Backlog(10_000)
    backlog.put(block("a" * 99))
    backlog.put(block("b" * 99))
    backlog.resize(BLOCK_BYTES + 150, 7)
    assert (1, 107) == (backlog.dropped_lines, backlog.weight)


def test_a_batch_without_its_first_lines() -> None:
    batch = batch_of([block("a", "b"), block("c", "d", "e")])
    assert (["d", "e"], 2) == (texts(batch.without(3)), batch.without(3).lines)
    assert ["c", "d", "e"] == texts(batch.without(2))
    assert Batch((), 0, 0) == batch.without(5)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 30), st.sampled_from(["done", "back", "none"]))),
    st.integers(1, 400),
)
def test_every_line_is_delivered_dropped_or_waits(steps: list[tuple[int, int, str]], max_weight: int) -> None:
    backlog = Backlog(1500, 3)
    made, delivered = 0, 0
    order: deque[str] = deque()
    for lines, length, then in steps:
        backlog.put(block(*(f"{made + number}:{'x' * length}" for number in range(lines))))
        made += lines
        assert made == delivered + backlog.lines + backlog.dropped_lines
        if then != "none" and backlog:
            batch = backlog.take(max_weight)
            if then == "back":
                backlog.put_back(batch, batch.lines // 2)
                delivered += batch.lines // 2
            else:
                backlog.done(batch)
                delivered += batch.lines
                order.extend(texts(batch))
    numbers = [int(text.partition(":")[0]) for text in order]
    assert sorted(numbers) == numbers
    rest = backlog.take(1_000_000)
    backlog.done(rest)
    assert (0, 0, 0, 0) == (backlog.lines, backlog.bytes, backlog.weight, backlog._cost)


def test_what_is_older_than_all_goes_first_and_is_the_first_to_be_dropped() -> None:
    backlog = Backlog(3 * (BLOCK_BYTES + 2))
    backlog.put(block("c"))
    backlog.put_first([block("a"), block("b")], 2, 20)
    assert (3, 6, 2, 20) == (backlog.lines, backlog.bytes, backlog.dropped_lines, backlog.dropped_bytes)
    assert [b"a", b"b", b"c"] == [each.data for each in backlog.waiting]
    backlog.put_first([block("0")])
    assert [b"a", b"b", b"c"] == [each.data for each in backlog.waiting]
    assert (3, 22) == (backlog.dropped_lines, backlog.dropped_bytes)


def test_what_is_cleared_is_forgotten() -> None:
    backlog = Backlog(1000)
    backlog.put(block("a", "b"))
    backlog.put(block("c"))
    backlog.take(4)
    backlog.clear()
    assert (0, 0, 0, []) == (backlog.lines, backlog.bytes, backlog.weight, backlog.waiting)
    backlog.put(block("d"))
    assert (1, 2) == (backlog.lines, backlog.bytes)
