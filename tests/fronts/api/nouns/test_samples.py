"""Samples over the JSON interface."""

from collections.abc import Collection
from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, program
from vigild.core.machine import MachineMoment
from vigild.core.samples import Moment, Recent, SampleQuery
from vigild.fronts.api.nouns import samples


def test_series(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    moment = Moment(7, 1.0, 2.0, 3, 4, None, None, 5, 6, 7, 8.0, 9.0, 0)
    asked: list[SampleQuery] = []

    async def read_samples(query: SampleQuery) -> list[Moment]:
        asked.append(query)
        return [moment] if query.name != "db" else []

    api.keeper.read_samples = read_samples  # type: ignore[attr-defined]
    told = api.ask("GET", "/processes/web/samples?since=5&until=9&points=3").json
    (endpoint,) = (one for one in samples.ENDPOINTS if one.id == "getProcessSamples")
    jsonschema.validate(told, endpoint.result)
    assert (7, 1.0, False) == (
        told["samples"][0]["at"],
        told["samples"][0]["cpu_percent"],
        "pss_bytes" in told["samples"][0],
    )
    assert [SampleQuery("web", 5, 9, 3)] == asked
    assert 1 == len(api.ask("GET", "/daemon/samples").json["samples"])
    assert asked[-1].name == ""
    assert api.ask("GET", "/processes/db/samples").code == "no_such_name"
    assert api.ask("GET", "/processes/web/samples?since=9&until=5").code == "invalid_argument"
    off = Api(tmp_path, group(program("web")), history=False)
    assert off.ask("GET", "/processes/web/samples").code == "not_configured"


def test_the_last_minutes_of_many(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    asked: list[tuple[list[str], int]] = []

    async def read_recent(names: Collection[str], now: float, minutes: int) -> dict[str, Recent]:
        asked.append((list(names), minutes))
        return {"web": Recent([60, 120], [1.0, 2.5], [3, 4])}

    api.keeper.read_recent = read_recent  # type: ignore[attr-defined]
    told = api.ask("GET", "/samples?names=web,db%3Aa,&minutes=2").json
    (endpoint,) = (one for one in samples.ENDPOINTS if one.id == "getRecentSamples")
    jsonschema.validate(told, endpoint.result)
    assert [{"name": "web", "at": [60, 120], "cpu_percent": [1.0, 2.5], "rss_bytes": [3, 4]}] == told[
        "samples"
    ]
    assert {"samples": []} == api.ask("GET", "/samples?names=db").json
    assert [(["web", "db:a"], 2), (["db"], samples.RECENT_MINUTES)] == asked
    assert (
        api.ask("GET", "/samples?names=" + ",".join(f"p{n}" for n in range(101))).code == "invalid_argument"
    )
    off = Api(tmp_path, group(program("web")), history=False)
    assert off.ask("GET", "/samples?names=web").code == "not_configured"


def test_the_machine(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    asked: list[SampleQuery] = []

    async def read_machine(query: SampleQuery) -> list[MachineMoment]:
        asked.append(query)
        return [
            MachineMoment(7, 1.0, 2.0, 0.5, 0.6, 1, 2, 3, 0, 0),
            MachineMoment(67, None, None, 0.5, 0.6, 1, 2, 3, 0, 0),
        ]

    api.keeper.read_machine = read_machine  # type: ignore[attr-defined]
    told = api.ask("GET", "/machine/samples?since=5&until=99&points=3").json
    (endpoint,) = (one for one in samples.ENDPOINTS if one.path == "/machine/samples")
    jsonschema.validate(told, endpoint.result)
    assert [("cpu_percent" in moment, moment["load1_max"]) for moment in told["samples"]] == [
        (True, 0.6),
        (False, 0.6),
    ]
    assert asked == [SampleQuery("", 5, 99, 3)]
    assert api.ask("GET", "/machine/samples?since=9&until=5").code == "invalid_argument"
    off = Api(tmp_path, group(program("web")), history=False)
    assert off.ask("GET", "/machine/samples").code == "not_configured"
