"""What listeners, clients and tools that were written for Supervisor import, on top of Vigil.

Only names that such code uses from outside the daemon are here, with their meaning; the daemon's insides
are not. See docs/how-to/listeners.md.
"""

from vigild.core.compat import SUPERVISOR_VERSION

__version__ = SUPERVISOR_VERSION

__all__ = ["__version__"]
