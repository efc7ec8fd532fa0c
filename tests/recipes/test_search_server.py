"""docs/recipes/search-server.md"""

import base64
import hashlib
import hmac

import psutil
import pytest

from recipes.book import SERVER_DEADLINE_SECONDS, Kitchen, comes_back, missing, need, run, stops_cleanly
from support.receivers import HttpReceiver, Reply
from support.until import until

pytestmark = pytest.mark.slow
TAKEN = Reply(body={"errcode": 0, "errmsg": "ok"})


def test_a_crash_under_load_posts_a_signed_message_and_the_server_comes_back(kitchen: Kitchen) -> None:
    need("default-jdk-headless", "java")
    if "jdk.compiler" not in run("java", "--list-modules").out:
        missing("needs the package default-jdk-headless: this java is a runtime without the compiler")
    with HttpReceiver(usual=TAKEN) as receiver:
        url = f"dingtalk://TOKEN?secret=SECret&base={receiver.base}"
        with kitchen.running("search-server", environment={"DINGTALK_URL": url}) as daemon:
            # Ready long before startsecs are over.
            daemon.wait_state("search", "RUNNING", timeout=SERVER_DEADLINE_SECONDS)
            assert kitchen.http() == "found\n"
            pid = daemon.pid("search")
            assert psutil.Process(pid).rlimit(psutil.RLIMIT_NOFILE) == (4096, 4096)
            assert psutil.Process(pid).rlimit(psutil.RLIMIT_MEMLOCK) == (4 << 20, 4 << 20)
            kitchen.http("/everything")
            comes_back(daemon, "search", pid, lambda: kitchen.http() == "found\n")
            until(lambda: receiver.requests, what="the message")
            first = receiver.requests[0]
            text = f"{first.query['timestamp']}\nSECret".encode()
            signature = base64.b64encode(hmac.new(b"SECret", text, hashlib.sha256).digest()).decode()
            assert (first.query["access_token"], first.query["sign"]) == ("TOKEN", signature)
            words = first.json["markdown"]["text"]
            assert "search exited with status 3 after " in words
            assert "query: everything" in words

            def told() -> str:
                return "".join(arrived.json["markdown"]["text"] for arrived in receiver.requests)

            until(lambda: "search is ready again, after " in told(), what="the end of the trouble")
            stops_cleanly(daemon, "search", lambda: bool(kitchen.http()))
            assert "index closed" in kitchen.read("search.log")  # TERM: the shutdown hooks have run
