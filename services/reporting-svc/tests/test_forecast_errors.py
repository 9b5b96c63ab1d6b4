"""Errors of past forecasts, by hand."""

from __future__ import annotations

from dataclasses import replace

from reporting_svc.domain.forecast.accuracy import PastWeek
from reporting_svc.domain.forecast.errors import ForecastErrors

NEAR = PastWeek(0, 1, 100.0, (90.0, 110.0), (50.0, 150.0), due_minor=200, came_minor=120)
FAR = replace(NEAR, made_on=-7, weeks_ahead=2, expected=160.0, range_50=(110.0, 170.0), due_minor=40)
EMPTY = replace(NEAR, made_on=7, came_minor=0)


def test_errors_are_percent_of_what_came_and_each_week_came_once() -> None:
    found = ForecastErrors.of([NEAR, FAR])
    assert found == ForecastErrors(
        error=25.0,  # |120 - 100| + |120 - 160| of 240
        due_date_error=100 * 160 / 240,
        bias=100 * -20 / 240,
        coverage_50=50.0,
        coverage_80=100.0,
        came_minor=120,
    )
    assert ForecastErrors.of([FAR]).came_minor == 120


def test_where_nothing_came_there_is_no_error_and_without_weeks_no_coverage() -> None:
    assert ForecastErrors.of([EMPTY]) == ForecastErrors(None, None, None, 0.0, 0.0, 0)
    assert ForecastErrors.of([]) == ForecastErrors(None, None, None, None, None, 0)
