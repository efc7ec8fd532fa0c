"""`vigil.getHistory`: its parameters, as they come over the wire."""

import asyncio
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from vigild.core.errors import VigilError
from vigild.core.history import HistoryQuery
from vigild.fronts.xmlrpc.dispatch import Dispatcher


def asked(control: FakeControl, *params: object) -> object:
    return asyncio.run(Dispatcher(control, {}).call("vigil.getHistory", list(params)))


def test_all_of_it_or_a_part(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.history.facts = [{"id": 1}]
    assert asked(control) == [{"id": 1}]
    asked(control, "web", 10, 5, 20.5, 7, "exit, state", True)
    assert control.history.queries == [
        HistoryQuery(),
        HistoryQuery("web", 10.0, 20.5, 5, 7, ("exit", "state"), True),
    ]


@pytest.mark.parametrize(
    "params", [(1,), ("web", "x"), ("web", -1), ("web", 0, "x"), ("web", 0, 1, 0, 0, "exits")]
)
def test_what_cannot_be_asked(short_tmp: Path, params: tuple[object, ...]) -> None:
    with pytest.raises(VigilError):
        asked(FakeControl(short_tmp), *params)
