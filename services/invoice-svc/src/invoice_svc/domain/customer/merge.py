"""Merge of two records of one debtor, and its reversal.

Nothing is moved: from the business date of the merge on, the record that remains stands for both
(``contracts/parties.py``). A record that is merged takes no new documents, payments and agreements.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.events.parties.customer import CustomerMerged, CustomerMergeReversed
from encours.contracts.parties import merged_into
from encours.kernel.errors import FieldError, Invalid, Refusal
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.refusals import CustomerOfOtherEntity, DateInFuture


class MergeCustomer(Struct, frozen=True):
    """Merge a customer into another one of the same entity. ``on`` is today if not given."""

    customer_id: str
    into_id: str
    cause: str | None = None
    on: date | None = None


class ReverseMerge(Struct, frozen=True):
    """Make a merged customer a debtor of its own again. ``on`` is today if not given."""

    customer_id: str
    cause: str | None = None
    on: date | None = None


class CustomerIsMerged(Refusal):
    """The customer is merged into another one, which stands for it."""

    code = "customer-merged"
    title = "Customer is merged into another one"
    remedy = "Use the customer in `survivor`, or reverse the merge."

    def __init__(self, customer_id: str, survivor_id: str, pointer: str | None = None) -> None:
        super().__init__(
            f"{customer_id} is merged into {survivor_id}. Use {survivor_id}.",
            errors=(FieldError(pointer, f"Use {survivor_id}."),) if pointer else (),
            extra={"survivor": survivor_id},
        )


class CustomerNotMerged(Refusal):
    """The customer has no merge that could be reversed."""

    code = "customer-not-merged"
    title = "Customer is not merged"
    remedy = "GET the customer: `merged_into` names the one that it is merged into."


def merged_from(state: Customer, on: date) -> str | None:
    """Return the record that the customer is merged into on a day, or on the first later one that is known."""
    days = sorted({on, *(merge.effective_on for merge in state.merges if merge.effective_on > on)})
    return next(filter(None, (merged_into(state.merges, day) for day in days)), None)


def merge(
    state: Customer, into: Customer, command: MergeCustomer, on: date, today: date
) -> list[CustomerMerged]:
    """Merge the customer into another one; no event if it is merged so already.

    The other one is not merged itself on that day or later, so no merge can close a circle.
    """
    _require_past(on, today)
    if into.customer_id == state.customer_id:
        raise Invalid("A customer cannot be merged into itself.", "/into")
    if into.entity_id != state.entity_id:
        raise CustomerOfOtherEntity(
            f"{into.customer_id} is a customer of {into.entity_id}, not of {state.entity_id}.", "/into"
        )
    if (other := merged_from(state, on)) is not None:
        if other == into.customer_id and merged_into(state.merges, on) == other:
            return []
        raise CustomerIsMerged(state.customer_id, other)
    if (other := merged_from(into, on)) is not None:
        raise CustomerIsMerged(into.customer_id, other, "/into")
    return [CustomerMerged(customer_id=state.customer_id, into_id=into.customer_id, cause=command.cause)]


def reverse_merge(
    state: Customer, command: ReverseMerge, on: date, today: date
) -> list[CustomerMergeReversed]:
    """Reverse the merge in force, from a day on that is not before its own."""
    _require_past(on, today)
    into_id = merged_into(state.merges, date.max)
    if into_id is None:
        raise CustomerNotMerged(f"{state.customer_id} is not merged into another customer.")
    since = max(merge.effective_on for merge in state.merges)
    if on < since:
        raise Invalid(f"The customer is merged since {since}; reverse the merge on {since} or later.", "/on")
    return [CustomerMergeReversed(customer_id=state.customer_id, into_id=into_id, cause=command.cause)]


def _require_past(on: date, today: date) -> None:
    if on > today:
        raise DateInFuture(f"{on} is later than {today}, the business day of today.", "/on")
