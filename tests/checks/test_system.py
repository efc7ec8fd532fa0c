import os

import psutil

from vigild.checks.system import SystemCheck, cpu_shares


def test_what_this_machine_says() -> None:
    values = SystemCheck().look().values
    assert values["memory_available"] > 0
    assert 0 < values["memory_percent"] < 100
    assert 0 <= values["swap_percent"] <= 100
    assert values["load1_per_core"] <= values["load1"]
    assert values["processes"] >= len([os.getpid()])
    assert values["uptime"] > 0
    assert abs(values["memory"] + values["memory_available"] - psutil.virtual_memory().total) < 64 << 20


def test_shares_of_the_time_between_two_looks() -> None:
    before = {
        "user": 10.0,
        "nice": 0.0,
        "system": 5.0,
        "idle": 100.0,
        "iowait": 1.0,
        "steal": 0.0,
        "guest": 9.0,
    }
    now = {
        "user": 12.0,
        "nice": 1.0,
        "system": 7.0,
        "idle": 103.0,
        "iowait": 2.0,
        "steal": 1.0,
        "guest": 99.0,
    }
    assert cpu_shares(before, now) == {
        "cpu": 60.0,
        "cpu_user": 30.0,
        "cpu_system": 20.0,
        "cpu_iowait": 10.0,
        "cpu_steal": 10.0,
    }


def test_no_shares_of_no_time() -> None:
    assert cpu_shares({"user": 1.0, "idle": 1.0}, {"user": 1.0, "idle": 1.0}) == {}
