"""The deliverer on a machine of values: what is kept, told, tried again, and never twice."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import build
from alerts.build import DOWN, NOON, Scene, alert, edge
from vigild.alerts.deliverer import (
    DISK_SECONDS,
    IDLE_SECONDS,
    LATE,
    LATE_SECONDS,
    MAX_PARCELS,
)
from vigild.alerts.desk import Desk
from vigild.alerts.memory_outbox import MemoryOutbox
from vigild.alerts.outbox import AlertRow, Outbox
from vigild.alerts.sending import DELIVERED, Outcome
from vigild.alerts.settings import settings_of
from vigild.alerts.trial import Trial
from vigild.core.alerting import Trouble
from vigild.core.edges import EdgeKind
from vigild.core.history import OutputEnd


@pytest.fixture(autouse=True)
def _no_scene_is_left() -> Iterator[None]:
    yield
    while Scene.scenes:
        Scene.scenes.pop().kill()


ONE, TWO = "https://one.example.com/SECRET", "https://two.example.com/SECRET"


def test_an_edge_is_kept_at_once_and_told_when_the_batch_is_over(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.hear(edge("web"), edge("db"))
    assert [{"type": "kept", "ids": [1, 2]}] == scene.machine.heard("kept")
    assert [] == scene.names_sent
    scene.advance(10)
    assert [("one", ["db", "web"])] == scene.names_sent
    delivered = {"type": "delivered", "alert": "ops", "receiver": "https://one.example.com/***", "edges": 2}
    (told,) = scene.machine.heard("delivered")
    assert {**delivered, "text": "db ended (and 1 more)", "error": ""} == told
    assert {"waiting": 0, "delivered": 1} == {
        key: scene.machine.report["ops"][key] for key in ("waiting", "delivered")
    }


def test_what_it_is_told_twice_counts_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.hear(edge())
    scene.number = 0
    scene.hear(edge())
    scene.kill()
    scene.begin()
    scene.number = 0
    scene.hear(edge())
    scene.advance(60)
    assert [1] == [telling.count for _, digest in scene.machine.sent for telling in digest.tellings]
    assert 3 == len(scene.machine.heard("kept"))


def test_a_batch_outlives_the_deliverer(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.hear(edge())
    scene.kill()
    scene.machine.wall += 3600
    scene.begin()
    assert [("one", ["web"])] == scene.names_sent
    scene.hear(edge(ends=True))
    scene.kill()
    scene.begin()
    scene.advance(60)
    assert [("one", ["web"]), ("one", ["-web"])] == scene.names_sent


def test_an_outage_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert("ops", ONE, TWO))
    scene.machine.outcomes["one"] = DOWN
    for number in range(20):
        scene.hear(edge(f"p{number}"))
        scene.advance(180)
    report = scene.machine.report["ops"]
    assert 20 == report["waiting"]
    assert NOON + 10 == report["failing_since"]
    assert "https://one.example.com/***: connection refused" == report["error"]
    scene.kill()
    scene.begin()
    assert NOON + 10 == scene.machine.report["ops"]["failing_since"]
    scene.machine.sent.clear()
    scene.machine.outcomes["one"] = DELIVERED
    scene.advance(400)
    assert {f"p{number}" for number in range(20)} == {name for _, names in scene.names_sent for name in names}
    assert 20 == len(scene.names_sent)
    assert {"one"} == {host for host, _ in scene.names_sent}
    assert (0, 0.0, "") == tuple(
        scene.machine.report["ops"][key] for key in ("waiting", "failing_since", "error")
    )
    assert 40 == scene.machine.report["ops"]["delivered"]


def test_tries_become_rare_while_a_receiver_is_away(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge())
    scene.advance(24 * 3600)
    assert 270 < len(scene.machine.sent) < 310
    assert {"identity-1"} == {digest.identity for _, digest in scene.machine.sent}


def test_a_receiver_that_is_away_or_hangs_delays_nobody_else(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert("ops", ONE, TWO))
    scene.machine.outcomes["one"] = None
    scene.hear(edge("a"))
    scene.advance(30)
    scene.hear(edge("b"))
    scene.advance(3000)
    assert [["a"], ["b"]] == [names for host, names in scene.names_sent if host == "two"]
    assert [["a"]] == [names for host, names in scene.names_sent if host == "one"]
    assert scene.deliverer.is_sending


def test_a_refusal_for_good_is_said_and_not_tried_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.machine.outcomes["one"] = Outcome(False, True, "no such robot")
    scene.hear(edge("a"))
    scene.advance(3600)
    assert 1 == len(scene.machine.sent)
    (refused,) = scene.machine.heard("refused")
    assert ("ops", 1, "a ended", "https://one.example.com/***: no such robot") == tuple(
        refused[key] for key in ("alert", "edges", "text", "error")
    )
    assert "https://one.example.com/***: no such robot" == scene.machine.report["ops"]["refused"]
    scene.kill()
    scene.begin()
    assert "https://one.example.com/***: no such robot" == scene.machine.report["ops"]["refused"]
    del scene.machine.outcomes["one"]
    scene.hear(edge("b"))
    scene.advance(20)
    assert "" == scene.machine.report["ops"]["refused"]


def test_a_message_that_a_receiver_chokes_on_does_not_hold_up_the_others(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert(batch_seconds=0))
    choke = scene.machine.send

    def send(ticket: Any, receiver: Any, message: Any, seconds: float) -> None:
        name = message.digest.tellings[0].edge.name
        scene.machine.outcomes["one"] = DOWN if name == "bad" else DELIVERED
        choke(ticket, receiver, message, seconds)

    scene.machine.send = send  # type: ignore[method-assign]
    scene.hear(edge("bad"))
    scene.hear(edge("good"))
    scene.hear(edge("fine"))
    scene.advance(600)
    assert {"good", "fine"} <= {name for _, names in scene.names_sent for name in names}
    assert 2 == scene.machine.report["ops"]["delivered"]


def test_what_waits_for_an_address_goes_to_the_one_that_replaces_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert("ops", ONE, TWO))
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge())
    scene.advance(60)
    scene.configure(alert("ops", TWO, "https://three.example.com/"))
    scene.advance(60)
    hosts = [host for host, _ in scene.names_sent]
    assert (1, 1) == (hosts.count("two"), hosts.count("three"))
    assert 0 == scene.machine.report["ops"]["waiting"]


def test_what_waits_for_an_address_that_is_removed_is_nobodys(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert("ops", ONE, TWO))
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge())
    scene.advance(60)
    scene.configure(alert("ops", TWO))
    scene.advance(600)
    assert 1 == [host for host, _ in scene.names_sent].count("two")
    assert 0 == scene.machine.report["ops"]["waiting"]


def test_one_that_is_on_its_way_while_its_address_is_changed_arrives_once(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.machine.outcomes["one"] = None
    scene.hear(edge())
    scene.advance(60)
    scene.configure(alert("ops", TWO))
    scene.advance(60)
    assert ["one"] == [host for host, _ in scene.names_sent]
    scene.deliverer.arrived(scene.machine.hanging.pop(), DELIVERED)
    scene.advance(600)
    assert ["one"] == [host for host, _ in scene.names_sent]


def test_an_alert_that_leaves_takes_its_book_with_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert("ops"), alert("dev", TWO))
    scene.hear(edge())
    scene.configure(alert("dev", TWO))
    scene.advance(60)
    scene.configure(alert("ops"), alert("dev", TWO))
    scene.advance(60)
    assert [("two", ["web"])] == scene.names_sent


def test_a_changed_alert_keeps_its_book(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.hear(edge())
    scene.configure(alert(batch_seconds=300))
    scene.advance(299)
    assert [] == scene.names_sent
    scene.advance(2)
    assert [("one", ["web"])] == scene.names_sent


def test_a_message_shows_the_last_lines_of_output(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert(output_lines=2), alert("none", TWO, output_lines=0))
    scene.machine.lines = {"stderr": ("a", "b", "c")}
    one = edge()
    scene.hear(
        type(one)(
            one.at,
            one.kind,
            one.severity,
            "program",
            "web",
            "down",
            "x",
            {},
            (OutputEnd("stderr", "/x", 1, 1, 1),),
        )
    )
    scene.advance(20)
    assert {"one": {"stderr": ("b", "c")}, "two": {}} == {
        host: digest.tellings[0].lines for host, digest in scene.machine.sent
    }


def test_a_message_that_comes_late_says_why(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge())
    scene.advance(LATE_SECONDS + 600)
    assert "" == scene.machine.sent[0][1].held_for
    assert LATE == scene.machine.sent[-1][1].held_for


def test_the_night_says_why_it_comes_in_the_morning(tmp_path: Path) -> None:
    hours = {"ranges": [[0, 13 * 60]], "zone": ""}
    scene = Scene(
        tmp_path,
        alert(quiet_hours=hours, batch_seconds=0),
        alert("busy", TWO, max_per_hour=1, batch_seconds=0),
    )
    scene.hear(edge("a"))
    scene.hear(edge("b"))
    report = {name: facts["held_for"] for name, facts in scene.machine.report.items() if facts["held"]}
    assert {"ops": "quiet hours", "busy": "the limit of messages"} == report
    assert NOON + 3600 == scene.machine.report["ops"]["held_until"]
    scene.advance(2 * 3600)
    assert [0, 0] == [facts["held"] for facts in scene.machine.report.values()]
    assert [("one", "quiet hours"), ("two", ""), ("two", "the limit of messages")] == sorted(
        (host, digest.held_for) for host, digest in scene.machine.sent
    )


def test_the_outbox_has_an_end_and_counts_what_it_drops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigild.alerts.deliverer.MAX_PARCELS", 3)
    assert MAX_PARCELS > 3
    scene = Scene(tmp_path, alert(batch_seconds=0))
    scene.machine.outcomes["one"] = DOWN
    for number in range(6):
        scene.hear(edge(f"p{number}"))
    assert (3, 3) == (scene.machine.report["ops"]["waiting"], scene.machine.report["ops"]["lost"])
    assert "the outbox is full" in scene.machine.heard("refused")[0]["error"]
    scene.kill()
    scene.begin()
    assert 3 == scene.machine.report["ops"]["lost"]
    del scene.machine.outcomes["one"]
    scene.machine.sent.clear()
    scene.advance(3600)
    assert ["p3", "p4", "p5"] == [names[0] for _, names in scene.names_sent]


def test_an_outbox_has_an_end_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigild.alerts.deliverer.MAX_OUTBOX_BYTES", 1)
    scene = Scene(tmp_path, alert(batch_seconds=0))
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge("a"))
    scene.hear(edge("b"))
    scene.advance(10)
    assert (1, 1) == (scene.machine.report["ops"]["waiting"], scene.machine.report["ops"]["lost"])


def test_a_trial_reaches_every_receiver_past_all_that_waits(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert("ops", ONE, TWO))
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge())
    scene.advance(60)
    scene.deliverer.take([{"type": "test", "id": 7, "alert": "ops"}])
    scene.settle()
    text = "https://one.example.com/*** failed: connection refused\nhttps://two.example.com/*** delivered"
    assert [{"type": "tested", "id": 7, "ok": False, "text": text}] == scene.machine.heard("tested")
    assert EdgeKind.TEST is scene.machine.sent[-1][1].tellings[0].edge.kind
    del scene.machine.outcomes["one"]
    scene.deliverer.take([{"type": "test", "id": 8, "alert": "ops"}])
    scene.settle()
    assert scene.machine.heard("tested")[-1]["ok"]
    assert 0 == scene.machine.report["ops"]["waiting"], "the road is open, so what waited has gone"


@pytest.mark.parametrize(
    ("struct", "name", "text"),
    [
        (alert(), "dev", "dev: there is no such alert"),
        ({"name": "ops", "urls": ["dingtlk://x"]}, "ops", "ops: address 1: unknown scheme 'dingtlk'"),
        ({"name": "ops", "urls": []}, "ops", "ops: no address"),
    ],
)
def test_a_trial_of_nothing_says_so(tmp_path: Path, struct: dict[str, Any], name: str, text: str) -> None:
    scene = Scene(tmp_path, struct)
    scene.deliverer.take([{"type": "test", "id": 7, "alert": name}])
    (tested,) = scene.machine.heard("tested")
    assert not tested["ok"]
    assert tested["text"].startswith(text)


def test_a_trial_without_receivers_is_over() -> None:
    trial = Trial(1, Desk(settings_of(alert()), AlertRow(), {}, lambda _: 0.0), NOON)
    assert (True, (True, "")) == (trial.is_over, trial.verdict)


def test_a_full_book_counts_what_it_could_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigild.core.alerting.MAX_TROUBLES", 2)
    book: dict[str, Trouble] = {}
    desk = Desk(settings_of(alert()), AlertRow(), book, lambda _: 0.0)
    for number in range(4):
        desk.hear(edge(f"p{number}"), NOON + number, lambda _: {})
    assert (2, 2) == (len(book), desk.row.left_out)
    found = desk.take(NOON + 60, "identity")
    assert found is not None
    assert (2, 0) == (found[0].left_out, desk.row.left_out)
    assert desk.take(NOON + 60, "identity") is None


def test_it_says_when_it_has_been_idle_and_reports_only_what_changed(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.hear(edge())
    scene.advance(IDLE_SECONDS)
    assert [] == scene.machine.heard("idle")
    scene.advance(IDLE_SECONDS)
    assert 1 == len(scene.machine.heard("idle"))
    count = len(scene.machine.heard("report"))
    scene.advance(7 * 86400)
    assert (1, count) == (len(scene.machine.heard("idle")), len(scene.machine.heard("report")))
    scene.hear(edge("db"))
    scene.advance(2 * IDLE_SECONDS)
    assert 2 == len(scene.machine.heard("idle"))


def test_what_a_long_outage_took_of_the_disk_is_given_back(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert(batch_seconds=0))
    scene.machine.lines = {"stderr": tuple(os.urandom(2000).hex() for _ in range(10))}
    scene.machine.outcomes["one"] = DOWN
    for number in range(20):
        scene.hear(replace(edge(f"p{number}"), outputs=(OutputEnd("stderr", "/x", 1, 1, 1),)))
    del scene.machine.outcomes["one"]
    scene.advance(3600)
    scene.kill()
    assert 0 == scene.machine.report["ops"]["waiting"]
    assert os.stat(scene.path).st_size < 100_000 < 20 * 20_000


def test_an_unknown_zone_is_said_and_the_machines_time_is_taken(tmp_path: Path) -> None:
    hours = {"ranges": [[0, 13 * 60]], "zone": "Mars/Olympus"}
    scene = Scene(tmp_path, alert(quiet_hours=hours))
    scene.hear(edge())
    scene.advance(3000)
    assert [] == scene.names_sent
    assert "no time zone 'Mars/Olympus'" in scene.machine.report["ops"]["error"]


def test_what_a_later_daemon_says_is_taken_and_left(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.deliverer.take([{"type": "edge", "id": 5, "edge": {"kind": "earthquake"}}, {"type": "dance"}])
    assert [{"type": "kept", "ids": [5]}] == scene.machine.heard("kept")


def test_before_the_configuration_nothing_is_kept(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.kill()
    scene.hear(edge())
    assert [] == scene.machine.heard("kept")
    assert scene.deliverer.tick() is None
    scene.deliverer.arrived(("parcel", 1), DELIVERED)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edge"), st.integers(0, 5)),
        st.tuples(st.just("end"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(0, 900)),
        st.tuples(st.just("break"), st.integers(0, 1)),
        st.tuples(st.just("mend"), st.integers(0, 1)),
        st.tuples(st.just("kill"), st.just(0)),
        st.tuples(st.just("again"), st.integers(1, 40)),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_happens_every_receiver_gets_every_message_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Receivers break, the deliverer is killed, and the daemon tells again what it does not know was kept."""
    scene = Scene(tmp_path_factory.mktemp("outbox"), alert("ops", ONE, TWO, batch_seconds=5))
    hosts, told, begun = ("one", "two"), [], set()
    for what, number in steps:
        if what in ("edge", "end"):
            one = edge(f"p{number}", ends=what == "end", at=scene.machine.wall)
            told.append(one)
            begun |= {one.name} if what == "edge" else set()
            scene.hear(one)
        elif what == "wait":
            scene.advance(number)
        elif what == "kill":
            scene.kill()
            scene.begin()
        elif what == "again" and number <= len(told):
            scene.number = number - 1
            scene.hear(*told[number - 1 :])
        elif what in ("break", "mend"):
            scene.machine.outcomes[hosts[number]] = DOWN if what == "break" else DELIVERED
    failed = [digest.identity for host, digest in scene.machine.sent]
    scene.machine.outcomes.clear()
    scene.advance(3600)

    arrived: dict[str, list[str]] = {host: [] for host in hosts}
    for message in scene.machine.heard("delivered"):
        arrived[message["receiver"].split("/")[2].split(".")[0]].append(message["text"])
    digests = {digest.identity: digest for _, digest in scene.machine.sent}
    for host in hosts:
        assert len(digests) == len(arrived[host]), failed
    names = {telling.edge.name for digest in digests.values() for telling in digest.tellings}
    assert begun == names
    scene.kill()
    assert 0 == scene.machine.report["ops"]["waiting"]


def test_a_disk_that_has_room_again_gets_what_waits_and_nothing_is_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "Outbox", lambda path: MemoryOutbox(path, "the disk is full"))
    (tmp_path / "state").touch()
    scene = Scene(tmp_path)
    scene.hear(edge("web"))
    scene.advance(10 + DISK_SECONDS)
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge("db"))
    scene.advance(10)
    assert [("one", ["web"]), ("one", ["db"])] == scene.names_sent
    assert "the disk is full" in scene.machine.report["ops"]["error"]
    (tmp_path / "state").unlink()
    scene.advance(2 * DISK_SECONDS)
    assert "the disk is full" not in scene.machine.report["ops"]["error"]
    monkeypatch.setattr(build, "Outbox", Outbox)
    scene.kill()
    del scene.machine.outcomes["one"]
    scene.begin()
    scene.advance(600)
    assert ["web", "db"] == list(dict.fromkeys(name for _, names in scene.names_sent for name in names))
    assert 1 == [names for _, names in scene.names_sent].count(["web"])
    assert 0 == scene.machine.report["ops"]["waiting"]
