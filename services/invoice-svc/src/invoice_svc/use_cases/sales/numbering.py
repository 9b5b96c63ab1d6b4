"""Requests for legal numbers, which the append assigns."""

from __future__ import annotations

from datetime import date

from encours.ledger.model import NumberStep
from invoice_svc.domain.entity.closing import require_open
from invoice_svc.domain.entity.decide import series_for
from invoice_svc.domain.entity.state import Document, Entity


def number_step(
    entity: Entity, code: str | None, document: Document, issued_on: date, today: date
) -> NumberStep | None:
    """Return the request for the next number of a series in the year of issue; the append assigns the number.

    ``None`` for a document that was taken over with its number. Raises ``period-closed``.
    """
    if code is None:
        return None
    require_open(entity, issued_on, today)
    series = series_for(entity, code, document)
    prefix = series.prefix_of(issued_on.year)
    first = entity.first_number(code, issued_on.year)
    return NumberStep(entity.entity_id, code, issued_on.year, prefix, series.width, first)
