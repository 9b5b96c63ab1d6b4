"""Codes of the reasons for a forecast, the weightiest first."""

from __future__ import annotations

from risk_svc.domain.score.model import Forecast, ForecastEffect

MOST_EFFECTS, LEAST_POINTS = 3, 2


def reasons(forecast: Forecast) -> list[str]:
    """Return the stable codes of the reasons for a forecast."""
    seen = forecast.level
    found = ["open-late"] if seen.open_late else []
    if seen.settled:
        found.append("settled-late" if seen.settled_late else "settled-in-time")
    return found or ["no-outcome"]


def largest_effects(forecast: Forecast) -> list[ForecastEffect]:
    """Return the largest effects of a boosted model on a forecast, none of them below two percentage points."""
    effects = forecast.explanation.effects() if forecast.explanation else ()
    return [each for each in effects if abs(each.points) >= LEAST_POINTS][:MOST_EFFECTS]
