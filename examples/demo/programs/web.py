"""A web program as small as one can be: a page on a loopback port that names its process."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page(BaseHTTPRequestHandler):
    """Answers every GET with a line of text."""

    def do_GET(self) -> None:
        body = f"Hello from process {os.getpid()}, supervised as {os.environ['SUPERVISOR_PROCESS_NAME']}.\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until told to stop. Exit status 0 on SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(sys.argv[1])
    with ThreadingHTTPServer(("127.0.0.1", port), Page) as server:
        print(f"serving http://127.0.0.1:{port}/")
        server.serve_forever()


if __name__ == "__main__":
    main()
