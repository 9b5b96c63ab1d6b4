"""Rules of invoices as a caller meets them: given events, when a request, then an answer and events."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from encours.contracts.events.invoice import InvoiceCredited, PaymentApplied
from encours.contracts.events.money.payment import PaymentAllocated, PaymentReceived
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered, SeriesDefined
from encours.kernel.ids import derived_id
from encours.testing.events import DAY, event, issued
from encours.testing.http import HttpScenario, http_scenario
from encours.testing.servers import Installation
from invoice_svc.app import create_app

ENTITY, CUSTOMER, INVOICE = (derived_id(prefix, 1) for prefix in ("ent", "cus", "inv"))


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


@pytest.fixture
async def owed(module_installation: Installation) -> AsyncIterator[HttpScenario]:
    """A customer owes 120.00 EUR."""
    async with http_scenario(module_installation, "invoice", create_app) as scenario:
        await scenario.given(
            event(EntityRegistered, entity_id=ENTITY),
            event(SeriesDefined, entity_id=ENTITY, code="AVO", document="credit_note", prefix="AVO-{year}-"),
            event(CustomerRegistered, customer_id=CUSTOMER, entity_id=ENTITY),
            issued(12_000, invoice_id=INVOICE, customer_id=CUSTOMER, origin="import"),
            entity=ENTITY,
        )
        yield scenario


async def test_a_credit_note_takes_off_what_is_owed_and_no_more(owed: HttpScenario) -> None:
    path = f"/v1/invoices/{INVOICE}/credit-notes"
    (await owed.when("POST", path, {"amount": eur("50.00")})).then(201, InvoiceCredited)
    (await owed.when("POST", path, {"amount": eur("70.01")})).refused(409, "amount-exceeds-outstanding")
    left = await owed.when("GET", f"/v1/invoices/{INVOICE}")
    assert left.then(200)["outstanding"] == eur("70.00")


async def test_money_goes_where_it_is_told_to_and_counts_once(owed: HttpScenario) -> None:
    body = {
        "entity_id": ENTITY,
        "customer_id": CUSTOMER,
        "received_on": DAY.isoformat(),
        "amount": eur("120.00"),
        "allocations": [{"invoice_id": INVOICE, "amount": eur("120.00")}],
    }
    key = {"Idempotency-Key": "bank-line-1"}
    paid = await owed.when("POST", "/v1/payments", body, **key)
    assert paid.then(201, PaymentReceived, PaymentAllocated, PaymentApplied)["status"] == "allocated"
    again = await owed.when("POST", "/v1/payments", body, **key)
    assert again.then(201) == paid.answer.json()
