"""Codes of the reasons for a forecast, the weightiest first."""

from __future__ import annotations

from risk_svc.domain.score.model import Forecast


def reasons(forecast: Forecast) -> list[str]:
    """Return the stable codes of the reasons for a forecast."""
    seen = forecast.level
    found = ["open-late"] if seen.open_late else []
    if seen.settled:
        found.append("settled-late" if seen.settled_late else "settled-in-time")
    return found or ["no-outcome"]
