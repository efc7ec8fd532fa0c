"""Reading the project's own Markdown: code fences, headings, links."""

import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block: its info string (`ini conf.d/web.conf`), what it holds, and where it begins."""

    info: str
    body: str
    line: int

    @property
    def language(self) -> str:
        """The first word of the info string."""
        return self.info.split()[0] if self.info.split() else ""


def tracked_files(*patterns: str) -> list[Path]:
    """Files of the project: tracked, or new and not ignored. `patterns` as git understands them."""
    # In a container the checkout often belongs to somebody else, which git refuses unless told.
    command = (
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
    )
    try:
        result = subprocess.run((*command, *patterns), cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return files_without_git(patterns)
    if result.returncode != 0:
        return files_without_git(patterns)
    return [path for line in sorted(set(result.stdout.splitlines())) if (path := ROOT / line).is_file()]


def files_without_git(patterns: tuple[str, ...]) -> list[Path]:
    """The same from an unpacked archive, or where git is not installed."""
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()]

    def is_ignored(path: Path) -> bool:
        parts = (".git", *ignored)
        return any(fnmatch(part, name) for part in path.relative_to(ROOT).parts for name in parts)

    chosen = patterns or ("*",)
    files = (path for path in sorted(ROOT.rglob("*")) if path.is_file() and not is_ignored(path))
    return [path for path in files if any(fnmatch(path.relative_to(ROOT).as_posix(), one) for one in chosen)]


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    return tracked_files("*.md")


def fences(text: str) -> list[Fence]:
    """The code blocks, in order; a block inside a list item is freed of its indent."""
    found = []
    for match in _FENCE.finditer(text):
        indent = len(match["indent"])
        body = "".join(
            line[indent:] if line.strip() else line for line in match["body"].splitlines(keepends=True)
        )
        found.append(Fence(match["info"].strip(), body, text.count("\n", 0, match.start()) + 1))
    return found


def without_code(text: str) -> str:
    """The prose: no code blocks, no inline code."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


def headings(text: str) -> list[str]:
    """Headings with their marks (`## Install`)."""
    return re.findall(r"^#{1,6} .+$", _FENCE.sub("", text), re.M)


def anchors(text: str) -> set[str]:
    """What `#fragment` links can point at, spelt as GitHub spells it."""
    titles = (heading.lstrip("# ").strip().lower() for heading in headings(text))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def links(text: str) -> list[str]:
    """Targets of inline links in prose."""
    return [match["target"] for match in _LINK.finditer(without_code(text))]
