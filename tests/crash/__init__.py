"""Kills the daemon wherever it hurts, and counts what its programs lose by that."""
