"""What `vigil check` says about dependencies that load, and still are no good."""

from pathlib import Path

import pytest

from config.build import advice

JOB = "[program:job]\ncommand=/bin/true\n{0}\n[program:web]\ncommand=/bin/cat\n{1}\n"


@pytest.mark.parametrize(
    ("job", "web", "texts"),
    [
        ("", "depends_on=job:completed", []),
        ("autorestart=true", "depends_on=job", []),
        (
            "autorestart=true",
            "depends_on=job:completed",
            ["job:completed: job has autorestart=true, so it is started again and never completes"],
        ),
        ("", "restart_with_dependency=true\ndepends_on=job", []),
        (
            "",
            "restart_with_dependency=true",
            ["restart_with_dependency without depends_on: there is nothing to be restarted with"],
        ),
    ],
)
def test_dependencies_that_never_come_about(tmp_path: Path, job: str, web: str, texts: list[str]) -> None:
    found = advice(tmp_path, JOB.format(job, web), "V261")
    assert [item.text for item in found] == texts
    assert all(item.severity == "warning" and item.where.line > 3 for item in found)
