"""The forwarder: a process of its own (`python -m vigild.forwards`), a child of the daemon. It delivers programs' output."""
