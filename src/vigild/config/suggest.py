"""Did you mean: the nearest known name to a misspelt one."""

from collections.abc import Iterable


def distance(left: str, right: str) -> int:
    """Edits (insert, drop, change, swap of neighbours) that turn one word into the other."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, mine in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            cost = min(
                previous[column] + 1,
                current[column - 1] + 1,
                previous[column - 1] + (mine != other),
            )
            if row > 1 and column > 1 and mine == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name within a third of the word's length in edits; None when nothing is near."""
    limit = max(1, len(word) // 3)
    best, best_distance = None, limit + 1
    for candidate in known:
        if abs(len(candidate) - len(word)) > limit:
            continue
        edits = distance(word, candidate)
        if edits < best_distance:
            best, best_distance = candidate, edits
    return best


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean x? ` or nothing, to stand before the rest of a hint."""
    guess = nearest(word, known)
    return f"did you mean {guess}? " if guess else ""
