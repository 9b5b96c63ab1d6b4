"""The entity that a customer buys from, folded from the customer's stream."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events.customer import CustomerRegistered
from encours.kernel.errors import NotFound


class CreditCustomerNotFound(NotFound):
    """No customer has the id (404)."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Use an id from GET /v1/customers. The id may belong to another ledger."


@dataclass(frozen=True, slots=True)
class CustomerState:
    """Entity of a customer; empty before the customer is registered."""

    entity_id: str = ""


def evolve(state: CustomerState, recorded: Recorded) -> CustomerState:
    """Return the state after one more event. Only the registration changes it."""
    return CustomerState(recorded.entity) if isinstance(recorded.data, CustomerRegistered) else state
