"""Every program dies at once: how long a client waits for answers meanwhile, who is told, and what is kept of it."""

import http.server
import os
import signal
import threading
import time

from benchmarks.kit.contender import Contender, Setup, UnsupportedError, wait_for
from benchmarks.kit.contenders.classic import ClassicDaemon
from benchmarks.kit.metric import Metric, Samples, at_least, at_most, p99
from benchmarks.kit.notes import MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, milliseconds, pause, waiting_programs
from benchmarks.kit.site import make_site

BATCH_SECONDS = 10
BETWEEN_QUESTIONS_SECONDS = 0.005
WITHIN_SECONDS = 120.0


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes every message, and counts them."""

    messages = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.messages += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:  # type: ignore[override]
        pass


class Asker(threading.Thread):
    """Asks for the daemon's state again and again, over a connection of its own each time."""

    def __init__(self, daemon: ClassicDaemon) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._daemon_to_ask = daemon
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(BETWEEN_QUESTIONS_SECONDS):
            before = time.monotonic_ns()
            self._daemon_to_ask.ask_state(by_tcp=False)
            self.waits.append(milliseconds(time.monotonic_ns() - before))

    def end(self) -> None:
        self._over.set()
        self.join()


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    size = plan.crowd or plan.many
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True).start()
    Receiver.messages = 0
    try:
        with make_site(payload) as site:
            notes = site.make_notes("n", keep_open=True)
            url = f"http://127.0.0.1:{receiver.server_address[1]}/"
            # Supervisor knows no such section, and leaves it alone.
            more = f"[alert:bench]\nurl={url}\nbatch_seconds={BATCH_SECONDS}\n"
            setup = Setup(programs=waiting_programs(payload, notes, size), more=more)
            daemon = contender.launch(site, setup)
            if not isinstance(daemon, ClassicDaemon):
                raise UnsupportedError("no such request")
            victims = [note.pid for note in notes.take(size, MAIN, WITHIN_SECONDS)]
            daemon.wait_until_up()
            pause(plan.idle_settle_seconds)  # what follows a start is over
            asker = Asker(daemon)
            asker.start()
            before = time.monotonic_ns()
            for pid in victims:
                os.kill(pid, signal.SIGKILL)
            last = notes.take(size, MAIN, WITHIN_SECONDS)[-1]
            asker.end()
            found: Samples = {"waits": asker.waits, "back": [milliseconds(last.at_ns - before)]}
            if contender.name == "vigil":
                wait_for(lambda: Receiver.messages, WITHIN_SECONDS, "the message")
                pause(2.0 * BATCH_SECONDS)  # another one would have come by then
                found["messages"] = [float(Receiver.messages)]
                found["kept"] = [100.0 * daemon.count_exits() / size]
            return found
    finally:
        receiver.shutdown()
        receiver.server_close()


ROW = Row(
    "crowd",
    "1,000 programs die at once",
    (
        Metric("crowd_p99", "an answer of control meanwhile, p99", "ms", at_most(100), "waits", p99),
        Metric("crowd_back", "the first death → the last successor's main", "ms", None, "back"),
        Metric("crowd_messages", "messages that an alert sent", "", at_most(1), "messages"),
        Metric("crowd_kept", "exits that are in the history", "%", at_least(100), "kept"),
    ),
    measure,
    only=("vigil", "supervisor"),
    repeated=False,
    note="A second message is what a machine so slow brings that the restarts take longer than a batch (10 s).",
)
