"""Metrics at `/metrics`, for Prometheus and whatever reads its format. Imported at the first request for them."""

from vigild.fronts.metrics.front import make_metrics as make_metrics
