"""Settlement of the debts of one payer: money is counted once, oldest debts first, however it was allocated."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts.common import Instalment
from encours.contracts.settlement import DueSchedule, Funds, InvoiceDebt, Pause, settlements

START = date(2026, 1, 1)

days = st.integers(0, 60).map(lambda n: START + timedelta(days=n))
funds = st.builds(Funds, days, st.integers(1, 500))


@st.composite
def accounts(draw: st.DrawFn) -> tuple[list[InvoiceDebt], list[Funds]]:
    debts = []
    for n in range(draw(st.integers(1, 5))):
        owed = draw(st.integers(0, 800))
        applied = tuple(draw(st.lists(funds, max_size=3)))
        rest = max(0, owed - sum(part.amount_minor for part in applied))
        contested = draw(st.integers(0, rest))
        given_up = draw(st.integers(0, rest - contested))
        debts.append(InvoiceDebt(f"inv_{n}", draw(days), owed, contested, given_up, applied))
    return debts, draw(st.lists(funds, max_size=4))


@given(accounts())
def test_no_money_is_counted_twice_and_no_debt_is_covered_beyond_what_was_owed(
    account: tuple[list[InvoiceDebt], list[Funds]],
) -> None:
    debts, unapplied = account
    found = settlements(debts, unapplied)
    there = sum(part.amount_minor for part in [*unapplied, *(p for debt in debts for p in debt.applied)])
    used = sum(part.amount_minor for settled in found.values() for part in settled.funds)
    assert used == min(there, sum(debt.owed_minor for debt in debts))
    for debt in debts:
        settled = found[debt.invoice_id]
        assert 0 <= settled.uncovered_minor <= debt.owed_minor
        assert settled.uncovered_minor <= max(0, debt.owed_minor - sum(p.amount_minor for p in debt.applied))


@given(accounts(), st.data())
def test_the_order_of_debts_and_funds_changes_nothing(
    account: tuple[list[InvoiceDebt], list[Funds]], data: st.DataObject
) -> None:
    debts, unapplied = account
    other = data.draw(st.permutations(debts)), data.draw(st.permutations(unapplied))
    assert settlements(*other) == settlements(debts, unapplied)


@given(accounts())
def test_late_legs_count_each_day_once_with_what_no_funds_cover(
    account: tuple[list[InvoiceDebt], list[Funds]],
) -> None:
    on = START + timedelta(days=90)
    for settled in settlements(*account).values():
        counted = {
            first + timedelta(days=n): left
            for first, last, left, _ in settled.late_legs(on)
            for n in range((last - first).days + 1)
        }
        for n in range((on - settled.due_on).days):
            eve, day = (settled.due_on + timedelta(days=n + more) for more in (0, 1))
            there = sum(part.amount_minor for part in settled.funds if part.available_on <= eve)
            assert counted.get(day, 0) == settled.owed_minor - there


def test_unapplied_cash_covers_certain_debts_by_age_then_contested_ones() -> None:
    contested = InvoiceDebt("inv_1", START, 100, contested_minor=100)
    certain = InvoiceDebt("inv_2", START + timedelta(days=9), 100)
    found = settlements([contested, certain], [Funds(START, 120)])
    assert [found[name].uncovered_minor for name in ("inv_1", "inv_2")] == [80, 0]


@given(accounts(), st.lists(st.tuples(st.integers(1, 40), st.integers(1, 200)), min_size=1, max_size=4))
def test_a_debt_in_instalments_owes_on_each_day_what_was_due_and_no_funds_cover(
    account: tuple[list[InvoiceDebt], list[Funds]], found: list[tuple[int, int]]
) -> None:
    """A count by days: the instalments due before a day, at most what was ever owed, less the funds that are there."""
    due, instalments = START, []
    for days, amount in found:
        due += timedelta(days=days)
        instalments.append(Instalment(due_on=due, amount_minor=amount))
    owed = sum(each.amount_minor for each in instalments)
    ((debt, *_), unapplied), on = account, START + timedelta(days=200)
    own = msgspec.structs.replace(debt, owed_minor=owed, schedules=(DueSchedule(START, tuple(instalments)),))
    settled = settlements([own], unapplied)[own.invoice_id]
    by_day: dict[date, int] = {}
    for first, last, left, _ in settled.late_legs(on):
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            by_day[day] = by_day.get(day, 0) + left
    for n in range(200):
        day = START + timedelta(days=n)
        asked = sum(each.amount_minor for each in instalments if each.due_on < day)
        there = sum(part.amount_minor for part in settled.funds if part.available_on < day)
        assert by_day.get(day, 0) == max(0, asked - there)


def test_a_credit_note_and_a_pause_are_off_the_last_instalments_and_a_payment_settles_the_first() -> None:
    thirds = tuple(Instalment(due_on=START + timedelta(days=n), amount_minor=100) for n in (10, 20, 30))
    pause = Pause(START, START + timedelta(days=99), 60)
    debt = InvoiceDebt(
        "inv_1",
        START,
        210,
        applied=(Funds(START, 130),),
        pauses=(pause,),
        schedules=(DueSchedule(START, thirds),),
    )
    found = settlements([debt])["inv_1"]
    assert [(part.owed_minor, part.uncovered_minor) for part in found.periods[0].parts] == [
        (100, 0),
        (100, 70),
        (10, 10),
    ]
    legs = list(found.late_legs(START + timedelta(days=40)))
    assert [(leg.first_day, leg.amount_minor) for leg in legs] == [(START + timedelta(days=21), 20)]


def test_each_schedule_counts_from_the_day_on_which_it_was_agreed() -> None:
    later = DueSchedule(
        START + timedelta(days=10), (Instalment(due_on=START + timedelta(days=30), amount_minor=100),)
    )
    debt = InvoiceDebt("inv_1", START, 100, schedules=(later,))
    legs = list(settlements([debt])["inv_1"].late_legs(START + timedelta(days=40)))
    assert [((leg.first_day - START).days, (leg.last_day - START).days) for leg in legs] == [(1, 9), (31, 40)]
