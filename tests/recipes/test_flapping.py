"""docs/recipes/flapping.md"""

import pytest

from recipes.book import Kitchen
from support.receivers import HttpReceiver
from support.until import until

pytestmark = pytest.mark.slow


def test_one_that_never_becomes_fatal_is_told_all_the_same(kitchen: Kitchen) -> None:
    (kitchen.dir / "poison").touch()
    with (
        HttpReceiver() as receiver,
        kitchen.running("flapping", environment={"ALERT_URL": f"{receiver.base}/hook"}) as daemon,
    ):
        until(lambda: receiver.requests, what="the news")
        (message,) = receiver.requests
        (trouble,) = message.json["troubles"]
        assert (trouble["kind"], trouble["name"]) == ("flapping", "consumer")
        assert trouble["text"].startswith(
            "consumer flaps: 4 restarts within 60 seconds, the last time it exited with status 1 after "
        )
        assert trouble["lines"]["stderr"][-1] == "cannot decode message 4711"
        assert "FATAL" not in daemon.log()
