"""Lists of addresses that alerts go to, as people write them: in an option, or in a file of their own."""

import re

# A comma parts two addresses only where another one follows: mail addresses within one have commas between them too.
_APART = re.compile(r"\s*,?\s+|\s*,(?=(?:[A-Za-z][A-Za-z0-9+.-]*://|exec:))")
_COMMAND = "exec:"


def split_urls(text: str) -> list[str]:
    """The addresses in `text`, with blanks, commas or line ends between. What follows `exec:` is a command to the line's end."""
    return [url for line in text.splitlines() for url in _of_line(line.strip())]


def urls_of_file(text: str) -> list[tuple[int, str]]:
    """The addresses of a file with the number of their line, from 1; lines that begin with `#` or `;` are comments."""
    return [
        (number, url)
        for number, line in enumerate(text.splitlines(), 1)
        if not line.lstrip().startswith(("#", ";"))
        for url in _of_line(line.strip())
    ]


def _of_line(line: str) -> list[str]:
    found: list[str] = []
    while line:
        if line.startswith(_COMMAND):
            found.append(line)
            break
        parts = _APART.split(line, maxsplit=1)
        if parts[0].rstrip(","):
            found.append(parts[0].rstrip(","))
        line = parts[1] if len(parts) > 1 else ""
    return found
