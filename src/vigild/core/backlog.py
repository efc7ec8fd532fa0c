"""What waits for one receiver: bounded; when it is full the oldest lines go, and are counted. Batches are taken from it.

What is on its way, a batch at most, is beside the bound. If it did not arrive it comes back to the front, and is the first to go.
"""

from collections import deque
from collections.abc import Sequence

from vigild.core.frozen import frozen
from vigild.core.output_lines import Block

BLOCK_BYTES = 200  # what a block costs besides its bytes


@frozen
class Batch:
    """What is sent at once, in order."""

    blocks: tuple[Block, ...]
    lines: int
    bytes: int

    def without(self, lines: int) -> "Batch":
        """What is left of it after its first lines."""
        blocks = list(self.blocks)
        left = lines
        while blocks and left >= blocks[0].lines:
            left -= blocks.pop(0).lines
        if blocks and left:
            blocks[0] = blocks[0].without(left)
        return batch_of(blocks)


def batch_of(blocks: list[Block]) -> Batch:
    """These blocks as a batch."""
    return Batch(tuple(blocks), sum(block.lines for block in blocks), sum(block.size for block in blocks))


class Backlog:
    """Blocks in the order in which they came. `max_bytes` bounds what they cost; `line_bytes` is what a receiver's
    format adds to each line of a batch.
    """

    def __init__(self, max_bytes: int, line_bytes: int = 0) -> None:
        self.max_bytes = max_bytes
        self.line_bytes = line_bytes
        self.lines = 0  # that wait, or are on their way
        self.bytes = 0
        self.dropped_lines = 0
        self.dropped_bytes = 0
        self._blocks: deque[Block] = deque()
        self._cost = 0  # of those that wait
        self._weight = 0

    def __bool__(self) -> bool:
        return bool(self._blocks)

    @property
    def waiting(self) -> list[Block]:
        """What waits, in order."""
        return list(self._blocks)

    @property
    def oldest(self) -> float:
        """When the first of those that wait came."""
        return self._blocks[0].arrived

    @property
    def weight(self) -> int:
        """How long a batch of all that waits would be."""
        return self._weight

    def put(self, block: Block) -> None:
        """Keep it, at the cost of the oldest if need be."""
        self._blocks.append(block)
        self._count(block, 1)
        self._waits(block, 1)
        self._fit()

    def put_first(self, blocks: Sequence[Block], lost_lines: int = 0, lost_bytes: int = 0) -> None:
        """Keep what is older than all that waits; some of it was lost before it came here."""
        self.dropped_lines += lost_lines
        self.dropped_bytes += lost_bytes
        for block in blocks:
            self._count(block, 1)
            self._waits(block, 1)
        self._blocks.extendleft(reversed(blocks))
        self._fit()

    def take(self, max_weight: int) -> Batch:
        """The oldest lines, as many as fit; one at least. They count until `done`."""
        taken: list[Block] = []
        room = max_weight
        while self._blocks:
            block = self._blocks[0]
            weight = self._weigh(block)
            if weight > room:
                newline = block.data.rfind(b"\n", 0, max(0, block.size * room // weight))
                if newline < 0 and not taken:
                    newline = block.data.find(b"\n")
                if newline >= 0:
                    block, rest = block.split(newline)
                    self._waits(self._blocks.popleft(), -1)
                    self._blocks.appendleft(rest)
                    self._waits(rest, 1)
                    taken.append(block)
                    break
                if taken:
                    break
            room -= weight
            taken.append(self._blocks.popleft())
            self._waits(block, -1)
        return batch_of(taken)

    def done(self, batch: Batch) -> None:
        """These lines are gone: they arrived, or never will."""
        for block in batch.blocks:
            self._count(block, -1)

    def put_back(self, batch: Batch, taken_lines: int = 0) -> Batch:
        """All but its first lines did not arrive: they are the oldest again. Returns what they are."""
        self.done(batch)
        rest = batch.without(taken_lines) if taken_lines else batch
        self.put_first(rest.blocks)
        return rest

    def clear(self) -> None:
        """Forget all that waits, and what is on its way."""
        self._blocks.clear()
        self.lines = self.bytes = self._cost = self._weight = 0

    def resize(self, max_bytes: int, line_bytes: int) -> None:
        """Another bound, or another format."""
        self.max_bytes, self.line_bytes = max_bytes, line_bytes
        self._weight = sum(map(self._weigh, self._blocks))
        self._fit()

    def _weigh(self, block: Block) -> int:
        return block.size + block.lines * self.line_bytes

    def _count(self, block: Block, sign: int) -> None:
        self.lines += sign * block.lines
        self.bytes += sign * block.size

    def _waits(self, block: Block, sign: int) -> None:
        self._cost += sign * (block.size + BLOCK_BYTES)
        self._weight += sign * self._weigh(block)

    def _fit(self) -> None:
        """Drop the oldest lines that wait until the rest fits."""
        while self._cost > self.max_bytes and self._blocks:
            block = self._blocks.popleft()
            excess = self._cost - self.max_bytes
            self._waits(block, -1)
            newline = block.data.find(b"\n", excess - 1) if excess < block.size else -1
            if newline >= 0:
                block, rest = block.split(newline)
                self._blocks.appendleft(rest)
                self._waits(rest, 1)
            self._count(block, -1)
            self.dropped_lines += block.lines
            self.dropped_bytes += block.size
