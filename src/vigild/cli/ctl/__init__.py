"""supervisorctl: its options, its actions (one module a group of them), its shell."""
