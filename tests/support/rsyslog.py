"""Debian's rsyslog as a receiver: over UDP, TCP, TLS and a socket; what it understood of each message, as JSON."""

import json
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from support.ports import free_port
from support.until import until

_FIELDS = {
    "msg": "msg",
    "pri": "pri",
    "host": "hostname",
    "app": "app-name",
    "pid": "procid",
    "id": "msgid",
    "data": "structured-data",
    "version": "protocol-version",
    "time": "timereported",
    "input": "inputname",
}


class Rsyslog:
    """Runs in `directory`; `cert.pem` and `key.pem` there are its own for TLS. Skips the test where there is none."""

    def __init__(self, directory: Path, with_tls: bool = False, auth_mode: str = "anon") -> None:
        self.binary = shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin")
        if self.binary is None:
            pytest.skip("rsyslog is not installed: sh scripts/install_recipes.sh")
        self.directory = directory
        self.udp, self.tcp, self.tls = free_port(), free_port(), free_port() if with_tls else 0
        self.socket = directory / "log"
        self.output = directory / "messages.json"
        self._auth_mode = auth_mode
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self.binary is not None
        configuration = self.directory / "rsyslog.conf"
        configuration.write_text(self._configuration(), encoding="ascii")
        with (self.directory / "rsyslog.err").open("ab") as errors:
            self.process = subprocess.Popen(
                [self.binary, "-n", "-f", str(configuration), "-i", str(self.directory / "pid")],
                stdin=subprocess.DEVNULL,
                stderr=errors,
            )
        until(self._is_ready, what="rsyslog")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def messages(self, but: str = "rsyslogd") -> list[dict[str, Any]]:
        """What arrived; its own messages left out."""
        if not self.output.exists():
            return []
        data = self.output.read_bytes()
        lines = data[: data.rfind(b"\n") + 1].decode().splitlines()  # the last may end within a character
        return [found for line in lines if (found := json.loads(line))["app"] != but]

    def texts(self) -> list[str]:
        return [str(message["msg"]).removeprefix(" ") for message in self.messages()]

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.directory / "rsyslog.err").read_text()
        for port in filter(None, (self.tcp, self.tls)):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)):
                    return False
        udp = f":{self.udp:04X} "
        return self.socket.exists() and udp in Path("/proc/net/udp").read_text(encoding="ascii")

    def _configuration(self) -> str:
        properties = " ".join(
            f'property(outname="{name}" name="{field}" format="jsonf"{" dateFormat=" + chr(34) + "rfc3339" + chr(34) if field == "timereported" else ""})'
            for name, field in _FIELDS.items()
        )
        tls = (
            f"""
global(DefaultNetstreamDriverCAFile="{self.directory}/cert.pem" DefaultNetstreamDriverCertFile="{self.directory}/cert.pem"
       DefaultNetstreamDriverKeyFile="{self.directory}/key.pem")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="{self._auth_mode}")
input(type="imtcp" address="127.0.0.1" port="{self.tls}")
"""
            if self.tls
            else ""
        )
        return f"""
global(maxMessageSize="128k" workDirectory="{self.directory}" parser.escapeControlCharactersOnReceive="off")
{tls}
module(load="imudp") input(type="imudp" address="127.0.0.1" port="{self.udp}")
module(load="imptcp") input(type="imptcp" address="127.0.0.1" port="{self.tcp}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{self.socket}" UseSpecialParser="off" ParseHostname="on" RateLimit.Interval="0")
template(name="json" type="list" option.jsonf="on") {{ {properties} }}
action(type="omfile" file="{self.output}" template="json")
"""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
