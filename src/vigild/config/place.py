"""A place in a file. Apart from the model, so that a client that starts often need not load all of that."""

from vigild.core.frozen import frozen


@frozen
class Where:
    """A place in a configuration file. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file
