from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.score.behaviour import PAYMENT_BEHAVIOUR_4 as CARD
from risk_svc.domain.score.behaviour import expected_delay, score

DAY = date(2026, 6, 30)
EXACT = 1e-9
"""Of floating point."""


def invoice(due_in: int, settled_after: int | None) -> ExposureItem:
    """Due that many days from DAY; settled so many days after its due date, or open."""
    due = DAY + timedelta(days=due_in)
    settled = None if settled_after is None else due + timedelta(days=settled_after)
    left = 100 if settled is None else 0
    issued = due - timedelta(days=30)
    return ExposureItem("inv", "F1", issued, due, 100, left, 0, left, settled, settled or issued)


def value(*items: ExposureItem) -> int:
    result = score(items, DAY).value
    assert result is not None
    return result


def test_without_an_invoice_that_fell_due_there_is_no_score_and_it_says_so() -> None:
    result = score([invoice(5, None)], DAY)
    assert result.value is None
    assert [reason.code for reason in result.reasons] == ["no-history"]


def test_an_open_late_invoice_lowers_the_score_of_a_customer_who_pays_the_others_in_time() -> None:
    good = [invoice(-days, 0) for days in (40, 70, 100)]
    assert value(*good, invoice(-60, None)) < value(*good)


def test_one_who_never_pays_scores_below_one_who_pays_thirty_days_late() -> None:
    never = [invoice(-days, None) for days in (90, 120, 150)]
    late = [invoice(-days, 30) for days in (90, 120, 150)]
    assert value(*never) < value(*late)


@pytest.mark.parametrize(
    ("late", "days", "expected"), [(1, 10.3, 70), (30, 20.0, 50), (60, 30.0, 35), (90, 40.0, 25)]
)
def test_one_invoice_that_is_open_late_counts_by_its_days_past_due(
    late: int, days: float, expected: int
) -> None:
    found = score([invoice(-late, None)], DAY)
    assert found.expected_delay_tenths == pytest.approx(days * 10, abs=1)
    assert found.value == expected


def test_two_open_invoices_weigh_by_how_late_they_are() -> None:
    assert [value(*[invoice(-late, None)] * 2) for late in (19, 68)] == [51, 22]


def test_without_open_invoices_it_is_the_mean_of_the_delays_and_the_prior() -> None:
    assert expected_delay([0, 10, 20], [], CARD) == pytest.approx((30 + 2 * 10) / (3 + 2), abs=1e-3)


def test_with_much_history_it_is_the_textbook_curve_with_censored_observations() -> None:
    # Delays 10, 20+, 30: S falls to 2/3 at 10 and to 0 at 30, so the area is 10 + 20 * 2/3.
    assert expected_delay([10, 30] * 9_999, [20] * 9_999, CARD) == pytest.approx(10 + 20 * 2 / 3, abs=1e-2)


def test_the_score_is_one_of_the_past_once_settlements_leave_the_window() -> None:
    assert score([invoice(-500, 3)], DAY).value is None


SETTLED = st.lists(st.integers(0, 200), max_size=12)
WAITING = st.lists(st.integers(1, 200), min_size=1, max_size=12)


@given(SETTLED, WAITING, st.integers(1, 60), st.data())
def test_the_longer_an_invoice_is_open_the_longer_is_the_expected_delay(
    settled: list[int], waiting: list[int], more: int, data: st.DataObject
) -> None:
    which = data.draw(st.integers(0, len(waiting) - 1))
    longer = [wait + (more if nth == which else 0) for nth, wait in enumerate(waiting)]
    before, after = (expected_delay(settled, waits, CARD) for waits in (waiting, longer))
    assert after >= before - EXACT
    if waiting[which] < 60:
        assert after > before


@given(SETTLED, st.lists(st.integers(1, 200), max_size=12), st.integers(1, 200))
def test_one_more_open_late_invoice_never_raises_the_score(
    settled: list[int], waiting: list[int], one: int
) -> None:
    items = [invoice(-200, delay) for delay in settled] + [invoice(-wait, None) for wait in waiting]
    before, after = score(items, DAY).value, score([*items, invoice(-one, None)], DAY).value
    assert after is not None
    assert before is None or after <= before


@given(SETTLED, WAITING)
def test_an_open_invoice_scores_no_better_than_one_that_is_settled_today(
    settled: list[int], waiting: list[int]
) -> None:
    still_open = expected_delay(settled, waiting, CARD)
    assert still_open >= expected_delay([*settled, waiting[0]], waiting[1:], CARD) - EXACT
