"""Vigil: supervises long-running programs. See ARCHITECTURE.md for the floors of the house."""

__version__ = "0.1.0"
