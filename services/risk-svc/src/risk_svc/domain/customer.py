"""Customer, as far as risk needs to know it from its stream: the entity that it buys from."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.customer import CustomerRegistered
from encours.kernel.errors import NotFound


class CreditCustomerNotFound(NotFound):
    """The ledger has no customer of this id."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Check the id and the ledger."


@dataclass(frozen=True, slots=True)
class CustomerState:
    """Entity of a customer; empty before the customer is registered."""

    entity_id: str = ""


def evolve(state: CustomerState, recorded: Recorded) -> CustomerState:
    """Fold one event of the customer's stream; only the registration counts."""
    return CustomerState(recorded.entity) if isinstance(recorded.data, CustomerRegistered) else state
