"""The part of the lists with the legal numbers: those of series, and those that other systems gave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceCredited, InvoiceIssued
from encours.contracts.events.payment import CreditNoteIssued
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.entities.rows import SeriesRow
from invoice_svc.read_models.known import known
from invoice_svc.read_models.numbers.rows import NumberRow, TakenNumberRow

_Numbered = InvoiceIssued | InvoiceCredited | CreditNoteIssued


class Numbers(Part):
    """Numbers by entity, series and year."""

    rows = (NumberRow, TakenNumberRow)
    applies = frozenset(event.TYPE for event in _Numbered.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        event = cast(_Numbered, e.data)
        if event.series is not None:
            yield SeriesRow, (e.entity, event.series)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Numbered, e.data)
        if event.series is None:
            rows.put(_taken(e, event))
            return
        year = event.issued_on.year
        prefix = known(SeriesRow, e, rows, e.entity, event.series).prefix.replace("{year}", str(year))
        rows.put(
            NumberRow(
                entity_id=e.entity,
                series=event.series,
                year=year,
                running=int(event.number.removeprefix(prefix)),
                number=event.number,
                issued_on=event.issued_on,
                position=e.position,
            )
        )


def _taken(e: Recorded, event: _Numbered) -> TakenNumberRow:
    return TakenNumberRow(
        entity_id=e.entity,
        document="invoice" if isinstance(event, InvoiceIssued) else "credit_note",
        number=event.number,
        issued_on=event.issued_on,
        position=e.position,
    )
