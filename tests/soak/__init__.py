"""The soak: a daemon under churn must answer throughout and leak nothing. `python -m tests.soak --minutes 10`."""
