"""The part of the lists that finds promises to pay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.dunning.promises import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseWithdrawn,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.promises.rows import DebtorPromiseRow, PromiseInvoiceRow, PromiseStatusRow

_Event = PromiseMade | PromiseKept | PromiseBroken | PromiseWithdrawn


class DebtorPromises(Part):
    """Promises by customer and invoice."""

    rows = (DebtorPromiseRow, PromiseStatusRow, PromiseInvoiceRow)
    applies = frozenset(event.TYPE for event in _Event.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """No row is read: each event adds its own."""
        return ()

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Event, e.data)
        status, received = "open", None
        match event:
            case PromiseMade():
                _made(e, event, rows)
            case PromiseKept():
                status, received = "kept", event.received_minor
            case PromiseBroken():
                received = event.received_minor
                status = "partly_kept" if received > 0 else "broken"
            case PromiseWithdrawn():
                status = event.cause
            case _:
                assert_never(event)
        rows.put(PromiseStatusRow(e.stream, e.position, e.effective_on, status, received))


def _made(e: Recorded, event: PromiseMade, rows: RowCache) -> None:
    rows.put(
        DebtorPromiseRow(
            promise_id=e.stream,
            entity_id=e.entity,
            customer_id=event.customer_id,
            currency=event.currency,
            amount_minor=event.amount_minor,
            promised_on=event.promised_on,
            suspended_until=event.suspended_until,
            made_on=e.effective_on,
            from_position=e.position,
            invoice_ids=list(event.invoice_ids),
        )
    )
    for invoice_id in event.invoice_ids:
        rows.put(PromiseInvoiceRow(invoice_id, e.stream))
