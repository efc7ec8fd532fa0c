import socket
from typing import Any

import psutil
import pytest

from support.until import until
from vigild.checks.network import Counters, LastHour, NetworkCheck, rates


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


def test_the_last_hour_is_the_sum_of_what_lies_in_it() -> None:
    hour, at = LastHour(), 0.0
    sums: list[object] = []
    for _ in range(300):  # five hours, looked at each minute
        values = hour.add(counters(at, 0, 0), counters(at + 60, 1000, 10))
        sums.append(values["received_in_hour"])
        at += 60
    assert (sums[0], sums[9], sums[59], sums[-1]) == (1000, 10_000, 60_000, 60_000)
    values = hour.add(counters(at, 0, 0), counters(at + 10_000, 500, 30))
    assert values == {
        "received_in_hour": 500,
        "sent_in_hour": 30,
        "packets_received_in_hour": 5,
        "packets_sent_in_hour": 0,
    }


def test_looks_within_a_minute_share_a_place() -> None:
    hour = LastHour()
    for at in range(7200):
        values = hour.add(counters(at, 0, 0), counters(at + 1, 100, 0))
    assert values["received_in_hour"] == 360_000
    assert len(hour._minutes) == 60


def test_an_interface_that_there_is_and_one_that_there_is_not() -> None:
    if "lo" not in psutil.net_if_stats():
        pytest.skip("no interface lo")
    reading = NetworkCheck({"interface": "lo"}).look()
    assert (reading.error, reading.values["link"]) == ("", True)
    assert NetworkCheck({"interface": "nope9"}).look().error == "there is no interface nope9"


def test_what_goes_over_the_loopback_is_in_the_totals() -> None:
    check = NetworkCheck({"interface": "lo"})
    if "received" not in check.look().values:
        pytest.skip("the kernel does not count here")

    def totals() -> dict[str, Any] | None:
        values = check.look().values
        return values if values.get("received_in_hour", 0) >= 200_000 else None  # type: ignore[operator]

    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as one,
        server.accept()[0] as other,
    ):
        one.sendall(b"x" * 100_000)
        received = 0
        while received < 100_000:
            received += len(other.recv(65536))
        other.sendall(b"x" * 100_000)
        while received < 200_000:
            received += len(one.recv(65536))
    found = until(totals, what="what was sent to be counted")
    assert found is not None
    assert found["sent"] >= found["sent_in_hour"] >= 200_000
    assert found["packets_received_in_hour"] > 0
