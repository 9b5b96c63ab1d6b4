"""The entity that a customer buys from, and its merges, folded from the customer's stream."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.contracts import Recorded
from encours.contracts.events.parties.customer import (
    CustomerAmended,
    CustomerMerged,
    CustomerMergeReversed,
    CustomerRegistered,
)
from encours.contracts.parties import Merge, merge_of
from encours.kernel.errors import NotFound, Refusal


class CreditCustomerNotFound(NotFound):
    """No customer has the id (404)."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Use an id from GET /v1/customers. The id may belong to another ledger."


class CreditCustomerMerged(Refusal):
    """The customer is merged into another one, whose limit and exposure hold for both."""

    code = "customer-merged"
    title = "Customer is merged into another one"
    remedy = "Use the customer in `survivor`, or reverse the merge."

    def __init__(self, customer_id: str, survivor_id: str) -> None:
        super().__init__(
            f"{customer_id} is merged into {survivor_id}. Use {survivor_id}.",
            "/customer_id",
            extra={"survivor": survivor_id},
        )


@dataclass(frozen=True, slots=True)
class CustomerState:
    """Entity of a customer, empty before the customer is registered; SIREN, segment; merges of its record."""

    entity_id: str = ""
    merges: tuple[Merge, ...] = ()
    siren: str | None = None
    segment: str | None = None


def evolve(state: CustomerState, recorded: Recorded) -> CustomerState:
    """Return the state after one more event. The others change nothing."""
    match recorded.data:
        case CustomerRegistered():
            return CustomerState(recorded.entity, siren=recorded.data.siren, segment=recorded.data.segment)
        case CustomerAmended():
            return replace(state, siren=recorded.data.siren, segment=recorded.data.segment)
        case CustomerMerged() | CustomerMergeReversed() as merging:
            return replace(state, merges=(*state.merges, merge_of(recorded, merging)))
        case _:
            return state
