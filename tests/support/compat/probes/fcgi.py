"""Accepts connections on fd 0, as a FastCGI program does, and says its process name to each. Standard library only."""

import os
import socket


def main() -> None:
    """Serve until killed."""
    listening = socket.socket(fileno=0)
    while True:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(os.environ["SUPERVISOR_PROCESS_NAME"].encode())


main()
