"""Claims that insolvency proceedings stay, and their interest, fee and rest at the judgment."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.contracts.common import Instalment, PenalisedInvoice, PenaltySegment
from encours.contracts.insolvency import Insolvency, arose_on, stayed_from
from encours.contracts.settlement import DueSchedule, Funds, InvoiceDebt, Pause, settlements
from encours.testing.events import event

JUDGMENT = date(2026, 6, 10)
ONE_DAY = timedelta(days=1)


def proceedings(opened_on: date = JUDGMENT, outcome: str | None = None) -> Insolvency:
    return Insolvency("ins_1", "safeguard", "FR", opened_on, 5, outcome=outcome)  # type: ignore[arg-type]


def test_a_claim_is_stayed_if_it_arose_before_the_day_of_the_judgment() -> None:
    assert stayed_from([proceedings()], JUDGMENT - ONE_DAY) == JUDGMENT
    assert stayed_from([proceedings()], JUDGMENT) is None
    assert stayed_from([], JUDGMENT - ONE_DAY) is None


def test_proceedings_that_ended_go_on_to_stay_unless_they_are_void() -> None:
    eve = JUDGMENT - ONE_DAY
    for outcome in ("plan_adopted", "liabilities_extinguished", "assets_insufficient"):
        assert stayed_from([proceedings(outcome=outcome)], eve) == JUDGMENT
    for outcome in ("set_aside", "recorded_in_error"):
        assert stayed_from([proceedings(outcome=outcome)], eve) is None


def test_of_two_proceedings_the_first_after_the_claim_stays_it() -> None:
    later = proceedings(date(2028, 1, 3))
    assert stayed_from([later, proceedings()], date(2026, 1, 1)) == JUDGMENT
    assert stayed_from([later, proceedings()], date(2027, 1, 1)) == date(2028, 1, 3)


def test_a_penalty_document_arose_with_the_earliest_of_the_delays_that_it_penalises() -> None:
    segments = tuple(event(PenaltySegment, last_day=date(2026, 5, day)) for day in (1, 20))
    parts = [
        event(PenalisedInvoice, due_on=date(2026, 4, 1), segments=segments),
        event(PenalisedInvoice, due_on=date(2026, 6, 1), segments=()),
    ]
    assert arose_on(date(2026, 7, 1), parts) == date(2026, 5, 20)
    assert arose_on(date(2026, 7, 1), parts[1:]) == date(2026, 6, 1)
    assert arose_on(date(2026, 7, 1)) == date(2026, 7, 1)


days = st.integers(-200, 200).map(lambda n: JUDGMENT + timedelta(days=n))
amounts = st.integers(1, 1_000)
funds = st.lists(st.builds(Funds, days, amounts), max_size=4).map(tuple)


@st.composite
def debts(draw: st.DrawFn) -> InvoiceDebt:
    """A debt with payments, perhaps a pause and instalments."""
    parts = sorted(draw(st.lists(days, max_size=3)))
    schedules = (DueSchedule(draw(days), tuple(Instalment(due_on=day, amount_minor=300) for day in parts)),)
    first_day, last_day = sorted(draw(st.tuples(days, days)))
    pauses = (Pause(first_day, last_day, draw(amounts)),)
    return InvoiceDebt(
        "inv_1",
        draw(days),
        900,
        applied=draw(funds),
        pauses=pauses[: draw(st.integers(0, 1))],
        schedules=schedules if parts else (),
        stayed_from=JUDGMENT,
    )


@given(debts(), funds, st.integers(0, 400))
def test_on_every_later_day_a_stayed_debt_bears_what_it_bore_on_the_day_of_the_judgment(
    debt: InvoiceDebt, spare: tuple[Funds, ...], later: int
) -> None:
    stayed = settlements([debt], spare)["inv_1"]
    day = JUDGMENT + timedelta(days=later)
    assert list(stayed.late_legs(day)) == list(stayed.late_legs(JUDGMENT))
    assert stayed.fell_late(day) == stayed.fell_late(JUDGMENT)


@given(debts(), funds, st.integers(1, 200))
def test_on_every_earlier_day_the_judgment_changes_nothing(
    debt: InvoiceDebt, spare: tuple[Funds, ...], earlier: int
) -> None:
    stayed = settlements([debt], spare)["inv_1"]
    free = settlements([replace(debt, stayed_from=None)], spare)["inv_1"]
    day = JUDGMENT - timedelta(days=earlier)
    assert list(stayed.late_legs(day)) == list(free.late_legs(day))
    assert stayed.fell_late(day) == free.fell_late(day)
    assert stayed.funds == free.funds


def test_the_fee_is_due_if_the_due_date_passed_before_the_judgment() -> None:
    for due_on, late in (
        (JUDGMENT - 2 * ONE_DAY, True),
        (JUDGMENT - ONE_DAY, True),
        (JUDGMENT, False),
        (JUDGMENT + ONE_DAY, False),
    ):
        debt = InvoiceDebt("inv_1", due_on, 900, stayed_from=JUDGMENT)
        assert settlements([debt])["inv_1"].fell_late(date(2027, 1, 1)) is late, due_on


def test_the_rest_at_the_judgment_is_what_earlier_funds_do_not_cover() -> None:
    applied = (Funds(JUDGMENT - ONE_DAY, 200), Funds(JUDGMENT, 300))
    debt = InvoiceDebt("inv_1", date(2026, 5, 1), 900, applied=applied, stayed_from=JUDGMENT)
    assert settlements([debt])["inv_1"].uncovered_before(JUDGMENT) == 700
