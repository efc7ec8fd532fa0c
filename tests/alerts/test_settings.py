import dataclasses
from pathlib import Path

import pytest

from vigild.alerts.settings import MAX_RECEIVERS, settings_of
from vigild.core.alerting import Policy
from vigild.core.quiet import QuietHours


def test_what_is_missing_has_its_usual_value() -> None:
    settings = settings_of({"name": "ops", "urls": ["https://x.example.com/SECRET"]})
    assert Policy() == settings.policy
    (receiver,) = settings.receivers.values()
    assert ("ops", "https://x.example.com/***") == (receiver.alert, receiver.label)
    assert (10, "en", "", ()) == (
        settings.output_lines,
        settings.language,
        settings.template,
        settings.problems,
    )
    assert "SECRET" not in "".join(settings.receivers)


def test_everything_that_can_be_said() -> None:
    struct = {
        "name": "ops",
        "urls": [],
        "events": ["fatal"],
        "programs": ["web"],
        "monitors": ["disk"],
        "batch_seconds": 1,
        "repeat_seconds": 2,
        "quiet_hours": {"ranges": [[1, 2]], "zone": "UTC"},
        "quiet_pass": "none",
        "max_per_hour": 3,
        "output_lines": 4,
        "language": "zh",
        "template": "{title}",
    }
    settings = settings_of(struct)
    assert (
        Policy(
            dataclasses.replace(Policy().filter, events=("fatal",), programs=("web",), monitors=("disk",)),
            1.0,
            2.0,
            QuietHours(((1, 2),), "UTC"),
            "none",
            3,
        )
        == settings.policy
    )
    assert (4, "zh", "{title}", ("no address",)) == (
        settings.output_lines,
        settings.language,
        settings.template,
        settings.problems,
    )


def test_a_file_of_addresses_adds_to_them(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    path.write_text("# ours\nhttps://x.example.com/SECRET\ndingtlk://SECRET\nwecom://KEY\n")
    settings = settings_of({"name": "ops", "urls": ["https://x.example.com/SECRET"], "url_file": str(path)})
    assert 2 == len(settings.receivers)
    (problem,) = settings.problems
    assert problem.startswith(f"{path}:3: unknown scheme")
    assert "SECRET" not in problem


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    settings = settings_of({"name": "ops", "url_file": str(tmp_path / "none")})
    assert (f"cannot read url_file {tmp_path}/none: No such file or directory",) == settings.problems


def test_receivers_have_an_end() -> None:
    urls = [f"https://x{number}.example.com/" for number in range(MAX_RECEIVERS + 1)]
    settings = settings_of({"name": "ops", "urls": urls})
    assert (MAX_RECEIVERS, 1) == (len(settings.receivers), len(settings.problems))


def test_an_alert_without_a_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        settings_of({})
