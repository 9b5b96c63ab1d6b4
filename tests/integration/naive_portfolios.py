"""Segments, salespersons, countries and tags of the random histories, and who has which, written from the rules
alone.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.contracts.events.parties.customer import CustomerAmended
from encours.ledger.stored import StoredEvent
from encours.testing.events import event as sample
from tests.integration.receivable_histories import CUSTOMERS, Books, customer_of

SEGMENTS = ("A", "B", None)
TAGS = ((), ("south",), ("key", "south"))
HELD = ("country", "segment", "salesperson", "tags")


def amend(b: Books, n: int, day: date, amount: int) -> None:
    """A customer has another segment, salesperson, country or tags; the record may be backdated."""
    number = 1 + CUSTOMERS.index(customer_of(n))
    amended = sample(
        CustomerAmended, customer_id=CUSTOMERS[number - 1], name=f"Été {number}", country=("FR", "DE")[n % 7 % 2],
        segment=SEGMENTS[n % 3], salesperson=f"sales-{1 + n % 5 % 2}", tags=TAGS[n % 11 % 3],
        external_ref=f"C{number}",
    )  # fmt: skip
    b.record(CUSTOMERS[number - 1], amended, day)


def portfolio(customer: str, log: list[StoredEvent], as_of: date, known_to: int) -> dict[str, Any]:
    """Return what the customer had on a day: by its last amendment until then, else by its registration."""
    found: tuple[date, Any] | None = None
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if event.stream != customer or event.type not in ("customer.registered", "customer.amended"):
            continue
        day = date.min if event.type == "customer.registered" else event.effective_on
        if day <= as_of and (found is None or day >= found[0]):
            found = day, data
    return {name: found and (getattr(found[1], name) or None) for name in HELD}


def channel(customer: str, log: list[StoredEvent], as_of: date, known_to: int) -> str | None:
    """Return the custom field ``channel`` that a customer had on a day."""
    own = [each for each in log[:known_to] if each.stream == customer and each.effective_on <= as_of]
    dated = [(each.effective_on, each.position, each) for each in own if each.type == "customer.fields_set"]
    if not dated:
        return None
    data: Any = max(dated, key=lambda each: each[:2])[2].recorded().data
    return {each.field_code: each.value for each in data.fields}.get("channel")
