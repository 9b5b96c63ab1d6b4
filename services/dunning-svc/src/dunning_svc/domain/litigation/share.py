"""Share of one debtor in a decision about several customers: what the others owe is none of its file's business."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from msgspec.structs import replace

from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSuppressed, TaskOpened

JointEvent = ReminderRequested | ReminderSuppressed | TaskOpened
DecisionT = TypeVar("DecisionT", bound=JointEvent)


def concerns(event: JointEvent, records: Collection[str]) -> bool:
    """Return True for a decision about the debtor with these records; ``False`` for one that it only gets as payer."""
    if not event.debtors:
        return event.customer_id in records
    return any(each.customer_id in records for each in event.debtors)


def share_of(event: DecisionT, records: Collection[str], invoice_ids: Collection[str]) -> DecisionT:
    """Return the decision with the items and amounts of one debtor; the same if it is about no other.

    ``invoice_ids``: invoices of the debtor, by which steps that are not taken are told apart.
    """
    own = tuple(each for each in event.debtors if each.customer_id in records)
    if len(own) == len(event.debtors):
        return event
    choice = event.basis.choice
    share = replace(
        event,
        items=tuple(item for item in event.items if item.customer_id in records),
        credit_minor=sum(each.credit_minor for each in own),
        amount_minor=sum(each.amount_minor for each in own),
        suppressed=tuple(each for each in event.suppressed if each.invoice_id in invoice_ids),
        basis=replace(event.basis, choice=choice and replace(choice, apart=())),
        debtors=own,
    )
    if isinstance(share, ReminderSuppressed):
        return share
    superseded = tuple(each for each in share.superseded if each.rpartition(":")[0] in invoice_ids)
    return replace(share, superseded=superseded)
