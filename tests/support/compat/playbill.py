"""Plays a scenario on several stages at once and compares what was seen."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.compat.installation import OURS, THEIRS, Installation
from support.compat.stage import Stage
from support.compat.transcript import Transcript, disagreement

Scenario = Callable[[Stage], None]
Way = tuple[Installation, Installation]  # daemon, client

BOTH_DAEMONS: tuple[Way, ...] = ((THEIRS, THEIRS), (OURS, OURS))
FOUR_WAYS: tuple[Way, ...] = ((THEIRS, THEIRS), (OURS, THEIRS), (THEIRS, OURS), (OURS, OURS))
RECORDS = os.environ.get("VIGIL_COMPAT_TRANSCRIPTS")  # a directory: transcripts are kept there


def perform(scenario: Scenario, way: Way) -> Transcript:
    """Play on one stage. What breaks the scenario becomes part of the transcript."""
    with Stage(*way) as stage:
        try:
            scenario(stage)
        except Exception as error:
            stage.transcript.broke = error
        return stage.transcript


def perform_all(scenario: Scenario, ways: tuple[Way, ...]) -> list[Transcript]:
    """Play on all stages at once: a scenario mostly waits."""
    with ThreadPoolExecutor(len(ways)) as pool:
        transcripts = list(pool.map(lambda way: perform(scenario, way), ways))
    if RECORDS:
        _keep(scenario, transcripts)
    return transcripts


def agree(scenario: Scenario, ways: tuple[Way, ...]) -> None:
    """Fail with a diff where any way's transcript differs from Supervisor's own."""
    original, *others = perform_all(scenario, ways)
    if original.broke is not None:
        raise AssertionError("the scenario broke under Supervisor itself:\n" + "\n".join(original.lines()))
    assert original.entries, "the scenario wrote nothing down"
    diffs = [diff for other in others if (diff := disagreement(original, other))]
    assert not diffs, "client -> daemon\n" + "\n\n".join(diffs)


def both(scenario: Scenario) -> tuple[Transcript, Transcript]:
    """Supervisor's transcript and Vigil's, for a test that says in which way they differ on purpose."""
    theirs, ours = perform_all(scenario, BOTH_DAEMONS)
    for transcript in (theirs, ours):
        assert transcript.broke is None, "\n".join(transcript.lines())
    return theirs, ours


def _keep(scenario: Scenario, transcripts: list[Transcript]) -> None:
    directory = Path(RECORDS or ".")
    directory.mkdir(parents=True, exist_ok=True)
    for transcript in transcripts:
        name = f"{scenario.__qualname__.split('.')[0]}.{transcript.way.replace(' -> ', '-')}.txt"
        (directory / name).write_text("\n".join(transcript.lines()) + "\n")
