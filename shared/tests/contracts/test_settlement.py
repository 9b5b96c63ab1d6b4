"""Settlement of the debts of one payer: money is counted once, oldest debts first, however it was allocated."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from encours.contracts.settlement import Funds, InvoiceDebt, settlements

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
            for first, last, left in settled.late_legs(on)
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
