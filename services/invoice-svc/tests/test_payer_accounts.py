"""Accounts that booked lines teach: of the customer who paid, for as long as nobody says that another one did."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.events.money.bank import BankLineBooked, BankLineReopened, MatchReason
from encours.contracts.events.money.payment import PaymentReassigned, PaymentReversed
from encours.projection.row_cache import RowCache
from encours.testing.events import event
from encours.testing.history import recorded
from invoice_svc.read_models.bank.model import BankLists
from invoice_svc.read_models.bank.rows import PayerAccountRow

BOOKED = event(BankLineBooked, line_id="bln_1", payment_id="pay_1", customer_id="cus_1", party_account="FR1")
WRONG = event(PaymentReversed, payment_id="pay_1", customer_id="cus_1", kind="wrong_booking", left_minor=0)
MOVED = event(PaymentReassigned, payment_id="pay_1", from_customer_id="cus_1", customer_id="cus_2")
UNDONE = event(BankLineReopened, line_id="bln_1", payment_id="pay_1")


def taught(*events: Any) -> list[tuple[str, str, int]]:
    """Accounts with their customers, and the position from which they are known, after these events."""
    model, rows = BankLists(), RowCache(BankLists.rows)
    rows.assume_empty()
    for position, each in enumerate(events, 1):
        model.project(recorded(each, position=position), rows)
    found = rows.get(PayerAccountRow, "pay_1")
    return [] if found is None else [(found.account, found.customer_id, found.from_position)]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ((), [("FR1", "cus_1", 1)]),
        ((UNDONE,), []),
        ((WRONG,), []),
        ((MOVED,), [("FR1", "cus_2", 2)]),
        ((MOVED, WRONG), []),
        ((replace(WRONG, kind="returned_debit"),), [("FR1", "cus_1", 1)]),
        ((replace(WRONG, left_minor=1),), [("FR1", "cus_1", 1)]),
    ],
)
def test_a_payment_that_was_not_the_customers_teaches_no_account(
    more: tuple[Any, ...], found: list[tuple[str, str, int]]
) -> None:
    assert taught(BOOKED, *more) == found


def test_a_payment_that_was_not_known_from_a_line_teaches_no_account() -> None:
    assert taught(WRONG) == taught(MOVED) == taught(replace(BOOKED, party_account=None), MOVED) == []


def test_a_line_of_a_virtual_iban_teaches_no_account() -> None:
    by_iban = MatchReason(rule="virtual_iban", points=15, evidence="FR9")
    assert taught(replace(BOOKED, reasons=(by_iban,))) == []
