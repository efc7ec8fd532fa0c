"""The JSON interface at `/api/v1`. Imported at the first request for it: a daemon that nobody asks pays nothing."""

from vigild.fronts.api.front import PREFIX as PREFIX
from vigild.fronts.api.front import make_api
from vigild.fronts.api.table import ENDPOINTS

__all__ = ["ENDPOINTS", "PREFIX", "make_api"]
