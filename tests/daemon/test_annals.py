"""The daemon's own part in the history."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from support.fakes import FakeLog
from vigild.config.model import Config, DaemonConfig
from vigild.core.access import Caller, Role, current_caller
from vigild.core.adoption import Fate
from vigild.core.history import Details, HistoryQuery
from vigild.daemon.annals import Annals
from vigild.daemon.lineage import Image, Lineage
from vigild.engine.adoption import Adoption
from vigild.engine.ports import NO_HISTORY

LINEAGE = Lineage(Image("python", (), "/", {}), 0.0)


def noted(tmp: Path, scene: Callable[[Annals], None], **options: object) -> list[Details]:
    async def main() -> list[Details]:
        daemon = DaemonConfig(**options)  # type: ignore[arg-type]
        loop = asyncio.get_running_loop()
        annals = Annals(
            Config(str(tmp / "c"), daemon), loop, FakeLog(), {"STATE_DIRECTORY": str(tmp / "state")}
        )
        scene(annals)
        try:
            return [] if annals.writer is None else await annals.writer.read(HistoryQuery())
        finally:
            if annals.writer is not None:
                annals.writer.close()

    return asyncio.run(main())


def whats(found: list[Details]) -> list[object]:
    return [fact["details"].get("what") for fact in found]  # type: ignore[attr-defined]


def test_a_start_after_a_good_end(tmp_path: Path) -> None:
    found = noted(tmp_path, lambda annals: annals.begin(LINEAGE, Adoption(), was_killed=False))
    assert whats(found) == ["started"]
    (path,) = (tmp_path / "state").glob("history-*.db")
    assert path.stat().st_size


def test_a_start_after_a_crash_with_who_ended_meanwhile(tmp_path: Path) -> None:
    adoption = Adoption(outcomes={"web": Fate.ADOPT, "db": Fate.MOURN})
    started, unseen = noted(tmp_path, lambda annals: annals.begin(LINEAGE, adoption, was_killed=True))
    assert "was killed, or crashed" in str(started["details"])
    assert "'adopted': 1" in str(started["details"])
    assert (unseen["kind"], unseen["name"]) == ("unseen", "db")
    assert "the last it wrote, at most one pipe full, may be missing" in str(unseen["details"])


def test_who_ordered_it_is_told(tmp_path: Path) -> None:
    def scene(annals: Annals) -> None:
        token = current_caller.set(Caller("uid 7", Role.ADMIN))
        annals.note("signal", "x")
        current_caller.reset(token)

    (fact,) = noted(tmp_path, scene)
    assert "'by': 'uid 7'" in str(fact["details"])


def test_an_end_and_what_comes_before_an_exec(tmp_path: Path) -> None:
    def scene(annals: Annals) -> None:
        annals.pause()
        annals.end("ended", "shutdown")

    assert whats(noted(tmp_path, scene)) == ["upgrading", "ended"]


def test_nothing_is_kept_where_nobody_wants_it(tmp_path: Path) -> None:
    def scene(annals: Annals) -> None:
        assert annals.port is NO_HISTORY
        annals.begin(LINEAGE, Adoption(), was_killed=True)
        annals.pause()
        annals.end("ended", "")

    assert noted(tmp_path, scene, history=False) == []
    assert not (tmp_path / "state").exists()


def test_the_state_directory_of_the_configuration_wins(tmp_path: Path) -> None:
    noted(tmp_path, lambda annals: annals.note("x"), state_dir=str(tmp_path / "mine"))
    assert list((tmp_path / "mine").glob("history-*.db"))
