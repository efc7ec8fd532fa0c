from pathlib import Path
from typing import Any

import pytest

from vigild.forwards.settings import ForwardSettings, clean, settings_of
from vigild.wire.forward_urls import Web, parse_target

SECRET = "Secr3tNever5hown"


def made(**struct: Any) -> ForwardSettings:
    return settings_of({"name": "f", **struct}, "node")


def test_a_forward_of_the_message() -> None:
    settings = made(
        url="journald:",
        labels=[["env", "prod"]],
        batch_seconds=2,
        batch_max_bytes=10,
        buffer_max_bytes=20,
    )
    assert (
        ForwardSettings("f", "node", parse_target("journald:"), "", (("env", "prod"),), 2.0, 10, 20)
        == settings
    )
    assert "journald:" == settings.shown


def test_a_url_that_is_of_no_use_is_told_without_secrets() -> None:
    settings = made(url=f"loki+https://{SECRET}@host")
    assert (None, "") == (settings.target, settings.shown)
    assert "a user without a password" in settings.problem
    assert SECRET not in repr(settings)


def test_a_file_with_the_url(tmp_path: Path) -> None:
    path = tmp_path / "url"
    assert "No such file" in made(url_file=str(path)).problem
    path.write_text(f"# secret\nloki+https://me:{SECRET}@host\n")
    settings = made(url_file=str(path))
    assert isinstance(settings.target, Web)
    assert SECRET == settings.target.password
    path.write_text("# nothing")
    assert f"url_file {path}: no addresses in it; write one" == made(url_file=str(path)).problem
    path.write_text("journald:\njournald:\n")
    assert "2 addresses" in made(url_file=str(path)).problem
    path.write_text("\nnonsense\n")
    assert f"{path}:2: " in made(url_file=str(path)).problem


def test_a_file_that_is_none_does_not_hold_it_up(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "fifo")
    assert "no addresses" in made(url_file=str(tmp_path / "fifo")).problem


def test_a_forward_without_a_name_is_none() -> None:
    with pytest.raises(KeyError):
        settings_of({"url": "journald:"}, "node")


def test_text_that_is_none_is_mended() -> None:
    assert "a?" == clean("a\udcff")
