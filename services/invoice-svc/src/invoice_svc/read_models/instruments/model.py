"""The part of the lists that finds cheques, bills and notes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.money.instrument import (
    ClearingWithdrawn,
    InstrumentAccepted,
    InstrumentCancelled,
    InstrumentCleared,
    InstrumentExtended,
    InstrumentReceived,
    InstrumentRefused,
    InstrumentRemitted,
    InstrumentReturned,
    InstrumentUnconfirmed,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.domain.instrument.state import InstrumentEvent, InstrumentStatus
from invoice_svc.read_models.instruments.rows import InstrumentInvoiceRow, InstrumentRow, InstrumentStatusRow
from invoice_svc.read_models.known import known


class Instruments(Part):
    """Cheques, bills and notes by customer, invoice, status and maturity."""

    rows = (InstrumentRow, InstrumentStatusRow, InstrumentInvoiceRow)
    applies = frozenset(event.TYPE for event in InstrumentEvent.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if not isinstance(e.data, InstrumentReceived):
            yield InstrumentRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(InstrumentEvent, e.data)
        match event:
            case InstrumentReceived():
                received = _received(e, event)
                rows.put(received)
                _note(e, received, rows)
                for each in event.invoices:
                    rows.put(InstrumentInvoiceRow(e.stream, each.invoice_id))
            case InstrumentExtended():
                _become(e, "in_hand", rows, matures_on=event.matures_on, clears_by=event.clears_by)
            case InstrumentRemitted():
                _become(e, "remitted", rows, clears_by=event.clears_by)
            case InstrumentCleared():
                _become(e, "cleared", rows)
            case ClearingWithdrawn():
                held = known(InstrumentRow, e, rows)
                _become(e, "remitted" if held.is_remitted else "in_hand", rows)
            case InstrumentReturned():
                _become(e, "returned", rows)
            case InstrumentRefused():
                _become(e, "refused", rows)
            case InstrumentUnconfirmed():
                _become(e, "unconfirmed", rows)
            case InstrumentCancelled():
                _become(e, "cancelled", rows)
            case InstrumentAccepted():
                pass
            case _:
                assert_never(event)


def _received(e: Recorded, event: InstrumentReceived) -> InstrumentRow:
    return InstrumentRow(
        instrument_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        kind=event.kind,
        number=event.number,
        currency=event.currency,
        amount_minor=event.amount_minor,
        from_position=e.position,
        matures_on=event.matures_on,
        clears_by=event.clears_by,
    )


def _become(
    e: Recorded,
    status: InstrumentStatus,
    rows: RowCache,
    *,
    matures_on: date | None = None,
    clears_by: date | None = None,
) -> None:
    held = known(InstrumentRow, e, rows)
    held.status = status
    held.matures_on = matures_on or held.matures_on
    held.clears_by = clears_by or held.clears_by
    if status in ("in_hand", "remitted", "returned"):
        held.is_remitted = status == "remitted"
    rows.put(held)
    _note(e, held, rows)


def _note(e: Recorded, held: InstrumentRow, rows: RowCache) -> None:
    rows.put(InstrumentStatusRow(e.stream, e.position, e.effective_on, held.status, held.matures_on))
