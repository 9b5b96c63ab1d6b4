"""Bank accounts, letterhead and VAT periods of an entity, by the days on which they are in force."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts.events.parties.entity import Letterhead, VatRegime, VatRegimeSet
from encours.testing.events import event
from invoice_svc.domain.entity.closing import DatedInClosedPeriod, closed_until
from invoice_svc.domain.entity.commands import AmendEntity, SetBankAccount, SetVatRegime
from invoice_svc.domain.entity.state import Entity
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import invoices

FIRST, SECOND = "FR7630006000011234567890189", "DE89370400440532013000"
JULY = date(2026, 7, 1)


def account(
    iban: str | None, valid_from: date, currency: str = "EUR", use: Any = "receipts"
) -> SetBankAccount:
    return SetBankAccount("ent_1", currency, use, valid_from, iban)


def in_force(firm: Any, day: date) -> dict[tuple[str, str], str | None]:
    return {(each.currency, each.use): each.iban for each in firm.state(ENTITY, "ent_1").accounts_on(day)}


def test_one_account_of_a_currency_and_use_is_in_force_on_a_day(firm: Any) -> None:
    for command in (
        account(SECOND, JULY),
        account(FIRST, date(2026, 1, 1)),
        account(SECOND, date(2026, 1, 1), currency="USD"),
        account(SECOND, date(2026, 1, 1), use="refunds"),
        account(None, date(2026, 9, 1)),
    ):
        firm.do(entities.set_bank_account, command)
    others = {("USD", "receipts"): SECOND, ("EUR", "refunds"): SECOND}
    assert in_force(firm, date(2025, 12, 31)) == {}
    assert in_force(firm, date(2026, 6, 30)) == {("EUR", "receipts"): FIRST} | others
    assert in_force(firm, JULY) == {("EUR", "receipts"): SECOND} | others
    assert in_force(firm, date(2026, 9, 1)) == others


def test_an_account_that_is_set_twice_is_set_once_and_another_of_that_day_takes_its_place(firm: Any) -> None:
    firm.do(entities.set_bank_account, account(FIRST, JULY))
    firm.do(entities.set_bank_account, account(FIRST, JULY))
    assert firm.kinds().count("entity.bank_account_set") == 1
    firm.do(entities.set_bank_account, account(SECOND, JULY))
    assert in_force(firm, JULY) == {("EUR", "receipts"): SECOND}
    assert len(firm.state(ENTITY, "ent_1").accounts) == 1


def test_the_letterhead_stays_until_it_is_changed_or_cleared(firm: Any) -> None:
    letterhead = Letterhead(
        registration="RCS Paris 552 100 554", share_capital_minor=1_000_000, share_capital_currency="EUR"
    )
    firm.do(entities.amend, AmendEntity("ent_1", letterhead=letterhead))
    firm.do(entities.amend, AmendEntity("ent_1", name="Lumière SA"))
    assert firm.state(ENTITY, "ent_1").letterhead == letterhead
    firm.do(entities.amend, AmendEntity("ent_1", letterhead=None))
    assert firm.state(ENTITY, "ent_1").letterhead is None


@pytest.mark.parametrize(
    ("regime", "today", "closed"),
    [
        ("monthly", date(2026, 6, 30), date(2026, 4, 30)),
        ("monthly", date(2026, 7, 1), date(2026, 4, 30)),
        ("monthly", date(2026, 7, 2), date(2026, 5, 31)),
        ("quarterly", date(2026, 7, 31), date(2026, 3, 31)),
        ("quarterly", date(2026, 8, 1), date(2026, 6, 30)),
        ("yearly", date(2026, 12, 31), date(2025, 12, 31)),
    ],
)
def test_a_vat_period_closes_a_month_after_its_end(regime: VatRegime, today: date, closed: date) -> None:
    regimes = (event(VatRegimeSet, regime=regime, valid_from=date(2026, 1, 1)),)
    assert closed_until(Entity(entity_id="ent_1", vat_regimes=regimes), today) == closed


def test_nothing_is_issued_into_a_month_that_closed_and_the_refusal_says_why(make: Any, firm: Any) -> None:
    firm.do(entities.set_vat_regime, SetVatRegime("ent_1", "monthly", date(2026, 1, 1)))
    draft = make.at_once(make.draft(), date(2026, 4, 30))
    with pytest.raises(DatedInClosedPeriod, match="as a month closes a month after its end"):
        firm.do(invoices.draft, draft, today=date(2026, 6, 30))
    firm.do(invoices.draft, make.at_once(make.draft(), date(2026, 5, 1)), today=date(2026, 6, 30))


_REGIMES = st.lists(
    st.tuples(st.sampled_from(["monthly", "quarterly", "yearly"]), st.integers(0, 900)), max_size=4
)


@given(_REGIMES, st.integers(0, 1_200))
def test_the_default_closing_is_the_last_period_end_that_passed_by_a_month(
    regimes: list[tuple[VatRegime, int]], after: int
) -> None:
    """Compared with a search day by day, in the regime of each day."""
    start = date(2024, 1, 1)
    of_days = {start + timedelta(days): regime for regime, days in regimes}
    ordered = tuple(event(VatRegimeSet, regime=r, valid_from=day) for day, r in sorted(of_days.items()))
    today = start + timedelta(after)
    day = today - timedelta(32)
    while True:
        regime = next((r for d, r in sorted(of_days.items(), reverse=True) if d <= day), "yearly")
        months = {"monthly": 1, "quarterly": 3, "yearly": 12}[regime]
        if (day + timedelta(1)).day == 1 and day.month % months == 0:
            break
        day -= timedelta(1)
    assert closed_until(Entity(entity_id="ent_1", vat_regimes=ordered), today) == day
