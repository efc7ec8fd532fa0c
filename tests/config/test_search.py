"""Where a configuration file is looked for."""

import os
from pathlib import Path

from config.build import write
from vigild.config.search import find_config_file, searched_paths


def test_where_the_file_is_looked_for() -> None:
    assert searched_paths("/opt/app/bin/supervisord") == (
        "/opt/app/etc/supervisord.conf",
        "/opt/app/supervisord.conf",
        "supervisord.conf",
        "etc/supervisord.conf",
        "/etc/supervisord.conf",
        "/etc/supervisor/supervisord.conf",
    )
    assert searched_paths("supervisord")[:2] == ("etc/supervisord.conf", "supervisord.conf")


def test_the_first_file_that_exists_is_found(tmp_path: Path) -> None:
    argv0 = f"{tmp_path}/app/bin/supervisord"
    write(tmp_path, "", "cwd/supervisord.conf")
    assert find_config_file(argv0, f"{tmp_path}/cwd") == "supervisord.conf"

    write(tmp_path, "", "app/supervisord.conf")
    assert find_config_file(argv0, f"{tmp_path}/cwd") == f"{tmp_path}/app/supervisord.conf"

    if not any(map(os.path.exists, searched_paths("x")[4:])):
        assert find_config_file("/nowhere/bin/x", f"{tmp_path}/empty") is None
