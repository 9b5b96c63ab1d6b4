"""Roles of the parties around a customer: who is billed, delivered, who pays, and whose group it is. Dated.

Each service asks here, so that a bill, a reminder, a payment and a limit follow the same facts:

* who is *billed* for what a customer orders is fixed in the invoice at issue (CGI ann. II 242 nonies A I 1°): the
  invoice is a debt of that customer, in its control account, its delays and its turnover;
* who *pays* the invoices billed to a customer is followed day by day: reminders go there, and its payments settle them;
* a *limit* holds for the group that a customer belongs to, else for who pays for it, else for itself.

A role that is not assigned is the customer's own. No chains are followed: the payer of a payer pays for itself alone.

Two records of one debtor are merged from a day on (:class:`Merge`). No event of the past changes: each question
resolves a customer by the merges that were in force on its day and known at its moment (``docs/decisions/0016``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

import msgspec

from encours.contracts.events.parties.customer import CustomerMerged, CustomerMergeReversed
from encours.contracts.recorded import Recorded


class Roles(msgspec.Struct, frozen=True):
    """Roles around a customer from a day on, until a later assignment; ``None`` is the customer itself.

    ``position`` orders assignments for the same day: the one that was recorded last counts.
    """

    valid_from: date
    position: int
    payer_id: str | None = None
    billed_id: str | None = None
    delivered_id: str | None = None
    group_id: str | None = None


OWN = Roles(date.min, 0)
"""Roles of a customer without assignments."""


def roles_on(assigned: Iterable[Roles], day: date, position: int | None = None) -> Roles:
    """Return the roles in force on a day; with a position, by what had been recorded up to it."""
    begun = [
        roles
        for roles in assigned
        if roles.valid_from <= day and (position is None or roles.position <= position)
    ]
    return max(begun, key=lambda roles: (roles.valid_from, roles.position)) if begun else OWN


def payer_of(customer_id: str, assigned: Iterable[Roles], day: date, position: int | None = None) -> str:
    """Return who pays, on the day, the invoices that were billed to the customer."""
    return roles_on(assigned, day, position).payer_id or customer_id


def group_of(customer_id: str, assigned: Iterable[Roles], day: date, position: int | None = None) -> str:
    """Return the head of the group that the customer belongs to on the day; itself without one."""
    return roles_on(assigned, day, position).group_id or customer_id


def limit_holder_of(
    customer_id: str, assigned: Iterable[Roles], day: date, position: int | None = None
) -> str:
    """Return the customer whose limit the customer's exposure counts against on the day."""
    roles = roles_on(assigned, day, position)
    return roles.group_id or roles.payer_id or customer_id


class Merge(msgspec.Struct, frozen=True):
    """A customer's record becomes another one from a day on; ``into_id`` is ``None`` if a merge is reversed."""

    customer_id: str
    position: int
    effective_on: date
    into_id: str | None


Merging = CustomerMerged | CustomerMergeReversed


def merge_of(e: Recorded, data: Merging) -> Merge:
    """Return the merge that an event makes, or reverses."""
    into_id = data.into_id if isinstance(data, CustomerMerged) else None
    return Merge(data.customer_id, e.position, e.effective_on, into_id)


def merged_into(merges: Iterable[Merge], day: date, position: int | None = None) -> str | None:
    """Return the record that a customer was merged into by the last of its own merges; ``None`` if into none."""
    begun = [
        merge
        for merge in merges
        if merge.effective_on <= day and (position is None or merge.position <= position)
    ]
    return max(begun, key=lambda merge: (merge.effective_on, merge.position)).into_id if begun else None


class Survivors:
    """The records that merged customers have become, by the merges in force on a day; chains are followed."""

    def __init__(self, merges: Iterable[Merge], day: date, position: int | None = None) -> None:
        by_customer: dict[str, list[Merge]] = {}
        for merge in merges:
            by_customer.setdefault(merge.customer_id, []).append(merge)
        into = {each: merged_into(own, day, position) for each, own in by_customer.items()}
        direct = {each: other for each, other in into.items() if other is not None}
        self.merged: Mapping[str, str] = {
            each: last for each in sorted(direct) if (last := _end(each, direct)) != each
        }
        """The survivor of each customer that is merged."""

    def of(self, customer_id: str) -> str:
        """Return the record that the customer has become; itself if it is not merged."""
        return self.merged.get(customer_id, customer_id)

    def records(self, customer_id: str) -> list[str]:
        """Return all records of the debtor that the customer is, the survivor first."""
        survivor = self.of(customer_id)
        return [survivor, *(each for each, other in self.merged.items() if other == survivor)]


def related(customer_ids: Iterable[str], merges: Collection[Merge]) -> set[str]:
    """Return the customers, and all whose records were ever merged with theirs, in any number of steps."""
    found = set(customer_ids)
    while True:
        more = {
            each
            for merge in merges
            if merge.into_id is not None and not found.isdisjoint((merge.customer_id, merge.into_id))
            for each in (merge.customer_id, merge.into_id)
        } - found
        if not more:
            return found
        found |= more


def _end(customer_id: str, direct: Mapping[str, str]) -> str:
    """Return the end of a chain. No command closes a circle; of one that was appended the least id stands for all."""
    passed = [customer_id]
    while (following := direct.get(passed[-1])) is not None:
        if following in passed:
            return min(passed[passed.index(following) :])
        passed.append(following)
    return passed[-1]
