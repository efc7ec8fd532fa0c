"""The embedded store: SQLite in the state directory, opened and used by one thread of its own."""
