"""Rows of ``credit`` for early warnings."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.base import encode
from encours.contracts.events.credit_warning import (
    CreditWarningAcknowledged,
    CreditWarningEnded,
    CreditWarningRaised,
)
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row

CreditWarningEvent = CreditWarningRaised | CreditWarningAcknowledged | CreditWarningEnded


class CreditWarningRow(Row, kw_only=True):
    """An episode; each step counts from its day and is known from its position. ``content``: the first event."""

    TABLE: ClassVar[str] = "credit_warning"
    KEY: ClassVar[tuple[str, ...]] = ("credit_warning_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, kind)",)
    credit_warning_id: str
    customer_id: str
    entity_id: str
    kind: str
    episode: int
    content: str
    raised_on: date
    raised_position: int
    acknowledged_on: date | None = None
    acknowledged_position: int | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    ended_on: date | None = None
    ended_position: int | None = None


def apply_warning(e: Recorded, data: CreditWarningEvent, rows: RowCache) -> None:
    """Put an episode, or a step of it."""
    if isinstance(data, CreditWarningRaised):
        rows.put(
            CreditWarningRow(
                credit_warning_id=data.credit_warning_id,
                customer_id=data.customer_id,
                entity_id=e.entity,
                kind=data.kind,
                episode=data.episode,
                content=encode(data).decode(),
                raised_on=e.effective_on,
                raised_position=e.position,
            )
        )
        return
    row = rows.get(CreditWarningRow, data.credit_warning_id)
    if row is None:
        raise LookupError(f"warning {data.credit_warning_id} was never raised")
    if isinstance(data, CreditWarningAcknowledged):
        row.acknowledged_on, row.acknowledged_position = e.effective_on, e.position
        row.acknowledged_by, row.note = e.actor, data.text
    else:
        row.ended_on, row.ended_position = e.effective_on, e.position
    rows.put(row)
