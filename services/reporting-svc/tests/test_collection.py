"""Measures of a period against the worked figures of the field, and those that have no value."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_svc.domain.measures.collection import (
    Collection,
    Receivable,
    amounts_of,
    effectiveness,
    from_amounts,
    months,
)

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
amounts = st.integers(0, 10**9)


def period(opening: Receivable, sales_minor: int, closing: Receivable, turnover_minor: int = 0) -> Collection:
    return Collection(None, *MARCH, opening, sales_minor, closing, turnover_minor, 90)


def test_the_index_is_what_was_collected_of_what_was_to_be_collected() -> None:
    assert effectiveness(10_000_000, 100_000_000, 12_000_000, 10_000_000) == 98


def test_nothing_to_collect_has_no_index() -> None:
    assert effectiveness(0, 0, 0, 0) is None
    assert effectiveness(0, 50_000, 50_000, 50_000) is None
    assert effectiveness(0, -50_000, 0, 0) is None


def test_unapplied_cash_is_taken_off_what_is_due_first() -> None:
    closing = Receivable(open_minor=100_000, not_due_minor=100_000, unapplied_minor=60_000)
    found = period(Receivable(), 100_000, closing, 100_000)
    assert (closing.outstanding_minor, closing.current_minor) == (40_000, 40_000)
    assert [found.effectiveness, found.delinquent, found.late_minor] == [100, 0, 0]


def test_a_day_of_dso_ties_up_the_turnover_of_a_day_and_lateness_the_days_delinquent() -> None:
    closing = Receivable(open_minor=250_000, not_due_minor=100_000, overdue_minor=150_000)
    found = period(Receivable(), 0, closing, 500_000)
    assert [found.dso, found.best_possible, found.delinquent] == [45, 18, 27]
    assert (found.per_day_minor, found.late_minor) == (5_556, 150_000)
    assert found.late_minor == 27 * Fraction(500_000, 90)


def test_without_turnover_no_day_of_dso_has_a_price() -> None:
    found = period(Receivable(), 0, Receivable(open_minor=250_000), -1)
    assert (found.dso, found.delinquent, found.per_day_minor) == (None, None, None)


@pytest.mark.parametrize(("opened", "late", "share"), [(200, 50, 25), (0, 0, None), (-10, 0, None)])
def test_the_overdue_rate_is_a_share_of_what_is_open(opened: int, late: int, share: int | None) -> None:
    receivable = Receivable(open_minor=opened, overdue_minor=late, unapplied_minor=7)
    assert receivable.overdue_share == share


@given(amounts, amounts, amounts)
def test_where_nothing_is_late_all_was_collected_and_no_day_is_delinquent(
    opening: int, sales: int, closing: int
) -> None:
    found = period(Receivable(opening, opening), sales, Receivable(closing, closing), sales)
    assert found.effectiveness in {None, 100}
    assert found.delinquent in {None, 0}


def test_months_end_with_the_day_of_the_question() -> None:
    assert months(date(2025, 12, 24), date(2026, 2, 10)) == [
        (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 10)),
    ]


@given(amounts, amounts, amounts, amounts, amounts, amounts)
def test_the_measures_of_a_period_follow_from_its_amounts_alone(
    opening: int, sales: int, not_due: int, late: int, unapplied: int, turnover: int
) -> None:
    closing = Receivable(not_due + late, not_due, late, unapplied)
    found = period(Receivable(opening, unapplied_minor=unapplied), sales, closing, turnover)
    again = from_amounts(amounts_of(found), *MARCH, 90)
    for each in (found, again):
        assert each.closing == closing
    assert [again.effectiveness, again.closing.overdue_share, again.dso, again.best_possible, again.delinquent] == [
        found.effectiveness, found.closing.overdue_share, found.dso, found.best_possible, found.delinquent
    ]  # fmt: skip
