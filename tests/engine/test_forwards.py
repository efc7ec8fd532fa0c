"""Whose output goes to which forward, at any moment, and what is known of how that goes."""

import asyncio

import pytest

from support.fake_forwarder import FakeStreamWorker
from support.fakes import EPOCH, World, group, listener, program
from support.until import DEADLINE_SECONDS
from vigild.config.model import ForwardConfig, StreamConfig
from vigild.core.errors import Fault, VigilError
from vigild.core.forwards import ForwardCounts, ForwardInfo
from vigild.engine import forwards as module
from vigild.engine.forward_outlet import MAX_QUEUED_BYTES, PIECE_COST_BYTES, ForwardTap
from vigild.engine.forward_watch import FAILING_SECONDS, QUIET_SECONDS
from vigild.engine.forwards import STEADY_SECONDS, Forwards

SECRET = "loki+http://me:geheim@loki:3100"
CENTRAL = ForwardConfig("central", url=SECRET)
WEB = ForwardConfig("web", url="journald:", programs=("web*",), channels=("stderr",))


class Stage:
    """An engine with two programs and a listener, and a forwarder that is started by hand."""

    def __init__(self, *configs: ForwardConfig) -> None:
        self.troubles: list[tuple[str, str]] = []
        self.world = World(listener("ear", "TICK_5"), group(program("web")), group(program("db")))
        self.forwards = Forwards(
            self.world.ports, self.world.engine.all_processes, lambda *told: self.troubles.append(told)
        )
        self.world.engine.settings.forwards = self.forwards
        self.worker = FakeStreamWorker()
        self.configure(*configs)
        self.forwards.attend(self.worker)

    def configure(self, *configs: ForwardConfig) -> None:
        self.forwards.configure({"identifier": "sup"}, configs, [{"name": each.name} for each in configs])

    def tap(self, name: str, channel: str = "stdout") -> ForwardTap:
        request = self.world.child(name).request
        plan = request.stdout if channel == "stdout" else request.stderr
        assert plan is not None
        assert isinstance(plan.tap, ForwardTap)
        return plan.tap

    def report(self, name: str = "central", **report: object) -> None:
        self.worker.says(type="report", forwards={name: {"url": "loki+http://loki:3100", **report}})

    def info(self, name: str = "central") -> ForwardInfo:
        (info,) = [each for each in self.forwards.status() if each.name == name]
        return info

    @property
    def told(self) -> list[tuple[str, str]]:
        troubles = self.troubles.copy()
        self.troubles.clear()
        return troubles


def test_each_stream_goes_to_the_forwards_whose_patterns_name_it() -> None:
    stage = Stage(CENTRAL, WEB)
    stage.world.boot()
    assert stage.tap("web").names == ("central",)
    assert stage.tap("web", "stderr").names == ("central", "web")
    assert stage.tap("db", "stderr").names == ("central",)
    assert stage.tap("ear", "stderr").names == ("central",)
    assert stage.world.child("ear").request.stdout.tap is None  # its protocol


def test_a_reread_changes_it_for_streams_that_are_open() -> None:
    stage = Stage(WEB)
    stage.world.boot()
    stage.worker.start()
    assert [each["type"] for each in stage.worker.sent] == ["config"]
    sink = stage.tap("web", "stderr").open(100)
    stage.worker.sent.clear()
    renewals = len(stage.world.children.sink_renewals)
    stage.configure(CENTRAL, WEB)
    assert [(each["type"], each.get("forwards")) for each in stage.worker.sent] == [
        ("config", [{"name": "central"}, {"name": "web"}]),
        ("open", ["central", "web"]),
    ]
    assert len(stage.world.children.sink_renewals) == renewals + 1
    assert stage.tap("db").is_wanted
    stage.worker.sent.clear()
    stage.configure(CENTRAL, WEB)
    assert [each["type"] for each in stage.worker.sent] == ["config"]
    stage.configure(CENTRAL)
    assert [each.get("forwards") for each in stage.worker.take("open")] == [["central"]]
    stage.configure(ForwardConfig("other", url="journald:", programs=("nobody",)))
    assert stage.worker.take("open") == []  # the host closes it
    assert not stage.tap("web").is_wanted
    sink.close()
    assert len(stage.worker.take("close")) == 1


