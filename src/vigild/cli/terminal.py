"""Text for a terminal: nothing that could steer it, and columns, where many signs of Chinese take two places. Pure."""

from collections.abc import Container, Iterable, Sequence


def printable(text: str) -> str:
    """With a blank for whatever is not to be shown, and could steer the terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def width_of(text: str) -> int:
    """How many places it takes (Unicode's East Asian Width, UAX 11: wide and full-width signs take two)."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # a table of a megabyte that most never need

    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, width: int, *, is_right: bool = False) -> str:
    """With blanks after it, or before it, until it takes so many places."""
    blanks = " " * (width - width_of(text))
    return blanks + text if is_right else text + blanks


def in_columns(rows: Iterable[Sequence[str]], at_the_right: Container[int] = ()) -> list[list[str]]:
    """The cells, each as wide as the widest of its column; the last of a row stays as it is."""
    table = list(rows)
    widths = [max(map(width_of, column)) for column in list(zip(*table, strict=True))[:-1]]
    return [
        [
            *(
                padded(cell, width, is_right=number in at_the_right)
                for number, (cell, width) in enumerate(zip(row, widths, strict=False))
            ),
            row[-1],
        ]
        for row in table
    ]


def line_of(cells: Iterable[str]) -> str:
    """The cells of a row, two blanks between, and none at the end."""
    return "  ".join(cells).rstrip()


def cut(text: str, width: int) -> str:
    """At most `width` places of it, with the end shown, where members of a group differ."""
    if width_of(text) <= width:
        return text
    if width < 4:
        return _begin(text, width)
    return f"{_begin(text, (width - 1) // 2)}…{_begin(text[::-1], width // 2)[::-1]}"


def _begin(text: str, width: int) -> str:
    taken = 0
    for number, sign in enumerate(text):
        taken += width_of(sign)
        if taken > width:
            return text[:number]
    return text
