"""How a process was started is noted, so that it can be started so again."""

import os
import sys
from pathlib import Path

import pytest

import vigild
from vigild.daemon.lineage import begin, facts_for_the_next
from vigild.host.handover import HANDOVER_VARIABLE, Package


def test_the_first_image_notes_how_it_was_started() -> None:
    environ = {"A": "b", "LISTEN_FDS": "2", "LISTEN_PID": "7"}
    lineage = begin(environ)
    assert lineage.image.argv == [sys.executable, *sys.orig_argv[1:]]
    assert lineage.image.directory == os.getcwd()
    assert lineage.image.environment == {"A": "b"}, "sockets of systemd reach later images by handover"
    assert (lineage.generation, lineage.former_version, lineage.handover) == (0, "", None)
    assert "LISTEN_FDS" in environ, "the first image still needs to read it"


def test_the_next_image_counts_on() -> None:
    first = begin({})
    first.started_wall = 1234.5
    fd = Package({}, facts_for_the_next(first)).seal()
    environ = {HANDOVER_VARIABLE: str(fd)}
    second = begin(environ)
    assert (second.generation, second.started_wall, second.former_version) == (1, 1234, vigild.__version__)
    assert second.handover is not None
    assert environ == {}
    assert second.image.environment == {}
    fd = Package({}, facts_for_the_next(second)).seal()
    assert begin({HANDOVER_VARIABLE: str(fd)}).generation == 2


def test_a_directory_that_is_gone_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "x"
    place.mkdir()
    monkeypatch.chdir(place)
    place.rmdir()
    assert begin({}).image.directory == ""
