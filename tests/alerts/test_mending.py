"""The deliverer when things are mended: what was refused goes to the new address, what was in memory to the disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts import build
from alerts.build import DOWN, Scene, alert, edge
from vigild.alerts import deliverer as deliverer_module
from vigild.alerts.deliverer import IDLE_SECONDS, REFUSED_SECONDS
from vigild.alerts.memory_outbox import MemoryOutbox
from vigild.alerts.outbox import Outbox
from vigild.alerts.sending import Outcome
from vigild.core.edges import EdgeKind

ONE, TWO = "https://one.example.com/SECRET", "https://two.example.com/SECRET"


@pytest.fixture(autouse=True)
def _no_scene_is_left() -> Iterator[None]:
    yield
    while Scene.scenes:
        Scene.scenes.pop().kill()


REFUSED = Outcome(False, True, "no such robot")


def hosts(scene: Scene) -> list[tuple[str, str]]:
    return [(host, name) for host, names in scene.names_sent for name in names]


def test_what_was_refused_within_the_hour_goes_to_the_mended_address(tmp_path: Path) -> None:
    scene = Scene(tmp_path, alert("ops", ONE, TWO))
    scene.machine.outcomes["one"] = REFUSED
    scene.hear(edge("old"))
    scene.advance(REFUSED_SECONDS)
    for name in ("a", "b"):
        scene.hear(edge(name))
        scene.advance(20)
    scene.kill()
    scene.begin()
    assert 0 == scene.machine.report["ops"]["waiting"], "nothing is tried again by itself"
    scene.machine.sent.clear()
    scene.configure(alert("ops", "https://three.example.com/", TWO))
    scene.advance(60)
    assert [("three", "a"), ("three", "b")] == hosts(scene)
    assert ("", 0) == tuple(scene.machine.report["ops"][key] for key in ("refused", "waiting"))
    scene.configure(alert("ops", "https://four.example.com/", TWO))
    scene.advance(60)
    assert 2 == len(scene.machine.sent), "they have arrived"


def test_what_was_refused_is_sent_again_when_a_trial_arrives(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.machine.outcomes["one"] = REFUSED
    scene.hear(edge("a"))
    scene.advance(20)
    del scene.machine.outcomes["one"]
    scene.machine.sent.clear()
    scene.deliverer.take([{"type": "test", "id": 1, "alert": "ops"}])
    scene.settle()
    scene.advance(20)
    assert [EdgeKind.TEST, EdgeKind.DOWN] == [
        digest.tellings[0].edge.kind for _, digest in scene.machine.sent
    ]


def test_of_what_was_refused_the_newest_are_kept_and_for_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliverer_module, "MAX_REFUSED", 2)
    scene = Scene(tmp_path, alert(batch_seconds=0))
    scene.machine.outcomes["one"] = REFUSED
    for name in ("a", "b", "c"):
        scene.hear(edge(name))
        scene.advance(1)
    scene.configure(alert("ops", TWO))
    scene.advance(60)
    assert [("two", "b"), ("two", "c")] == hosts(scene)[3:]
    scene.machine.outcomes["two"] = REFUSED
    scene.hear(edge("d"))
    scene.advance(REFUSED_SECONDS)
    scene.hear(edge("e", ends=True))
    scene.advance(IDLE_SECONDS + 10)
    outbox = scene.deliverer._outbox
    assert outbox is not None
    assert 0 == outbox._number("SELECT count(*) FROM digest"), "what is too old is forgotten"


def test_one_that_is_refused_while_its_address_is_mended_goes_to_the_new_one(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.machine.outcomes["one"] = None
    scene.hear(edge())
    scene.advance(60)
    scene.configure(alert("ops", TWO))
    scene.deliverer.arrived(scene.machine.hanging.pop(), REFUSED)
    scene.advance(60)
    assert [("one", "web"), ("two", "web")] == hosts(scene)


def kept(scene: Scene) -> list[int]:
    return [number for message in scene.machine.heard("kept") for number in message["ids"]]


def test_while_the_outbox_is_in_memory_the_daemon_keeps_what_has_not_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "Outbox", lambda path: MemoryOutbox(path, "the disk is full"))
    monkeypatch.setattr(deliverer_module, "MAX_OWED", 2)
    (tmp_path / "state").touch()
    scene = Scene(tmp_path)
    scene.hear(edge("a"))
    assert [] == kept(scene)
    scene.advance(10)
    assert [1] == kept(scene), "it has arrived"
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge("b"), edge("c"), edge("d"))
    scene.advance(20)
    assert [1, 2] == kept(scene), "the daemon can keep no more"
    scene.kill()
    scene.begin()
    scene.number = 2
    del scene.machine.outcomes["one"]
    scene.machine.sent.clear()
    scene.hear(edge("c"), edge("d"))  # as it does for a new deliverer
    scene.advance(20)
    assert [("one", ["c", "d"])] == scene.names_sent
    assert [1, 2, 3, 4] == kept(scene)


def test_what_is_in_memory_at_the_end_is_written_if_that_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "Outbox", lambda path: MemoryOutbox(path, "the disk is full"))
    (tmp_path / "state").touch()
    scene = Scene(tmp_path)
    scene.machine.outcomes["one"] = DOWN
    scene.hear(edge("a"))
    scene.advance(12)
    (tmp_path / "state").unlink()
    scene.kill()
    monkeypatch.setattr(build, "Outbox", Outbox)
    del scene.machine.outcomes["one"]
    scene.begin()
    scene.advance(60)
    assert [("one", ["a"])] == scene.names_sent[1:]
