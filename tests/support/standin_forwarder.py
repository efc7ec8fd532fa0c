"""A stand-in for `python -m vigild.forwards`: what each stream carried goes to a file in the directory argv[1].

The files are named CHANNEL-PROGRAM; what it was told besides goes to `told`, a line of JSON each. `argv[2]` may say how it is:
`deaf` never reads, `dying` exits at the first data, `lingering` ends when somebody writes to the FIFO `may end`.
"""

import json
import signal
import sys
from pathlib import Path


def main() -> None:
    directory, how = Path(sys.argv[1]), (sys.argv[2:] or [""])[0]
    streams: dict[int, Path] = {}
    lines = 0
    while how == "deaf":
        signal.pause()
    with open(directory / "told", "a", encoding="utf-8") as told:
        for line in iter(sys.stdin.buffer.readline, b""):
            message = json.loads(line)
            told.write(line.decode())
            told.flush()
            match message:
                case {"type": "open", "stream": stream, "program": program, "channel": channel}:
                    streams[stream] = directory / f"{channel}-{program}"
                case {"type": "data", "stream": stream, "bytes": count}:
                    if how == "dying":
                        sys.exit(9)
                    data = sys.stdin.buffer.read(count)
                    with open(streams[stream], "ab") as file:
                        file.write(data)
                    lines += data.count(b"\n")
                    report = {"url": "shown", "sent_lines": lines, "sent_batches": 1}
                    say({"type": "report", "forwards": {"x": report}})
                case {"type": "test", "id": number, "forward": name}:
                    say({"type": "tested", "id": number, "ok": True, "text": f"sent to {name}"})
                case _:
                    pass
    if how == "lingering":
        (directory / "may end").read_text(encoding="ascii")


def say(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
