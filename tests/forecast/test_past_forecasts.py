"""Acceptance of the cash forecast on a real file that nobody here wrote: half a year of weekly forecasts."""

import pytest

from reporting_svc.domain.forecast.accuracy import PastForecasts
from tests.bench.forecast import WEEKS, figures
from tests.forecast.past_debts import IBM_END, ibm_debts
from tests.score.ibm import FILE


@pytest.mark.skipif(not FILE.exists(), reason=f"ACCEPTANCE NOT RUN: {FILE} is absent")
def test_weekly_forecasts_are_nearer_than_due_dates_and_their_ranges_hold_what_they_name() -> None:
    judged = PastForecasts(ibm_debts()).judged(IBM_END.toordinal(), WEEKS)
    for ahead in (1, 2, 3, 4):
        ours, due, _ = figures([week for week in judged if week.weeks_ahead == ahead])
        assert ours < due
    assert 0.75 <= figures(judged)[2] <= 0.85
