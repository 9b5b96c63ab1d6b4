"""Promises and what settles their items, folded into rows.

The rows are incomplete where only the current case of some customers is folded: what is absent is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from dunning_svc.domain.promise.decide import Received
from dunning_svc.domain.promise.state import PromiseOutcome, status_of
from dunning_svc.read_models.cases.rows.access import Rows, with_position
from dunning_svc.read_models.cases.rows.promises import PromiseEntry, PromiseRow, SettledPart
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts import Recorded
from encours.contracts.books import Movement
from encours.contracts.events.dunning.promises import PromiseMade, PromiseWithdrawn

_TOLERATED = ("residual_closed", "residual_reopened")
"""Kinds of movements that reduce what is owed within a tolerance, and their reversals."""


def promise_made(e: Recorded, data: PromiseMade, rows: Rows) -> None:
    """Store the promise, and until when dunning of its invoices rests."""
    rows.put(
        PromiseRow(
            promise_id=data.promise_id,
            customer_id=data.customer_id,
            entity_id=e.entity,
            currency=data.currency,
            amount_minor=data.amount_minor,
            invoice_ids=list(data.invoice_ids),
            promised_on=data.promised_on,
            suspended_until=data.suspended_until,
            source=data.source,
            reply_id=data.reply_id,
            text=data.text,
            position=e.position,
            made_on=e.effective_on,
        )
    )
    for row in _items(data.invoice_ids, rows):
        promises = [*row.promises, f"{data.promise_id} {data.suspended_until}"]
        rows.put(replace(row, promises=promises, events=with_position(row.events, e.position)))


def promise_ended(e: Recorded, data: PromiseOutcome, rows: Rows) -> None:
    """Store how the promise ended; dunning of a withdrawn one no longer rests."""
    row = rows.get(PromiseRow, data.promise_id)
    if row is not None:
        status = status_of(data)
        received = "-" if isinstance(data, PromiseWithdrawn) else data.received_minor
        later = (data.replaced_by if isinstance(data, PromiseWithdrawn) else None) or "-"
        entry = f"{status} {e.position} {e.effective_on} {received} {later}"
        outcomes = [*row.outcomes, entry]
        rows.put(replace(row, status=status, judged_position=e.position, outcomes=outcomes))
    if not isinstance(data, PromiseWithdrawn):
        return
    for item in _items(data.invoice_ids, rows):
        kept = [
            f"{data.promise_id} -" if PromiseEntry.of(each).promise_id == data.promise_id else each
            for each in item.promises
            if data.cause == "replaced" or PromiseEntry.of(each).promise_id != data.promise_id
        ]
        rows.put(replace(item, promises=kept, events=with_position(item.events, e.position)))


def _items(invoice_ids: Iterable[str], rows: Rows) -> list[ItemRow]:
    found = (rows.get(ItemRow, each) for each in invoice_ids)
    return [row for row in found if row is not None]


def with_settled(row: ItemRow, e: Recorded, entry: Movement) -> ItemRow:
    """Return an item with the part of it that a movement settles, or no longer does; without promises as it is.

    What is undone is taken off the last part of the same payment; of a payment from before the promises nothing is.
    """
    minor = entry.settled_minor
    if not row.promises or not minor or entry.kind in _TOLERATED:
        return row
    if minor > 0:
        part = SettledPart(e.position, entry.available_on, entry.payment_id, minor)
        return replace(row, settled_parts=[*row.settled_parts, part.written()])
    parts = [SettledPart.of(each) for each in row.settled_parts]
    for n in reversed(range(len(parts))):
        if parts[n].payment_id == entry.payment_id and minor < 0:
            taken = min(parts[n].amount_minor, -minor)
            parts[n] = parts[n]._replace(amount_minor=parts[n].amount_minor - taken)
            minor += taken
    return replace(row, settled_parts=[part.written() for part in parts if part.amount_minor])


def received_of(promise: PromiseRow, items: Iterable[ItemRow], credit_minor: int) -> Received:
    """Return what was received of a promise by the rows of its items and the debtor's unapplied cash."""
    in_time = owed = 0
    for item in items:
        owed += max(0, item.open_minor)
        for part in map(SettledPart.of, item.settled_parts):
            if part.position < promise.position:
                continue
            owed += part.amount_minor
            if part.available_on is not None and part.available_on <= promise.suspended_until:
                in_time += part.amount_minor
    return Received(in_time, owed, credit_minor)