def test_the_first_forward_finds_programs_that_run_already() -> None:
    stage = Stage(CENTRAL)
    stage.world.engine.settings.forwards = None
    stage.world.boot()
    assert stage.world.child("web").request.stdout.tap is None
    stage.configure(CENTRAL)
    assert stage.tap("web").names == ("central",)


def test_a_stream_of_a_program_that_is_gone_follows_a_reread_too() -> None:
    stage = Stage(CENTRAL)
    stage.world.boot()
    tap = stage.tap("web")
    sink = tap.open(100)
    stage.world.engine.groups["web"].processes["web"].plans.clear()
    stage.configure(WEB)
    assert not tap.is_wanted
    sink.close()


def test_what_is_known_of_each_is_told_without_secrets() -> None:
    stage = Stage(CENTRAL, WEB)
    stage.world.boot()
    before = stage.info()
    assert before.url
    assert "geheim" not in before.url
    assert (before.is_running, before.trouble, before.counts) == (False, "", ForwardCounts())
    stage.tap("web").open(1)
    closing = stage.tap("db").open(2)
    closing.take(b"x")
    closing.close()
    stage.worker.start()
    stage.report(
        waiting_lines=2, waiting_bytes=20, sent_lines=5, sent_bytes=50, sent_batches=1, refused_lines="many"
    )
    counts = ForwardCounts(sent_lines=5, sent_bytes=50, sent_batches=1)
    assert stage.info() == ForwardInfo(
        *(
            "central",
            "loki+http://loki:3100",
            ("*",),
            ("stdout", "stderr"),
            1,
            True,
            "",
            2,
            20,
            counts,
            0.0,
            "",
        )
    )
    stage.report(failing_since=EPOCH, error="connection refused")
    assert (stage.info().failing_since, stage.info().error) == (EPOCH, "connection refused")
    stage.worker.says(type="report", forwards={"nobody": {}, "central": "?"})
    stage.worker.says(type="something", of="a later version")
    assert [info.name for info in stage.forwards.status()] == ["central", "web"]


def test_counts_go_on_when_the_forwarder_is_another_and_what_it_had_is_lost() -> None:
    stage = Stage(CENTRAL)
    stage.worker.start()
    stage.report(sent_lines=5, sent_batches=1, waiting_lines=3, waiting_bytes=30)
    stage.worker.unread_bytes = 7
    stage.worker.dies("terminated by SIGKILL")
    stage.forwards.ended()
    assert "7 bytes that it was sent and had not read are lost" in stage.world.log.lines[-1]
    info = stage.info()
    assert (info.counts.sent_lines, info.counts.dropped_lines, info.counts.dropped_bytes) == (5, 3, 30)
    assert (info.waiting_lines, info.is_running) == (0, False)
    assert info.trouble == "the forwarder does not run: terminated by SIGKILL"
    stage.worker.start()
    stage.report(sent_lines=2, sent_batches=1)
    assert stage.info().counts.sent_lines == 7
    lost = (
        "forward central to loki+http://loki:3100 loses output: at least 3 lines that the forwarder died with"
    )
    assert ("central", lost) in stage.told


def test_a_forwarder_that_does_not_come_up_is_a_trouble_of_every_forward() -> None:
    stage = Stage(CENTRAL, WEB)
    stage.worker.dies("exit status 1")
    stage.forwards.ended()
    stage.world.clock.advance(FAILING_SECONDS)
    assert stage.told == [
        (name, f"forward {name} has failed for 60 s: the forwarder does not run: exit status 1")
        for name in ("central", "web")
    ]
    assert "forward" not in str(stage.world.log.lines)  # the worker itself has said so
    stage.worker.start()
    stage.report()
    stage.world.clock.advance(STEADY_SECONDS - 1)
    stage.worker.dies("exit status 1")
    stage.forwards.ended()
    stage.world.clock.advance(STEADY_SECONDS)
    assert stage.told == []  # it died again: that is the same trouble
    stage.worker.start()
    stage.report(failing_since=EPOCH, error="connection refused")
    stage.world.clock.advance(STEADY_SECONDS)
    assert stage.told == [("web", "")]
    stage.report(sent_batches=0)
    assert stage.told == [("central", "")]


