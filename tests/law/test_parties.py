"""The matrix of roles: which party each user of a role follows, on each day around a change.

A customer orders; another is billed for it, a third pays, a fourth is delivered, a fifth heads the group. On 15 June
one of the roles changes. Each cell is the party that is followed on 14, 15 and 16 June.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.past import folded as cases
from encours.contracts import Recorded
from encours.contracts.books import movements
from encours.contracts.common import Address
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.parties import limit_holder_of
from encours.testing.memory import BooksInMemory
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import AssignRoles, RegisterCustomer
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import Content, DraftInvoice
from invoice_svc.domain.payment.commands import ReceivePayment, ReleasePayment
from invoice_svc.use_cases.folds import CUSTOMER, INVOICE
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR")
PARTIES = ("orders", "orders2", "billed", "billed2", "pays", "pays2", "gets", "gets2", "heads", "heads2")
CHANGED_ON = date(2026, 6, 15)
DAYS = (date(2026, 6, 14), CHANGED_ON, date(2026, 6, 16))

# change    account (DSO)             delivery            matching            reminder            limit
MATRIX = """
orders      billed  billed  billed    gets  gets  gets    pays  pays  pays    pays  pays  pays    heads heads heads
billed      billed  billed2 billed2   gets  gets  gets    pays  pays  pays    pays  pays  pays    heads heads heads
delivered   billed  billed  billed    gets  gets2 gets2   pays  pays  pays    pays  pays  pays    heads heads heads
payer       billed  billed  billed    gets  gets  gets    pays  pays2 pays2   pays  pays2 pays2   heads heads heads
group       billed  billed  billed    gets  gets  gets    pays  pays  pays    pays  pays  pays    heads heads2 heads2
"""


def firm(change: str) -> BooksInMemory:
    """A firm with its customers, their roles since 1 June, and the change of one role on 15 June."""
    books = BooksInMemory()
    books.do(
        entities.register,
        RegisterEntity(
            "ent_1", "Lumière SAS", "FR", "EUR", "Europe/Paris", legal_form="SAS, capital 10 000 EUR",
            siren="552100554", vat_id="FR96552100554", address=ADDRESS,
        ),
    )  # fmt: skip
    for party in PARTIES:
        books.do(
            customers.register,
            RegisterCustomer(_id(party), "ent_1", party, "FR", email=f"{party}@example.com", address=ADDRESS),
        )
    ordering = {"billed_id": _id("billed"), "delivered_id": _id("gets")}
    owing = {"payer_id": _id("pays"), "group_id": _id("heads")}
    _assign(books, "orders", date(2026, 6, 1), ordering)
    _assign(books, "orders2", date(2026, 6, 1), ordering)
    _assign(books, "billed", date(2026, 6, 1), owing)
    _issue(books, "orders", date(2026, 6, 10))
    match change:
        case "billed":
            _assign(books, "orders", CHANGED_ON, ordering | {"billed_id": _id("billed2")})
        case "delivered":
            _assign(books, "orders", CHANGED_ON, ordering | {"delivered_id": _id("gets2")})
        case "payer":
            _assign(books, "billed", CHANGED_ON, owing | {"payer_id": _id("pays2")})
        case "group":
            _assign(books, "billed", CHANGED_ON, owing | {"group_id": _id("heads2")})
    return books


def _id(party: str) -> str:
    return f"cus_{party}"


def _assign(books: BooksInMemory, party: str, valid_from: date, roles: dict[str, str]) -> None:
    books.do(customers.assign_roles, AssignRoles(_id(party), valid_from=valid_from, **roles))


def _issue(books: BooksInMemory, orderer: str, on: date) -> Recorded:
    name = f"inv_{len(books.ledger.events)}"
    content = Content(supply_on=on, lines=(LineInput("work", "1", "100.00", "20"),), terms=None)
    books.do(
        invoices.draft, DraftInvoice(name, "ent_1", _id(orderer), "FAC", content, issue=True, issued_on=on)
    )
    return next(e for e in books.stream(name) if isinstance(e.data, InvoiceIssued))


def account(books: BooksInMemory, change: str, day: date) -> str:
    """Return whose account and whose turnover an invoice of the day is."""
    orderer = "orders2" if change == "orders" and day >= CHANGED_ON else "orders"
    (entry,) = movements(_issue(books, orderer, day))
    return entry.customer_id


def delivery(books: BooksInMemory, change: str, day: date) -> str:
    """Return who is delivered by an invoice of the day."""
    orderer = "orders2" if change == "orders" and day >= CHANGED_ON else "orders"
    return str(_issue(books, orderer, day).data.delivered_to_id)  # type: ignore[attr-defined]


def matching(books: BooksInMemory, change: str, day: date) -> str:
    """Return the one other customer whose payment of the day settles the invoice of 10 June."""
    (invoice,) = [e.stream for e in books.ledger.events if isinstance(e.data, InvoiceIssued)]
    settling = []
    for party in PARTIES:
        before = books.state(INVOICE, invoice).outstanding_minor
        received = ReceivePayment(f"pay_{party}", "ent_1", _id(party), day, 100, "EUR", "transfer")
        books.do(payments.receive, received, [invoice])
        if books.state(INVOICE, invoice).outstanding_minor < before and party != "billed":
            settling.append(_id(party))
    (payer,) = settling
    return payer


def reminder(books: BooksInMemory, change: str, day: date) -> str:
    """Return who is reminded of the invoice of 10 June on the day."""
    case = rows_of(books).case((_id("billed"), "ent_1", "EUR"), day)
    assert case is not None
    assert case.email == f"{case.addressee_id.removeprefix('cus_')}@example.com"
    return case.addressee_id


def limit(books: BooksInMemory, change: str, day: date) -> str:
    """Return whose limit the debtor of the invoice of 10 June uses on the day."""
    return limit_holder_of(_id("billed"), books.state(CUSTOMER, _id("billed")).roles, day)


def rows_of(books: BooksInMemory) -> MemoryRows:
    streams: dict[str, list[Recorded]] = {}
    for e in books.ledger.events:
        streams.setdefault(e.stream, []).append(e)
    return cases(streams)


USERS: tuple[Callable[[BooksInMemory, str, date], str], ...] = (account, delivery, matching, reminder, limit)
CELLS = [
    (change, user, day, cells[3 * column + row])
    for change, *cells in map(str.split, MATRIX.strip().splitlines())
    for column, user in enumerate(USERS)
    for row, day in enumerate(DAYS)
]


@pytest.mark.parametrize(
    ("change", "user", "day", "expected"),
    CELLS,
    ids=[f"{change}-{user.__name__}-{day:%d}" for change, user, day, _ in CELLS],
)
def test_each_user_of_a_role_follows_the_right_party(
    change: str, user: Any, day: date, expected: str
) -> None:
    assert user(firm(change), change, day) == _id(expected)


def test_another_customers_payment_moves_from_its_account_to_the_debtors_and_back() -> None:
    books = firm("group")
    (invoice,) = [e.stream for e in books.ledger.events if isinstance(e.data, InvoiceIssued)]
    received = ReceivePayment("pay_1", "ent_1", _id("pays"), CHANGED_ON, 5_000, "EUR", "transfer")
    books.do(payments.receive, received, [invoice])

    def sums(book: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for e in books.ledger.events:
            for entry in movements(e):
                found[entry.customer_id] = found.get(entry.customer_id, 0) + getattr(entry, f"{book}_minor")
        return {customer: minor for customer, minor in found.items() if minor}

    assert (sums("item"), sums("cash"), sums("account")) == (
        {_id("billed"): 7_000},
        {},
        {_id("billed"): 7_000},
    )
    books.do(payments.release, ReleasePayment("pay_1", None))
    assert sums("item") == {_id("billed"): 12_000}
    assert sums("cash") == {_id("pays"): 5_000}
    assert sums("account") == {_id("billed"): 12_000, _id("pays"): -5_000}
