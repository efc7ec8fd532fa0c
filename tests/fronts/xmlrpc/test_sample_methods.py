"""`vigil.getSamples` and `vigil.watchSamples`: their parameters, as they come over the wire."""

import asyncio
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from vigild.core.errors import VigilError
from vigild.fronts.xmlrpc.dispatch import Dispatcher


def asked(control: FakeControl, method: str, *params: object) -> object:
    return asyncio.run(Dispatcher(control, {}).call(f"vigil.{method}", list(params)))


def test_samples_are_asked_for(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    assert [{"at": 60, "cpu_percent": 1.5}] == asked(control, "getSamples", "web")
    asked(control, "getSamples", "web", 10, 20.5, 7)
    assert [
        ("read_samples", "web", 0.0, 0.0, 300),
        ("read_samples", "web", 10.0, 20.5, 7),
    ] == control.orders


def test_somebody_watches(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    assert {"interval_seconds": 5.0, "daemon": {}} == asked(control, "watchSamples")
    asked(control, "watchSamples", 2, 60)
    assert [("watch", 5.0, 30.0), ("watch", 2.0, 60.0)] == control.orders
    assert [] == control.history.orders  # a question, which nobody did anything with


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("getSamples", (1,)),
        ("getSamples", ("web", -1)),
        ("getSamples", ("web", 0, True)),
        ("getSamples", ("web", 0, 0, "x")),
        ("watchSamples", ("x",)),
    ],
)
def test_what_cannot_be_asked(short_tmp: Path, method: str, params: tuple[object, ...]) -> None:
    with pytest.raises(VigilError):
        asked(FakeControl(short_tmp), method, *params)
