"""What streams carry reaches the forwarder in order, or waits, or is dropped and counted; nobody is held up."""

from support.fake_forwarder import FakeStreamWorker
from support.fakes import EPOCH, FakeClock, World, group, program
from vigild.engine import forward_outlet
from vigild.engine.forward_outlet import MAX_PIECE_BYTES, MAX_QUEUED_BYTES, ForwardSink, ForwardTap, Outlet
from vigild.engine.ports import Sink, Tap

PROCESS = World(group(program("web"), name="site")).engine.groups["site"].processes["web"]


class Stage:
    """An outlet and a forwarder that does not run yet."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.lost: list[tuple[int, int]] = []
        self.outlet = Outlet(self.clock, lambda sink, count: self.lost.append((sink.number, count)))
        self.worker = FakeStreamWorker(on_started=self.outlet.tell_all, on_room=self.outlet.send_on)
        self.outlet.worker = self.worker

    def open(self, channel: str = "stdout", pid: int = 7) -> ForwardSink:
        return ForwardTap(self.outlet, PROCESS, channel, ("central",)).open(pid)

    def fill(self, sink: ForwardSink, size: int) -> int:
        """Give it pieces until one is dropped; how many there were."""
        for count in range(2 * MAX_QUEUED_BYTES // size):
            sink.take(b"x" * size)
            if self.lost:
                return count + 1
        raise AssertionError("nothing was dropped")


def test_they_are_what_the_host_gives_output_to() -> None:
    stage = Stage()
    tap: Tap = ForwardTap(stage.outlet, PROCESS, "stdout", ())
    assert not tap.is_wanted
    sink: Sink = tap.open(1)
    sink.close()


def test_a_stream_is_told_of_then_what_it_carries_then_its_end() -> None:
    stage = Stage()
    stage.worker.start()
    stage.clock.advance(1.5)
    sink = stage.open()
    sink.take(b"one\ntw")
    sink.take(b"o\n")
    sink.close()
    head = {"type": "data", "stream": 1, "at": EPOCH + 1.5, "dropped": 0}
    assert stage.worker.pieces == [({**head, "bytes": 6}, b"one\ntw"), ({**head, "bytes": 2}, b"o\n")]
    about = {"program": "site:web", "group": "site", "name": "web", "channel": "stdout", "pid": 7}
    assert stage.worker.sent == [
        {"type": "open", "stream": 1, **about, "forwards": ["central"]},
        {"type": "close", "stream": 1},
    ]
    assert stage.outlet.sinks == {}


def test_what_comes_before_the_forwarder_waits_for_it_with_its_time() -> None:
    stage = Stage()
    first, second = stage.open(), stage.open("stderr")
    first.take(b"early")
    stage.clock.advance(2)
    second.take(b"later")
    first.close()
    assert not stage.outlet.is_empty
    stage.worker.start()
    assert [(head["at"], data) for head, data in stage.worker.pieces] == [
        (EPOCH, b"early"),
        (EPOCH + 2, b"later"),
    ]
    assert [(each["type"], each["stream"]) for each in stage.worker.sent] == [
        ("open", 1),
        ("open", 2),
        ("close", 1),
    ]
    assert (stage.outlet.is_empty, stage.outlet.queued_bytes) == (True, 0)


def test_a_stream_that_nobody_was_told_of_needs_no_end() -> None:
    stage = Stage()
    stage.open().close()
    stage.worker.start()
    assert stage.worker.sent == []


def test_what_a_full_forwarder_does_not_take_waits_in_order() -> None:
    stage = Stage()
    stage.worker.start()
    stage.worker.room = 1
    sink = stage.open()
    for data in (b"a", b"b", b"c"):
        sink.take(data)
    sink.close()
    assert stage.worker.take_pieces() == [(1, 0, b"a")]
    assert stage.worker.take("close") == []
    stage.worker.makes_room(1)
    assert stage.worker.take_pieces() == [(1, 0, b"b")]
    stage.worker.room = 1
    late = stage.open()
    late.take(b"d")  # not past what waits
    assert stage.worker.take_pieces() == []
    stage.worker.makes_room()
    assert stage.worker.take_pieces() == [(1, 0, b"c"), (2, 0, b"d")]
    assert [each["stream"] for each in stage.worker.take("close")] == [1]


def test_beyond_a_bound_pieces_are_dropped_whole_and_the_next_says_so() -> None:
    stage = Stage()
    sink, other = stage.open(), stage.open()
    count = stage.fill(sink, 60_000)
    assert stage.outlet.queued_bytes <= MAX_QUEUED_BYTES < stage.outlet.queued_bytes + 60_256
    other.take(b"y" * 60_000)
    sink.take(b"x" * 60_000)
    assert stage.lost == [(1, 60_000), (2, 60_000), (1, 60_000)]
    stage.worker.room = 1
    stage.worker.start()
    sink.take(b"room")
    stage.worker.makes_room()
    other.take(b"room")
    pieces = stage.worker.take_pieces()
    assert [dropped for _, dropped, _ in pieces] == [0] * (count - 1) + [120_000, 60_000]
    assert [stream for stream, _, data in pieces if data == b"room"] == [1, 2]
    sink.take(b"more")
    other.take(b"more")
    assert stage.worker.take_pieces() == [(1, 0, b"more"), (2, 0, b"more")]


def test_streams_that_end_while_nothing_is_taken_are_bounded_too() -> None:
    stage = Stage()
    stage.fill(stage.open(), 60_000)
    for _ in range(2 * MAX_QUEUED_BYTES // 256):
        sink = stage.open()
        sink.take(b"x" * 60_000)
        sink.close()
    assert stage.outlet.queued_bytes <= 2 * MAX_QUEUED_BYTES + 256
    assert len(stage.outlet.sinks) <= MAX_QUEUED_BYTES // 256 + 2 + 60_256 // 256


def test_tiny_pieces_are_bounded_by_what_they_take_in_memory() -> None:
    stage = Stage()
    sink = stage.open()
    for _ in range(MAX_QUEUED_BYTES // forward_outlet.PIECE_COST_BYTES):
        sink.take(b"x")
    assert stage.lost


def test_a_stream_that_ends_after_a_loss_says_so_too() -> None:
    stage = Stage()
    sink = stage.open()
    stage.fill(sink, MAX_PIECE_BYTES)
    sink.close()
    stage.worker.start()
    assert stage.worker.take_pieces()[-1] == (1, MAX_PIECE_BYTES, b"")
    assert len(stage.worker.take("close")) == 1
    assert stage.outlet.queued_bytes == 0


def test_what_is_very_much_goes_in_pieces() -> None:
    stage = Stage()
    stage.worker.start()
    data = bytes(range(256)) * 2049
    stage.open().take(data)
    pieces = stage.worker.take_pieces()
    assert [len(piece) for _, _, piece in pieces] == [MAX_PIECE_BYTES, MAX_PIECE_BYTES, 256]
    assert b"".join(piece for _, _, piece in pieces) == data


def test_one_that_missed_what_it_was_told_of_streams_is_told_again_before_it_gets_more() -> None:
    stage = Stage()
    stage.worker.start()
    kept, ended = stage.open(), stage.open("stderr")
    stage.worker.full, stage.worker.room = True, 0
    ended.close()
    late = stage.open()
    stage.worker.sent.clear()
    assert 2 == stage.outlet.missed
    stage.worker.full, stage.worker.room = False, 5
    late.take(b"waits")  # though there is room for it
    assert [] == stage.worker.pieces
    stage.outlet.tell_again({"type": "config"})
    assert 0 == stage.outlet.missed
    assert [(each["type"], each.get("stream"), each.get("open")) for each in stage.worker.sent] == [
        ("config", None, None),
        ("streams", None, [1, 3]),
        ("open", 1, None),
        ("open", 3, None),
    ]
    assert stage.worker.take_pieces() == [(3, 0, b"waits")]
    kept.take(b"more")
    assert stage.worker.take_pieces() == [(1, 0, b"more")]


def test_what_is_missed_while_one_dies_needs_no_second_telling() -> None:
    stage = Stage()
    stage.worker.start()
    stage.worker.full = True  # its pipe is broken: it is not behind
    stage.open()
    assert 0 == stage.outlet.missed


def test_the_forwarder_after_one_that_died_is_told_of_all_streams_and_given_what_waits() -> None:
    stage = Stage()
    stage.worker.start()
    sink, ended = stage.open(), stage.open()
    stage.worker.dies()
    sink.take(b"meanwhile")
    ended.close()
    stage.worker.sent.clear()
    stage.worker.start()
    assert [(each["type"], each["stream"]) for each in stage.worker.sent] == [("open", 1)]
    assert stage.worker.take_pieces() == [(1, 0, b"meanwhile")]
