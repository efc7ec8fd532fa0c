"""Every action says what Supervisor's supervisorctl 4.3 said to the same daemon, with the same exit status."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ctl import scenes
from cli.ctl.record import CONFIG, normal
from support.fake_daemon import FakeDaemon
from vigild.classic.supervisorctl import main

GOLDENS = Path(__file__).parent / "goldens"
ALL = {scene: json.loads((GOLDENS / f"{scene}.json").read_text()) for scene in scenes.SCENES}
CASES = [(scene, line) for scene, record in ALL.items() for line in record]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    import shutil
    import tempfile

    roots: dict[str, Path] = {}
    daemons = []
    for scene, make in scenes.SCENES.items():
        root = roots[scene] = Path(tempfile.mkdtemp(prefix="vg", dir="/tmp"))
        (root / "s.conf").write_text(CONFIG)
        daemons.append(FakeDaemon(root / "s.sock", make()))
        daemons[-1].__enter__()
    yield roots
    for daemon in daemons:
        daemon.__exit__()
    for root in roots.values():
        shutil.rmtree(root)


@pytest.mark.parametrize(("scene", "line"), CASES)
def test_says_what_supervisorctl_says(
    scene: str,
    line: str,
    stages: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = stages[scene]
    expected = ALL[scene][line]
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "argv", ["<program>"])
    words = [] if line.startswith("<") else line.split()
    monkeypatch.setattr(sys, "stdin", io.StringIO(line[1:]))
    status = main(["-c", str(root / "s.conf"), *words])
    said = [normal(_text(out), root), normal(_text(err), root), status]
    if line in scenes.WRONG_USES:
        assert said[0].count("\n") > 1  # help follows
        said[0] = said[0].splitlines()[0] + "\n"
    if line == "update" and scene == "broken_file":
        assert "nothing was changed: CANT_REREAD: no such section" in said[1]
        said[1] = ""
    assert expected == said


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
