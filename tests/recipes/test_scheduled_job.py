"""docs/recipes/scheduled-job.md"""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from recipes.book import Kitchen
from support.daemon import Daemon
from support.until import until

pytestmark = pytest.mark.slow


def schedule(daemon: Daemon) -> dict[str, object]:
    """What `vigil schedule` says of the only job."""
    command = [str(daemon.bin / "vigil"), "schedule", "--json", "-c", str(daemon.conf)]
    environment = {**os.environ, **daemon.env}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    (job,) = json.loads(done.stdout)["schedules"]
    assert isinstance(job, dict)
    return job


def state_file(folder: Path) -> Path | None:
    return next(iter(folder.rglob("schedules-*.json")), None)


def test_a_backup_that_was_missed_is_made_once(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(kitchen.dir / "state"))
    (kitchen.dir / "data").mkdir()
    with kitchen.running("scheduled-job") as daemon:
        line = daemon.wait_state("backup", "STOPPED")
        assert re.search(r"Not started, next \w{3} \d\d 0\d:30 |Not started, next ", line)
        assert schedule(daemon)["expression"] == "30 4 * * *"
        until(lambda: state_file(kitchen.dir) is not None, what="the file of schedules")
    assert not (kitchen.dir / "backups").exists()
    file = state_file(kitchen.dir)
    assert file is not None
    document = json.loads(file.read_text())
    document["schedules"]["backup"]["handled"] = time.time() - 3 * 86400
    file.write_text(json.dumps(document))

    with kitchen.running("scheduled-job") as daemon:
        until(lambda: schedule(daemon)["outcome"] == "succeeded", what="the backup")
        assert kitchen.read("backups").count("\n") == 1
        assert (kitchen.dir / "backup.tar").exists()
        assert "schedule: backup missed 3 runs from " in daemon.log()
        assert ", next " in daemon.wait_state("backup", "EXITED")
