"""The deliverer of alerts: a process of its own (`python -m vigild.alerts`), a child of the daemon."""
