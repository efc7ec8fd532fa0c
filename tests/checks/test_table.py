import pytest

from vigild.checks.table import make_check

SETTINGS = {
    "system": {},
    "filesystem": {"path": "/"},
    "file": {"path": "/etc/passwd"},
    "directory": {"path": "/etc"},
    "host": {"scheme": "tcp", "host": "127.0.0.1", "port": 1},
    "program": {"argv": ["true"]},
    "network": {"interface": "lo"},
    "process": {"pidfile": "/nonexistent"},
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_each_type_has_its_check(kind: str) -> None:
    assert make_check(kind, SETTINGS[kind], {}, 1.0).grace_seconds >= 0


def test_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="'weather'"):
        make_check("weather", {}, {}, 1.0)
