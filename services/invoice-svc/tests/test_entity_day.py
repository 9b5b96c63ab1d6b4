"""The day is the entity's: of issue, of receipt, of the due date, in its own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from encours.ledger.command import Result
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, payments, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

PARIS_DAY = date(2026, 6, 29)
REUNION_DAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 29, 21, 0, tzinfo=UTC)
"""23:00 in Paris, where the ledger is, and 01:00 of the next day in La Réunion."""
CLOCK = {"today": PARIS_DAY, "now": NOW}


@pytest.fixture
def cannery(books: Any, make: Any) -> Any:
    """A seller in La Réunion in a ledger of Paris, with an invoice that was issued just now."""
    books.do(entities.register, make.entity(time_zone="Indian/Reunion"), **CLOCK)
    books.do(customers.register, make.customer(), **CLOCK)
    books.do(invoices.draft, make.at_once(make.draft(), None), **CLOCK)
    return books


def test_an_invoice_is_dated_and_due_by_the_day_of_its_seller(cannery: Any) -> None:
    """It was dated the day before."""
    invoice = cannery.state(INVOICE, "inv_1")
    assert (invoice.issued_on, invoice.due_on) == (REUNION_DAY, date(2026, 7, 30))
    assert {e.effective_on for e in cannery.stream("inv_1")} == {REUNION_DAY}


def test_a_payment_of_the_day_is_not_of_the_future(cannery: Any, make: Any) -> None:
    cannery.do(payments.receive, make.receipt(on=REUNION_DAY), ("inv_1",), **CLOCK)
    cannery.do(reversals.reverse, ReversePayment("pay_1", None, "returned"), **CLOCK)
    assert cannery.state(PAYMENT, "pay_1").reversed_on == REUNION_DAY
    with make.refused("date-in-future"):
        cannery.do(payments.receive, make.receipt("pay_2", on=date(2026, 7, 1)), **CLOCK)


def test_what_follows_is_dated_by_it_too_and_answered_as_of_it(cannery: Any) -> None:
    command = OpenDispute("dis_1", "inv_1", "quality", None, "broken", None, None)
    done = cannery.do(claims.open_dispute, command, **CLOCK)
    assert {e.effective_on for e in cannery.stream("dis_1")} == {REUNION_DAY}
    assert done.result(Result).as_of == REUNION_DAY


def test_an_entity_to_the_west_is_still_in_the_day_before(books: Any, make: Any) -> None:
    early = {"today": REUNION_DAY, "now": datetime(2026, 6, 29, 22, 30, tzinfo=UTC)}
    books.do(entities.register, make.entity(time_zone="America/Martinique"), **early)
    books.do(customers.register, make.customer(), **early)
    with make.refused("date-in-future"):
        books.do(invoices.draft, make.at_once(make.draft(), REUNION_DAY), **early)
