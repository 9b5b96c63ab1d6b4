"""State of a customer's hold, and the customer's creditor, folded from events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.reminders import HoldPlaced
from encours.contracts.events.parties.customer import (
    CustomerMerged,
    CustomerMergeReversed,
    CustomerRegistered,
)
from encours.contracts.parties import Merge, merge_of
from encours.kernel.errors import NotFound, Refusal
from encours.kernel.ids import with_prefix
from encours.ledger.states import Folder


class DebtorNotFound(NotFound):
    """The ledger has no customer of this id."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Use an id from GET /v1/customers of invoice-svc."


class DebtorMerged(Refusal):
    """The customer is merged into another one, which is reminded for both."""

    code = "customer-merged"
    title = "Customer is merged into another one"
    remedy = "Use the customer in `survivor`, or reverse the merge."

    def __init__(self, customer_id: str, survivor_id: str) -> None:
        super().__init__(
            f"{customer_id} is merged into {survivor_id}. Use {survivor_id}.", extra={"survivor": survivor_id}
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """The hold that was placed last on a customer."""

    customer_id: str = ""
    until: date | None = None
    cause: str = ""
    placed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Debtor:
    """The creditor of a customer, empty before the customer is registered; merges of its record into others."""

    entity_id: str = ""
    merges: tuple[Merge, ...] = ()


def _hold(state: Hold, e: Recorded) -> Hold:
    if isinstance(e.data, HoldPlaced):
        return Hold(e.data.customer_id, e.data.until, e.data.cause, e.effective_on)
    return state


def _debtor(state: Debtor, e: Recorded) -> Debtor:
    match e.data:
        case CustomerRegistered(entity_id=entity_id):
            return replace(state, entity_id=entity_id)
        case CustomerMerged() | CustomerMergeReversed() as merging:
            return replace(state, merges=(*state.merges, merge_of(e, merging)))
        case _:
            return state


HOLD = Folder(Hold, _hold)
DEBTOR = Folder(Debtor, _debtor, DebtorNotFound)


def hold_stream(customer_id: str) -> str:
    """Return the stream of a customer's holds. The customer's own stream belongs to invoice-svc."""
    return with_prefix(customer_id, "hld")
