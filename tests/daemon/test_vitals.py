"""What the daemon counts of itself, from a real one."""

import re
from pathlib import Path

from support.daemon import Daemon
from support.http_get import get
from support.until import until
from vigild.daemon.vitals import Vitals


def test_numbers_of_a_real_daemon(tmp_path: Path) -> None:
    conf = "[program:talk]\ncommand=sh -c 'echo 12345; exec cat'\nstartsecs=0\n"
    with Daemon(tmp_path, conf) as daemon:
        daemon.wait_state("talk", "RUNNING")

        def numbers() -> Vitals:
            text = get(daemon.socket, "/metrics").body.decode()
            return dict(re.findall(r"^(\w+(?:{[^\n]*})?) (\S+)$", text, re.MULTILINE))

        talk = '{group="talk",process="talk",stream="stdout"}'
        until(lambda: numbers().get(f"vigil_process_output_bytes_total{talk}") == "6")
        told = numbers()
        assert "1" == told["vigil_daemon_running"]
        assert int(str(told["vigil_http_requests_total"])) >= 2
        assert int(str(told["vigil_http_open_connections"])) >= 1
        assert "0" == told["vigil_history_lost_total"]
        assert "0" == told["vigil_output_lost_bytes_total"]
        assert int(str(told["vigil_daemon_resident_memory_bytes"])) > 1_000_000
