"""A last check of the invoices just before dispatch: the ledger knows of a payment of a second ago.

The rule: a message leaves exactly as it was decided, or not at all. If what it asks for has changed since, it is
recorded as suppressed (``paid_meanwhile`` when nothing is open any more, else ``changed_meanwhile``), its step is
open again, and the next day decides afresh on the new state. So decision, message and record never differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.books import movements
from encours.contracts.dunning import DunnedItem, ReminderRequested, ReminderSuppressed

Moved = Literal["paid_meanwhile", "changed_meanwhile"]


def moved_invoices(reminders: Sequence[ReminderRequested], versions: Mapping[str, int]) -> set[str]:
    """Return the invoices whose stream has grown since the decision."""
    return {
        item.invoice_id
        for reminder in reminders
        for item in reminder.items
        if versions.get(item.invoice_id, 0) > item.invoice_version
    }


def moved(reminder: ReminderRequested, streams: Mapping[str, Sequence[Recorded]]) -> Moved | None:
    """Return why the message is no longer right, or ``None``; ``streams`` holds the invoices that have grown."""
    now = [_now(item, streams.get(item.invoice_id, ())) for item in reminder.items]
    if [asked for _, asked in now] == [item.asked_minor for item in reminder.items]:
        return None
    asked_for = [opened for (opened, _), item in zip(now, reminder.items, strict=True) if item.asked_minor]
    return "paid_meanwhile" if sum(asked_for) <= reminder.credit_minor else "changed_meanwhile"


def _now(item: DunnedItem, stream: Sequence[Recorded]) -> tuple[int, int]:
    """Return the item's open amount, and the amount that may be asked of it."""
    opened, disputed = item.open_minor, item.disputed_minor
    for e in stream:
        if e.version > item.invoice_version:
            entries = [entry for entry in movements(e) if entry.invoice_id == item.invoice_id]
            opened += sum(entry.item_minor for entry in entries)
            disputed += sum(entry.contested_minor for entry in entries)
    # An item that is only announced is asked for nothing, however much of it is open.
    return opened, max(0, opened - disputed) if item.asked_minor else 0


def suppression(reminder: ReminderRequested, cause: Moved) -> ReminderSuppressed:
    """Return the event that takes the request back."""
    return ReminderSuppressed(
        reminder_id=reminder.reminder_id,
        decision_id=reminder.decision_id,
        customer_id=reminder.customer_id,
        day=reminder.day,
        channel=reminder.channel,
        step=reminder.step,
        currency=reminder.currency,
        items=reminder.items,
        credit_minor=reminder.credit_minor,
        amount_minor=reminder.amount_minor,
        cause=cause,
        basis=reminder.basis,
    )
