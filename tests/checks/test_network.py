import psutil
import pytest

from vigild.checks.network import Counters, NetworkCheck, rates


def counters(at: float, received: int, sent: int, errors: int = 0) -> Counters:
    return Counters(at, received, sent, received // 100, sent // 100, errors, 0)


def test_rates_and_saturation_are_of_the_time_between() -> None:
    found = rates(counters(10, 1000, 0, 5), counters(20, 1_251_000, 1000, 7), 10)
    assert found == {
        "receive_rate": 125_000.0,
        "send_rate": 100.0,
        "receive_packets": 1250.0,
        "send_packets": 1.0,
        "errors": 2,
        "drops": 0,
        "saturation": 10.0,
    }


def test_without_a_speed_there_is_no_saturation() -> None:
    assert "saturation" not in rates(counters(0, 0, 0), counters(1, 1, 1), 0)


def test_counters_that_began_anew_say_nothing() -> None:
    assert rates(counters(0, 100, 100), counters(1, 50, 200), 0) == {}


def test_an_interface_that_there_is_and_one_that_there_is_not() -> None:
    if "lo" not in psutil.net_if_stats():
        pytest.skip("no interface lo")
    reading = NetworkCheck({"interface": "lo"}).look()
    assert (reading.error, reading.values["link"]) == ("", True)
    assert NetworkCheck({"interface": "nope9"}).look().error == "there is no interface nope9"
