"""Code of a customer in the creditor's books: no two customers of an entity have it at once."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events.parties.customer import CustomerRefTaken
from encours.kernel.ids import derived_id
from invoice_svc.domain.customer.state import Customer


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """The last customer that took the code in place of another one; empty if none did."""

    customer_id: str = ""


def evolve(_: CustomerRef, recorded: Recorded) -> CustomerRef:
    """Return the state after the code was taken, the only kind of event of its stream."""
    assert isinstance(recorded.data, CustomerRefTaken)
    return CustomerRef(recorded.data.customer_id)


def ref_id(entity_id: str, external_ref: str) -> str:
    """Return the stream of a code."""
    return derived_id("crf", entity_id, external_ref)


def registered_with(entity_id: str, external_ref: str) -> str:
    """Return the id of the customer that is registered with a code, over HTTP or by an import."""
    return derived_id("cus", "import", entity_id, external_ref)


def take(state: CustomerRef, customer: Customer, external_ref: str) -> list[CustomerRefTaken]:
    """Take a code that nobody has; no event for the customer that took it last and gave it up since."""
    if state.customer_id == customer.customer_id:
        return []
    return [
        CustomerRefTaken(
            customer_ref_id=ref_id(customer.entity_id, external_ref),
            customer_id=customer.customer_id,
            external_ref=external_ref,
        )
    ]
