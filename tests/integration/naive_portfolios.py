"""Segments and salespersons of the random histories, and who has which, written from the rules alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.contracts.events.parties.customer import CustomerAmended
from encours.ledger.stored import StoredEvent
from encours.testing.events import event as sample
from tests.integration.receivable_histories import CUSTOMERS, Books

SEGMENTS = ("A", "B", None)


def amend(b: Books, n: int, day: date, amount: int) -> None:
    """A customer goes to another segment, another salesperson, or both; the record may be backdated."""
    number = 1 + n % 2
    amended = sample(
        CustomerAmended, customer_id=CUSTOMERS[number - 1], name=f"Été {number}", country="FR", segment=SEGMENTS[n % 3],
        salesperson=f"sales-{1 + n % 5 % 2}", tags=(), external_ref=f"C{number}",
    )  # fmt: skip
    b.record(CUSTOMERS[number - 1], amended, day)


def portfolio(customer: str, log: list[StoredEvent], as_of: date, known_to: int) -> dict[str, str | None]:
    """Return what the customer had on a day: by its last amendment until then, else by its registration."""
    found: tuple[date, Any] | None = None
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if event.stream != customer or event.type not in ("customer.registered", "customer.amended"):
            continue
        day = date.min if event.type == "customer.registered" else event.effective_on
        if day <= as_of and (found is None or day >= found[0]):
            found = day, data
    if found is None:
        return {"segment": None, "salesperson": None}
    return {"segment": found[1].segment, "salesperson": found[1].salesperson}
