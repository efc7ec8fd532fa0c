"""An event listener as they are written for Supervisor: it reads events on stdin and says READY on stdout.

stdout belongs to the protocol, so what people should read goes to stderr.
"""

import sys

from supervisor import childutils


def describe(headers: dict[str, str], payload: str) -> str:
    """One line for one event."""
    name = headers["eventname"]
    if not name.startswith("PROCESS_STATE_"):
        return name
    facts = childutils.get_headers(payload)
    line = f"{facts['processname']}: {facts['from_state']} -> {name.removeprefix('PROCESS_STATE_')}"
    if facts.get("expected") == "0":
        line += "  (not expected)"
    return line


def main() -> None:
    """Take events for ever."""
    while True:
        headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
        print(f"event | {describe(headers, payload)}", file=sys.stderr, flush=True)
        childutils.listener.ok(sys.stdout)


if __name__ == "__main__":
    main()
