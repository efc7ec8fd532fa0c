"""Exit statuses of supervisorctl: those the Linux Standard Base gives init scripts."""

SUCCESS = 0
GENERIC = 1
INVALID_ARGUMENTS = 2
UNIMPLEMENTED_FEATURE = 3
INSUFFICIENT_PRIVILEGES = 4
NOT_INSTALLED = 5
NOT_RUNNING = 7

# `status` has a list of its own.
STATUS_NOT_RUNNING = 3
STATUS_UNKNOWN = 4
