from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.exposure import Item
from risk_svc.score import restricted_mean_delay, score

DAY = date(2026, 6, 30)


def invoice(due_in: int, settled_after: int | None) -> Item:
    """Due that many days from DAY; settled so many days after its due date, or open."""
    due = DAY + timedelta(days=due_in)
    settled = None if settled_after is None else due + timedelta(days=settled_after)
    return Item("inv", "F1", due - timedelta(days=30), due, 100, 100 if settled is None else 0, 0, settled)


def value(*items: Item) -> int:
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


def test_without_censoring_the_restricted_mean_is_the_plain_mean() -> None:
    assert restricted_mean_delay([0, 10, 20], [], 180) == pytest.approx(10)


def test_the_textbook_curve_with_censored_observations() -> None:
    # Delays 10, 20+, 30: S falls to 2/3 at 10 and to 0 at 30, so the area is 10 + 20 * 2/3.
    assert restricted_mean_delay([10, 30], [20], 180) == pytest.approx(10 + 20 * 2 / 3)


def test_the_score_is_one_of_the_past_once_settlements_leave_the_window() -> None:
    assert score([invoice(-500, 3)], DAY).value is None


@given(st.lists(st.integers(0, 200), max_size=12), st.lists(st.integers(1, 200), min_size=1, max_size=12))
def test_a_longer_wait_on_an_open_invoice_never_raises_the_score(
    settled: list[int], waiting: list[int]
) -> None:
    items = [invoice(-200, delay) for delay in settled]
    before = score([*items, *(invoice(-wait, None) for wait in waiting)], DAY).value
    after = score([*items, *(invoice(-wait - 30, None) for wait in waiting)], DAY).value
    assert before is not None
    assert after is not None
    assert after <= before
