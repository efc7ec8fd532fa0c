"""Record the goldens: Supervisor's own supervisorctl says every line to the daemons of `scenes`.

PYTHONPATH=tests python tests/cli/ctl/record.py /path/to/supervisor/bin/supervisorctl
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cli.ctl import scenes
from support.fake_daemon import FakeDaemon

HERE = Path(__file__).parent
CONFIG = "[supervisord]\n[supervisorctl]\nserverurl=unix://%(here)s/s.sock\n"


def play(command: str, root: Path, line: str, stdin: str = "") -> list[object]:
    argv = [command, "-c", str(root / "s.conf"), *line.split()]
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, encoding="utf-8")
    return [
        normal(done.stdout, root),
        normal(done.stderr, root).replace(command, "<program>"),
        done.returncode,
    ]


def normal(text: str, root: Path) -> str:
    text = re.sub(r": file: \S+ line: \d+", ": file: FILE line: N", text)
    return text.replace(str(root), "<root>")


def main() -> None:
    command = sys.argv[1]
    for scene, make in scenes.SCENES.items():
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            root = Path(name)
            (root / "s.conf").write_text(CONFIG)
            with FakeDaemon(root / "s.sock", make()):
                record = {line: play(command, root, line) for line in scenes.LINES[scene]}
                if scene == "ordinary":
                    for line in scenes.WRONG_USES:
                        record[line][0] = record[line][0].splitlines()[0] + "\n"
                    record |= {f"<{text}": play(command, root, "", text) for text in scenes.SHELLS}
            rows = ",\n".join(f"{json.dumps(line)}: {json.dumps(value)}" for line, value in record.items())
            (HERE / "goldens" / f"{scene}.json").write_text("{\n" + rows + "\n}\n")


if __name__ == "__main__":
    main()
