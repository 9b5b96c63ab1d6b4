"""A firm whose books are a ledger in memory (:mod:`encours.testing.memory`), and its usual commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.common import Address
from encours.kernel.errors import DomainError
from encours.testing.memory import TODAY, BooksInMemory
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import (
    Content,
    CreditInvoice,
    DraftInvoice,
)
from invoice_svc.domain.payment import commands as pay
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices


@pytest.fixture
def books() -> BooksInMemory:
    """An empty firm."""
    return BooksInMemory()


@pytest.fixture(scope="session")
def new_books() -> Callable[[], BooksInMemory]:
    """As many empty firms as a property test needs."""
    return BooksInMemory


FORM = "SAS, capital 10 000 EUR, RCS Paris"
ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR")


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def at_once(draft: DraftInvoice, on: date) -> DraftInvoice:
    return replace(draft, issue=True, issued_on=on)


def entity(name: str = "ent_1", **changes: Any) -> RegisterEntity:
    values: dict[str, Any] = {
        "name": "Lumière SAS", "country": "FR", "currency": "EUR", "time_zone": "Europe/Paris",
        "legal_form": FORM,
        "siren": "552100554", "vat_id": "FR96552100554", "address": ADDRESS,
    }  # fmt: skip
    return RegisterEntity(entity_id=name, **(values | changes))


def customer(name: str = "cus_1", entity_id: str = "ent_1", **changes: Any) -> RegisterCustomer:
    values: dict[str, Any] = {"name": "Dupont", "country": "FR", "address": ADDRESS}
    return RegisterCustomer(customer_id=name, entity_id=entity_id, **(values | changes))


def draft(name: str = "inv_1", amount: str = "100.00", vat: str = "20", **changes: Any) -> DraftInvoice:
    content = Content(
        supply_on=day(1), lines=(LineInput("work", "1", amount, vat),), terms=changes.pop("terms", None)
    )
    values: dict[str, Any] = {
        "entity_id": "ent_1",
        "customer_id": "cus_1",
        "series": "FAC",
        "content": content,
    }
    return DraftInvoice(invoice_id=name, **(values | changes))


def receipt(
    name: str = "pay_1", amount: int = 12_000, on: date = TODAY, **changes: Any
) -> pay.ReceivePayment:
    values: dict[str, Any] = {
        "entity_id": "ent_1", "customer_id": "cus_1", "received_on": on, "amount_minor": amount, "currency": "EUR",
        "method": "transfer",
    }  # fmt: skip
    return pay.ReceivePayment(payment_id=name, **(values | changes))


def credit(amount: int | None = None, on: date = TODAY, name: str = "cre_1") -> CreditInvoice:
    return CreditInvoice("inv_1", name, on, amount, "returned")


def dispute(amount: int | None = None, name: str = "dis_1") -> OpenDispute:
    return OpenDispute(name, "inv_1", "quality", amount, "broken", None, day(10))


def refused(code: str) -> Any:
    class Refusal:
        def __enter__(self) -> None:
            self.raises = pytest.raises(DomainError)
            self.info = self.raises.__enter__()

        def __exit__(self, *error: Any) -> Any:
            swallowed = self.raises.__exit__(*error)
            assert self.info.value.code == code
            assert self.info.value.detail
            return swallowed

    return Refusal()


@pytest.fixture(scope="session")
def make() -> Any:
    """Commands of the firm's story, as they usually are: ``make.draft("inv_2", amount="50.00")``."""
    return SimpleNamespace(
        at_once=at_once,
        entity=entity,
        customer=customer,
        draft=draft,
        receipt=receipt,
        credit=credit,
        dispute=dispute,
        refused=refused,
    )


@pytest.fixture
def firm(books: Any) -> Any:
    """A firm with one customer."""
    books.do(entities.register, entity())
    books.do(customers.register, customer())
    return books


@pytest.fixture
def issued(firm: Any) -> Any:
    """... that was invoiced 120.00 on 1 June, due on 1 July."""
    firm.do(invoices.draft, at_once(draft(), day(1)))
    return firm
