"""The monitor process: `python -m vigild.checks` looks at what `[monitor:x]` names, and tells the daemon what it saw."""