def test_one_that_fails_is_said_and_told_and_so_is_its_end() -> None:
    stage = Stage(CENTRAL)
    stage.worker.start()
    stage.report(sent_batches=1)
    assert stage.told == [("central", "")]
    stage.report(sent_batches=1, failing_since=EPOCH, error="connection refused")
    stage.world.clock.advance(FAILING_SECONDS)
    assert len(stage.told) == 1
    stage.report(sent_batches=2)
    assert stage.told == [("central", "")]
    said = [line for line in stage.world.log.lines if "forward central" in line]
    assert [line[:4] for line in said] == ["WARN", "INFO"]
    assert "geheim" not in str(stage.world.log.lines)


def test_lines_that_are_lost_are_a_trouble() -> None:
    stage = Stage(CENTRAL)
    stage.worker.start()
    stage.report(sent_batches=1, dropped_lines=2)
    stage.report(sent_batches=1, dropped_lines=2)
    assert [bool(words) for _, words in stage.told] == [True]
    stage.world.clock.advance(QUIET_SECONDS)
    stage.report(sent_batches=1, dropped_lines=2, refused_lines=1)
    assert [words.rpartition(": ")[2] for _, words in stage.told] == [
        "",
        "1 line for which there was no room, or which were refused",
    ]


def test_the_log_says_whether_lines_that_failed_wait() -> None:
    for refused, fate in (
        (0, "lines wait for it, as long as there is room"),
        (3, "these lines are not sent again"),
    ):
        stage = Stage(CENTRAL)
        stage.worker.start()
        stage.report(refused_lines=refused, failing_since=EPOCH, error="HTTP status 400")
        assert stage.world.log.lines[-1].endswith(f"fails: HTTP status 400; {fate}")


def test_what_the_daemon_dropped_counts_for_every_forward_that_wanted_it() -> None:
    stage = Stage(CENTRAL, WEB)
    stage.world.boot()
    sink = stage.tap("web", "stderr").open(1)
    waiting = MAX_QUEUED_BYTES // (100_000 + PIECE_COST_BYTES)
    for _ in range(waiting + 1):
        sink.take(b"x" * 100_000)
    assert stage.info().counts.unsent_bytes == 100_000
    stage.configure(WEB)
    sink.tap.names = ("central", "web")  # not told yet
    sink.take(b"x" * 100_000)
    assert stage.info("web").counts.unsent_bytes == 200_000
    assert [name for name, words in stage.told if words] == ["central", "web"]


def test_a_forward_that_is_gone_tells_nothing_more() -> None:
    stage = Stage(CENTRAL)
    stage.worker.start()
    stage.report(failing_since=EPOCH, error="gone")
    stage.configure(WEB)
    stage.world.clock.advance(1000)
    assert stage.told == []


def test_a_test_is_answered_by_the_forwarder() -> None:
    stage = Stage(CENTRAL)

    async def play() -> None:
        assert await stage.forwards.test("central") == (False, "the forwarder does not run")
        stage.worker.start()
        task = asyncio.create_task(stage.forwards.test("central"))
        await asyncio.sleep(0)
        (asked,) = stage.worker.take("test")
        assert asked["forward"] == "central"
        stage.worker.says(type="tested", id=asked["id"], ok=True, text="deliver\x1bed")
        stage.worker.says(type="tested", id=asked["id"], ok=True, text="twice")
        assert await task == (True, "deliver ed")
        stage.worker.says(type="tested", id=99, ok=True, text="to nobody")
        task = asyncio.create_task(stage.forwards.test("central"))
        await asyncio.sleep(0)
        stage.worker.dies()
        stage.forwards.ended()
        assert await task == (False, "the forwarder died meanwhile")

    asyncio.run(play())


