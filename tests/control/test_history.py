"""Asking for the history, and noting orders, through control."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from support.fakes import EPOCH, World, group, program
from vigild.control.history import History
from vigild.core.access import Caller, Role, current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.history import MAX_FACTS, Details, Fact, HistoryQuery, Kind
from vigild.core.samples import Moment, SampleQuery


@dataclass
class Keeper:
    found: list[Details] = field(default_factory=list)
    noted: list[Fact] = field(default_factory=list)
    asked: list[HistoryQuery] = field(default_factory=list)

    def note(self, fact: Fact) -> None:
        self.noted.append(fact)

    async def read(self, query: HistoryQuery) -> list[Details]:
        self.asked.append(query)
        return self.found

    async def read_samples(self, query: SampleQuery) -> list[Moment]:
        raise NotImplementedError


def fault_of(history: History, query: HistoryQuery) -> Fault:
    with pytest.raises(VigilError) as caught:
        asyncio.run(history.read(query))
    return caught.value.fault


WORLD = World(group(program("web")))


def test_an_answer_is_bounded() -> None:
    keeper = Keeper([{"id": 1}])
    assert asyncio.run(History(WORLD.engine, keeper).read(HistoryQuery("gone", limit=10**9))) == [{"id": 1}]
    assert keeper.asked[0].limit == MAX_FACTS


def test_a_name_that_nobody_knows_is_told_from_one_without_a_past() -> None:
    history = History(WORLD.engine, Keeper())
    assert asyncio.run(history.read(HistoryQuery("web"))) == []
    assert asyncio.run(history.read(HistoryQuery())) == []
    assert fault_of(history, HistoryQuery("nobody")) is Fault.BAD_NAME


def test_what_cannot_be_asked() -> None:
    assert fault_of(History(WORLD.engine, None), HistoryQuery()) is Fault.FAILED
    assert fault_of(History(WORLD.engine, Keeper()), HistoryQuery(limit=0)) is Fault.BAD_ARGUMENTS
    assert fault_of(History(WORLD.engine, Keeper()), HistoryQuery(after=2**63)) is Fault.BAD_ARGUMENTS


def test_logins_are_noted_with_measure() -> None:
    keeper = Keeper()
    history = History(WORLD.engine, keeper)
    ann = Caller("ann", Role.ADMIN, "password", "10.0.0.7")
    history.note_login("login", ann, 2)
    for count in range(1, 8):
        history.note_login("failed", replace(ann, name=""), count)
    history.note_login("logout", replace(ann, via="session"))
    History(WORLD.engine, None).note_login("login", ann)
    by = {"by": "10.0.0.7", "via": "password"}
    assert [(fact.kind, fact.name, fact.details) for fact in keeper.noted] == [
        (Kind.ACCESS, "", {"what": "login", "by": "ann@10.0.0.7", "via": "password", "count": 2}),
        (Kind.ACCESS, "", {"what": "failed", **by, "count": 1}),
        (Kind.ACCESS, "", {"what": "failed", **by, "count": 2}),
        (Kind.ACCESS, "", {"what": "failed", **by, "count": 4, "untold": 1}),
        (Kind.ACCESS, "", {"what": "logout", "by": "ann@10.0.0.7", "via": "session"}),
    ]


def test_changes_of_users_are_noted_with_who_made_them() -> None:
    keeper = Keeper()
    token = current_caller.set(Caller("uid 0", Role.ADMIN))
    History(WORLD.engine, keeper).note_users({"added": ["ann (admin)"]})
    current_caller.reset(token)
    History(WORLD.engine, keeper).note_users({"removed": ["ann"]})
    History(WORLD.engine, None).note_users({"removed": ["ann"]})
    assert [fact.details for fact in keeper.noted] == [
        {"what": "users", "by": "uid 0", "added": ["ann (admin)"]},
        {"what": "users", "removed": ["ann"]},
    ]


def test_an_order_is_noted_with_who_gave_it() -> None:
    keeper = Keeper()
    token = current_caller.set(Caller("uid 0", Role.ADMIN))
    History(WORLD.engine, keeper).note_order("stopProcess", "web", ["web"], "")
    History(WORLD.engine, keeper).note_order("stopProcess", "x", ["x"], "BAD_NAME: x")
    History(WORLD.engine, None).note_order("stopProcess", "web", ["web"], "")
    current_caller.reset(token)
    done, refused = keeper.noted
    details = {"method": "stopProcess", "arguments": ["web"], "by": "uid 0"}
    assert done == Fact(EPOCH, Kind.ORDER, "web", details)
    assert refused.details["failed"] == "BAD_NAME: x"
