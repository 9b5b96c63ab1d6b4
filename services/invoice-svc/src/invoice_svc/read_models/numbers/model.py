"""The part of the lists with the legal numbers: those of series, and those that other systems gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceCredited, InvoiceIssued
from encours.contracts.events.money.payment import CreditNoteIssued
from encours.legal.invoicing import Gaps
from encours.legal.packs import invoicing_law_of
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.entities.rows import EntityRow, SeriesRow
from invoice_svc.read_models.known import known
from invoice_svc.read_models.numbers.rows import NumberGapRow, NumberRow, SeriesEndRow, TakenNumberRow

_SEVERITY: Mapping[Gaps, str] = {"forbidden": "high", "to_explain": "medium", "allowed": "low"}
_Numbered = InvoiceIssued | InvoiceCredited | CreditNoteIssued


class Numbers(Part):
    """Numbers by entity, series and year."""

    rows = (NumberRow, TakenNumberRow, SeriesEndRow, NumberGapRow)
    applies = frozenset(event.TYPE for event in _Numbered.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        event = cast(_Numbered, e.data)
        if event.series is not None:
            yield SeriesRow, (e.entity, event.series)
            yield SeriesEndRow, (e.entity, event.series, event.issued_on.year)
            yield EntityRow, (e.entity,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Numbered, e.data)
        if event.series is None:
            rows.put(_taken(e, event))
            return
        year = event.issued_on.year
        prefix = known(SeriesRow, e, rows, e.entity, event.series).prefix.replace("{year}", str(year))
        given = NumberRow(
            entity_id=e.entity,
            series=event.series,
            year=year,
            running=int(event.number.removeprefix(prefix)),
            number=event.number,
            issued_on=event.issued_on,
            position=e.position,
        )
        rows.put(given)
        _follow(given, prefix, rows)


def _follow(given: NumberRow, prefix: str, rows: RowCache) -> None:
    """Move the end of the series on, and put the gap before a number that does not follow the last one."""
    key = (given.entity_id, given.series, given.year)
    end = rows.get(SeriesEndRow, *key)
    before, before_position = (0, 0) if end is None else (end.running, end.position)
    if given.running > before + 1:
        entity = rows.get(EntityRow, given.entity_id)
        rule = invoicing_law_of("" if entity is None else entity.country).number_rule(given.issued_on)
        rows.put(
            NumberGapRow(
                entity_id=given.entity_id,
                series=given.series,
                year=given.year,
                before=before,
                before_position=before_position,
                following=given.running,
                following_position=given.position,
                following_on=given.issued_on,
                number=given.number,
                prefix=prefix,
                severity=_SEVERITY[rule.gaps],
            )
        )
    if given.running > before:
        rows.put(
            SeriesEndRow(
                entity_id=given.entity_id,
                series=given.series,
                year=given.year,
                running=given.running,
                position=given.position,
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
