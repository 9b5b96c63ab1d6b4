"""Acceptance of the cash forecast: half a year of weekly forecasts of a real file, and of the demo with ``DEEP=1``."""

import os
from collections.abc import Callable
from datetime import date

import pytest

from reporting_svc.domain.forecast.accuracy import PastForecasts
from reporting_svc.domain.forecast.debts import PaidDebt, PaidDebts
from tests.bench.forecast import WEEKS, figures
from tests.forecast.past_debts import DEMO_END, IBM_END, demo_debts, ibm_debts
from tests.score.ibm import FILE


@pytest.mark.parametrize(
    ("debts", "last"),
    [
        pytest.param(
            ibm_debts,
            IBM_END,
            marks=pytest.mark.skipif(not FILE.exists(), reason=f"ACCEPTANCE NOT RUN: {FILE} is absent"),
        ),
        pytest.param(
            demo_debts,
            DEMO_END,
            marks=pytest.mark.skipif("DEEP" not in os.environ, reason="takes ten seconds; DEEP=1 runs it"),
        ),
    ],
)
def test_weekly_forecasts_are_nearer_than_due_dates_and_their_ranges_hold_what_they_name(
    debts: Callable[[], list[PaidDebt]], last: date
) -> None:
    judged = PastForecasts(PaidDebts.of(debts())).judged(last.toordinal(), WEEKS)
    for ahead in (1, 2, 3, 4):
        ours, due, _, _ = figures([week for week in judged if week.weeks_ahead == ahead])
        assert ours < due
    _, _, covered_50, covered_80 = figures(judged)
    assert 0.75 <= covered_80 <= 0.85
    assert 0.4 <= covered_50 <= 0.6
