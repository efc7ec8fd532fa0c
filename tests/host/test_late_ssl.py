"""TLS for asyncio that was imported without it."""

import subprocess
import sys
from pathlib import Path

from support.tls import server_context

SCRIPT = """
import sys
sys.modules["ssl"] = None
import asyncio
del sys.modules["ssl"]
from vigild.host.late_ssl import import_ssl
ssl = import_ssl()
assert import_ssl() is ssl

async def main(directory):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(directory + "/cert.pem", directory + "/key.pem")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE

    async def greet(reader, writer):
        writer.write(b"hello " + await reader.readline())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0, ssl=server) as opened:
        reader, writer = await asyncio.open_connection(*opened.sockets[0].getsockname(), ssl=client)
        writer.write(b"you\\n")
        print((await reader.read()).decode().strip())
        writer.close()

asyncio.run(main(sys.argv[1]))
"""


def test_the_daemon_hides_ssl_from_asyncio_and_can_use_it_later(tmp_path: Path) -> None:
    server_context(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "hello you\n", "")
