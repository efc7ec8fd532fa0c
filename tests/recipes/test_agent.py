"""docs/recipes/agent.md"""

import pytest

from recipes.book import Kitchen
from support.receivers import HttpReceiver
from support.until import until

pytestmark = pytest.mark.slow


def test_it_is_tried_until_its_hub_is_there_and_each_trouble_is_told_once(kitchen: Kitchen) -> None:
    with (
        HttpReceiver() as receiver,
        kitchen.running("agent", environment={"ALERT_URL": f"{receiver.base}/hook"}) as daemon,
    ):
        until(lambda: kitchen.read("agent.log").count("cannot reach the hub") >= 3, what="the third try")
        daemon.wait_state("agent", "BACKOFF")  # it speaks before it ends
        until(lambda: receiver.requests, what="the news")
        (down,) = receiver.requests
        (trouble,) = down.json["troubles"]
        assert trouble["text"].startswith("agent exited with status 1 after ")
        assert trouble["lines"] == {"stdout": ["cannot reach the hub: No such file or directory"]}
        assert daemon.ctl("stop", "agent").code == 0  # over, and no news
        assert daemon.ctl("start", "agent").out == "agent: ERROR (spawn error)\n"
        until(lambda: len(receiver.requests) == 2, what="the news of the new start")
        daemon.wait_state("agent", "BACKOFF")  # it speaks before it ends
        (kitchen.dir / "hub").write_text("hub.example.com")
        daemon.wait_state("agent", "RUNNING")
        until(lambda: len(receiver.requests) == 3, what="the news that it is up")
        assert "agent is up again, after " in receiver.requests[2].json["text"]