def test_a_test_has_an_end_and_there_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(CENTRAL)
    stage.worker.start()

    async def play() -> None:
        monkeypatch.setattr(module, "TEST_SECONDS", 0.01)
        assert await stage.forwards.test("central") == (False, "no answer within 0.01 seconds")
        monkeypatch.setattr(module, "MAX_TESTS", 0)
        with pytest.raises(VigilError, match="too many tests at once") as caught:
            await stage.forwards.test("central")
        assert caught.value.fault is Fault.FAILED

    asyncio.run(play())


def test_at_the_end_the_forwarder_is_given_all_there_is() -> None:
    stage = Stage(CENTRAL)
    stage.world.boot()
    stage.worker.start()
    tap = stage.tap("web")
    sink = tap.open(1)
    stage.worker.room = 0
    sink.take(b"last words")

    async def play() -> int:
        stage.forwards.leave()
        task = asyncio.create_task(stage.forwards.settle(60))
        await asyncio.sleep(0)
        assert not task.done()
        stage.worker.makes_room()
        return await task

    assert asyncio.run(play()) == 0
    assert stage.worker.take_pieces() == [(1, 0, b"last words")]
    assert stage.world.children.sink_renewals[-1] is True
    assert not tap.is_wanted
    assert stage.world.child("web").request.stdout.tap is None
    assert stage.forwards.status() == []


def test_the_end_does_not_wait_for_ever_and_not_for_one_that_is_dead() -> None:
    stage = Stage(CENTRAL)
    stage.world.boot()
    sink = stage.tap("web").open(1)
    sink.take(b"x")
    stage.forwards.leave()
    assert asyncio.run(stage.forwards.settle(60)) > 0  # none runs
    stage.worker.start()
    stage.worker.room = 0
    sink.take(b"x")
    assert asyncio.run(stage.forwards.settle(0.01)) > 0

    async def dies() -> int:
        task = asyncio.create_task(stage.forwards.settle(10 * DEADLINE_SECONDS))
        await asyncio.sleep(0)
        stage.worker.dies()
        stage.forwards.ended()
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await task

    assert asyncio.run(dies()) > 0


def test_before_an_upgrade_what_waits_is_handed_on() -> None:
    stage = Stage(CENTRAL)
    stage.forwards.flush(1.0)
    stage.worker.start()
    stage.forwards.flush(1.0)
    assert (stage.worker.flushes, stage.world.log.lines) == ([1.0], [])
    stage.worker.room = 0
    stage.world.boot()
    sink = stage.tap("web").open(1)
    sink.take(b"12345")
    sink.take(b"12345")
    stage.forwards.flush(1.0)
    assert stage.world.log.lines[-1].startswith("ERRO the forwarder is behind")


def test_output_without_a_log_is_wanted_all_the_same() -> None:
    stage = Stage(CENTRAL)
    silent = program("silent", stdout=StreamConfig(logfile=None))
    stage.world.engine.add_group(group(silent))
    stage.world.boot()
    plan = stage.world.child("silent").request.stdout
    assert plan.logfile is None
    assert plan.tap is not None
    assert plan.tap.is_wanted


def test_a_forwarder_that_was_stopped_for_long_is_told_all_of_it_again() -> None:
    stage = Stage(CENTRAL)
    stage.world.boot()
    stage.worker.start()
    stage.worker.full, stage.worker.room = True, 0
    stage.configure(CENTRAL, WEB)
    stage.tap("web", "stderr").open(100)
    stage.worker.sent.clear()
    stage.worker.full = False
    stage.worker.makes_room()
    assert [each["type"] for each in stage.worker.sent] == ["config", "streams", "open"]
    assert "2 messages about streams had no room" in stage.world.log.lines[-1]
    stage.worker.sent.clear()
    stage.worker.makes_room()
    assert stage.worker.sent == []
