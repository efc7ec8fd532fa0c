"""The configuration over the JSON interface."""

import asyncio
from pathlib import Path

from support.api import Api
from vigild.core.access import Caller, Role
from vigild.fronts.api.nouns import configuration

CONF = """[supervisord]
logfile=/tmp/x.log
[inet_http_server]
port=127.0.0.1:9001
username=ada
password=hunter2
[program:web]
command=cat --password=sesame
environment=KEY="swordfish"
startsecs=0
"""


def test_secrets_are_hidden_unless_an_admin_asks(tmp_path: Path) -> None:
    api = Api(tmp_path, conf=CONF)
    for path in ("/config", "/processes/web/config"):
        told = api.ask("GET", path).body.decode()
        assert "********" in told
        for secret in ("hunter2", "sesame", "swordfish"):
            assert secret not in told
        assert "swordfish" in api.ask("GET", f"{path}?reveal=true").body.decode()
        refused = api.ask("GET", f"{path}?reveal=true", who=Caller("x", Role.OPERATOR))
        assert (403, "forbidden") == (refused.status, refused.code)
    assert ["reveal", "reveal"] == [
        fact.details["method"] for fact in api.keeper.noted if fact.kind == "order"
    ]


def test_what_is_pending_and_making_it_so(tmp_path: Path) -> None:
    api = Api(tmp_path, conf=CONF)
    assert {"changes": []} == api.ask("GET", "/config/pending").json
    api.path.write_text(CONF.replace("swordfish", "marlin") + "[program:new]\ncommand=true\nstartsecs=0\n")
    told = api.ask("GET", "/config/pending")
    assert "marlin" not in told.body.decode()
    added, changed = told.json["changes"]
    assert ("web", "changed", "environment.KEY") == (
        changed["group"],
        changed["change"],
        changed["processes"][0]["options"][0]["option"],
    )
    assert ("new", "added") == (added["group"], added["change"])
    assert {"added": ["new"], "changed": ["web"], "removed": []} == api.ask("POST", "/config/reload").json

    async def run() -> None:
        begun = (await api.asked("POST", "/config/apply")).json
        api.world.exits("web")
        done = (await api.asked("GET", f"/operations/{begun['id']}?wait_seconds=30")).json
        assert ("done", ["web", "new"]) == (done["state"], done["names"])

    asyncio.run(run())
    assert {"changes": []} == api.ask("GET", "/config/pending").json
    assert api.ask("POST", "/config/apply", {"groups": ["nope"]}).code == "no_such_name"


def test_errors_in_the_files(tmp_path: Path) -> None:
    api = Api(tmp_path, conf=CONF)
    api.path.write_text("[supervisord]\n[program:web]\n")
    assert api.ask("GET", "/config/pending").code == "cannot_reread"
    assert api.ask("POST", "/config/apply").code == "cannot_reread"
    found = api.ask("GET", "/config/diagnostics").json
    assert found["errors"] >= 1
    assert {"error"} <= {one["severity"] for one in found["findings"]}
    assert 6 == len(configuration.ENDPOINTS)
