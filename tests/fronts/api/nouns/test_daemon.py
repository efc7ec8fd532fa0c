"""The daemon itself."""

from pathlib import Path

from support.api import Api
from support.fakes import group, program
from vigild.core.access import Caller, Role
from vigild.core.errors import Fault, VigilError
from vigild.fronts.api.nouns import daemon


def test_what_it_is(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web", start_seconds=0)), group(program("db", autostart=False)))
    told = api.ask("GET", "/daemon").json
    assert ("RUNNING", "supervisor", 2) == (told["state"], told["identifier"], told["generation"])
    assert {"RUNNING": 1, "STOPPED": 1} == told["processes"]
    assert set(told) == set(daemon.ENDPOINTS[0].result["required"])  # type: ignore[index, arg-type]


def test_who_asks(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    told = api.ask("GET", "/caller", who=Caller("eve", Role.VIEWER, "token")).json
    assert {"name": "eve", "role": "viewer", "via": "token"} == told


def test_its_orders(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    for what in ("shutdown", "restart", "upgrade"):
        assert (202, {"accepted": True}) == ((got := api.ask("POST", f"/daemon/{what}")).status, got.json)
    assert ["shutdown", "restart", "upgrade"] == api.lifecycle.orders
    api.lifecycle.error = VigilError(Fault.CANT_REREAD, "s.conf:3: error")
    reply = api.ask("POST", "/daemon/restart")
    assert (409, "cannot_reread", "s.conf:3: error") == (reply.status, reply.code, reply.json["detail"])
