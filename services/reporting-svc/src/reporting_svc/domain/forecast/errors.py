"""Errors of past forecasts: how far they were from what came, and how often it lay in their ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reporting_svc.domain.forecast.accuracy import PastWeek


@dataclass(frozen=True, slots=True)
class ForecastErrors:
    """Errors of some weeks in percent of what came; ``None`` where nothing came. Negative bias: too much was expected.

    Each forecast of a week counts, also where there are several of one week, by weeks ahead.
    """

    error: float | None
    due_date_error: float | None
    """The same of the due dates alone."""
    bias: float | None
    coverage_50: float | None
    """Percent of the weeks in their 50 % range; ``None`` without weeks."""
    coverage_80: float | None
    came_minor: int
    """Sum of what came in the weeks, each once: by the forecasts with the fewest weeks ahead."""

    @classmethod
    def of(cls, weeks: Sequence[PastWeek]) -> ForecastErrors:
        """Return the errors of some weeks of past forecasts."""
        nearest = min((week.weeks_ahead for week in weeks), default=0)
        came = sum(week.came_minor for week in weeks)

        def percent(minor: float) -> float | None:
            return 100 * minor / came if came > 0 else None

        return cls(
            error=percent(sum(abs(week.came_minor - week.expected) for week in weeks)),
            due_date_error=percent(sum(abs(week.came_minor - week.due_minor) for week in weeks)),
            bias=percent(sum(week.came_minor - week.expected for week in weeks)),
            coverage_50=_share(week.covered_50 for week in weeks),
            coverage_80=_share(week.covered_80 for week in weeks),
            came_minor=sum(week.came_minor for week in weeks if week.weeks_ahead == nearest),
        )


def _share(covered: Iterable[bool]) -> float | None:
    found = list(covered)
    return 100 * sum(found) / len(found) if found else None
