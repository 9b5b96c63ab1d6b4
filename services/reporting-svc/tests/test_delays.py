"""Delays by hand: settled and open apart, means and median, bands, and the recovery of each month's billing."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from reporting_svc.domain.measures.delays import (
    BANDS,
    Cohort,
    CoveredDebts,
    CustomerPace,
    DayCounts,
    DelayFigures,
    Delays,
    DueOutcome,
    fallen_due,
)
from reporting_svc.domain.measures.ranking import RANKED, ranking
from reporting_svc.read_models.delays.query import add_debtor

DUE = date(2026, 1, 31)
TODAY = date(2026, 6, 30)


def outcome(
    delay: int | None,
    owed_minor: int = 10_000,
    uncovered_minor: int | None = None,
    due_on: date = DUE,
    unpaid_90_minor: int = 0,
) -> DueOutcome:
    """An invoice due at the end of January, settled so many days later, or open."""
    settled = None if delay is None else due_on + timedelta(days=delay)
    uncovered = (owed_minor if delay is None else 0) if uncovered_minor is None else uncovered_minor
    issued = due_on - timedelta(days=30)
    return DueOutcome("ent", "cus", issued, due_on, owed_minor, uncovered, settled, unpaid_90_minor)


def figures(*outcomes: DueOutcome, first: date = date(2026, 1, 15)) -> DelayFigures:
    found = DelayFigures(first, TODAY)
    for each in outcomes:
        found.add(each, each.customer_id)
    return found


def delays(*outcomes: DueOutcome) -> Delays:
    return figures(*outcomes).total


def test_the_mean_counts_invoices_and_the_weighted_mean_their_amounts() -> None:
    found = delays(outcome(-5, 10_000), outcome(10, 10_000), outcome(40, 80_000))
    assert [found.mean, found.weighted, found.median, found.late] == [15, Fraction(325, 10), 10, 2]


def test_the_median_of_an_even_number_is_between_the_two_in_the_middle() -> None:
    assert delays(outcome(0), outcome(7), outcome(2), outcome(90)).median == Fraction(9, 2)


def test_what_is_open_and_late_is_apart_and_counts_with_its_days_so_far_in_the_ranking() -> None:
    found = delays(outcome(10), outcome(None, 50_000, 20_000))
    assert [found.mean, found.settled.number] == [10, 1]
    assert [found.open_mean, found.open_minor] == [150, 20_000]
    assert found.at_least == 80


def test_an_invoice_due_on_the_day_itself_is_not_late_yet() -> None:
    found = delays(outcome(None, due_on=TODAY))
    assert (found.settled, found.open_late, found.mean, found.at_least) == ({}, {}, None, None)


def test_money_paid_in_advance_counts_from_the_issue() -> None:
    assert outcome(-60).delay_days == -30


def test_bands_hold_every_invoice_once() -> None:
    found = delays(outcome(-3), outcome(0), outcome(1), outcome(31), outcome(None, 50_000, 20_000))
    buckets = dict(zip(BANDS, found.distribution(), strict=True))
    assert [buckets[band].settled for band in BANDS] == [2, 1, 1, 0, 0, 0]
    assert (buckets["121+"].open_late, buckets["121+"].open_late_minor) == (1, 20_000)


def test_a_month_of_billing_is_recovered_open_or_at_risk() -> None:
    month = [
        outcome(10), outcome(100, unpaid_90_minor=10_000), outcome(None, 20_000, 5_000, unpaid_90_minor=5_000),
    ]  # fmt: skip
    (found,) = figures(*month).months().cohorts
    assert found.month == date(2026, 1, 1)
    assert (found.billed_minor, found.recovered_minor, found.open_late_minor) == (40_000, 35_000, 5_000)
    assert (found.recovered, found.at_risk) == (Fraction(875, 10), Fraction(375, 10))


def test_what_is_at_risk_is_not_known_before_the_ninetieth_day() -> None:
    found = Cohort(date(2026, 3, 1))
    found.add(outcome(None, due_on=TODAY - timedelta(days=89), unpaid_90_minor=10_000), TODAY)
    assert [found.at_risk, found.recovered] == [None, 0]
    found.add(outcome(None, due_on=TODAY - timedelta(days=90), unpaid_90_minor=10_000), TODAY)
    assert found.at_risk == 100


def test_the_months_of_each_group_are_those_of_its_invoices_and_one_without_a_group_comes_last() -> None:
    first, march = outcome(10), outcome(30, due_on=date(2026, 3, 31))
    late, before = outcome(None, 20_000), outcome(None, due_on=date(2025, 3, 1))
    counted = DelayFigures(DUE, TODAY)
    for each, group in ((march, None), (first, "B"), (late, "B"), (before, "A")):
        counted.add(each, group)
    found = counted.group_months()
    assert list(found) == ["B", None]
    (cohort,) = found["B"].cohorts
    assert (cohort.month, cohort.billed_minor, cohort.recovered_minor) == (date(2026, 1, 1), 30_000, 10_000)
    ((month, season),) = found["B"].seasons.items()
    assert [month, season.mean, season.open_late.number] == [1, 10, 1]
    assert list(found[None].seasons) == [3]


@given(st.lists(st.tuples(st.integers(-30, 200), st.integers(1, 10**9)), min_size=1, max_size=20))
def test_means_lie_between_the_fastest_and_the_slowest(found: list[tuple[int, int]]) -> None:
    measured = delays(*(outcome(days, minor) for days, minor in found))
    days = [each for each, _ in found]
    for value in (measured.mean, measured.weighted, measured.median, measured.at_least):
        assert value is not None
        assert min(days) <= value <= max(days)
    assert sum(bucket.settled for bucket in measured.distribution()) == len(found)


def test_a_period_takes_what_fell_due_in_it() -> None:
    days = [date(2026, 1, 30), DUE, date(2026, 2, 28), date(2026, 3, 1)]
    found = fallen_due([outcome(0, due_on=day) for day in days], DUE, date(2026, 2, 28))
    assert [each.due_on for each in found] == days[1:3]


def test_debts_of_before_are_shown_only_where_they_are_open() -> None:
    found = figures(outcome(10), outcome(None, 50_000, 20_000), outcome(-40), first=date(2026, 2, 1))
    assert (found.groups(), found.customers, found.months().cohorts) == ({}, {}, [])
    assert found.earlier.open_late == {150: (1, 20_000)}
    assert (found.late_minor, found.not_due_minor, found.parts_minor) == (20_000, 0, 20_000)


def test_a_customer_has_the_pace_of_its_settled_and_open_invoices() -> None:
    late = outcome(None, due_on=date(2027, 1, 31))
    found = figures(outcome(10), outcome(4), outcome(None, due_on=TODAY - timedelta(days=7)), late)
    assert found.customers == {"cus": CustomerPace(2, 1, 21)}
    assert found.customers["cus"].at_least == found.total.at_least == 7
    assert list(found.months().seasons) == [1, 6]


def test_customers_with_three_invoices_or_more_are_ranked_from_both_ends() -> None:
    many = {f"cus_{n:02}": CustomerPace(2, 1, 3 * n) for n in range(RANKED + 2)}
    found = ranking(
        {**many, "never": CustomerPace(0, 3, 300), "few": CustomerPace(1, 1, 900), "same": many["cus_00"]}
    )
    assert [each.customer_id for each in found.fastest[:3]] == ["cus_00", "same", "cus_01"]
    assert [each.customer_id for each in found.slowest[:2]] == ["never", "cus_11"]
    assert found.slowest[0].mean == 100
    assert (len(found.fastest), len(found.slowest)) == (RANKED, RANKED)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 9)), max_size=9), st.integers(-5, 5))
def test_what_is_counted_and_taken_off_again_leaves_nothing(found: list[tuple[int, int]], days: int) -> None:
    counted = DayCounts()
    counted.count(days, 1, 10)
    for sign in (1, -1):
        for each, minor in found:
            counted.count(each, sign, sign * minor)
    assert counted == {days: (1, 10)}
    assert [counted.mean, counted.nth(0)] == [days, days]


def test_what_is_paid_beyond_the_amount_owed_covers_other_debts_and_is_spare_cash_once() -> None:
    """The first invoice was paid in full, and credited after that: 40 beyond what was ever owed of it."""

    def invoice(number: int, owed_minor: int, open_minor: int) -> dict[str, Any]:
        return {
            "invoice_id": UUID(int=number), "entity": "ent", "customer_id": "cus", "issued_on": DUE, "due_on": DUE,
            "is_penalty": False, "open_minor": open_minor, "contested_minor": 0, "conceded_minor": 0,
            "owed_minor": owed_minor, "given_up_minor": 0,
        }  # fmt: skip

    paid: dict[str, Any] = {
        "payment_id": 1, "invoice_id": UUID(int=1), "applied_minor": 100, "cash_minor": 0, "available_on": DUE,
    }  # fmt: skip
    unapplied = paid | {"payment_id": 2, "invoice_id": None, "applied_minor": 0, "cash_minor": 30}
    reopened = paid | {"payment_id": 3, "applied_minor": -30, "cash_minor": 0}
    credited, other = invoice(1, 60, -40), invoice(2, 50, 50)
    for invoices, payments, uncovered, spare in (
        ([credited], [paid], [0], 40),
        ([credited, other], [paid], [0, 10], 0),
        ([credited, other], [paid, unapplied], [0, 0], 20),
        # What another payment has opened again is owed, but covered by the funds: no more than what was owed is.
        ([invoice(1, 100, 30)], [paid, reopened, unapplied], [0], 30),
    ):
        found = CoveredDebts()
        add_debtor(found, ("ent", "cus"), invoices, payments, {})
        assert [each.uncovered_minor for each in found.outcomes] == uncovered
        assert found.spare_cash_minor == spare
        account = sum(each["open_minor"] for each in invoices) - sum(each["cash_minor"] for each in payments)
        shown = DelayFigures(DUE, TODAY)
        shown.add_covered(found, lambda _: None)
        assert shown.parts_minor == account
