"""The part of the lists that finds disputes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.sales.dispute import (
    DisputeAssigned,
    DisputeDeadlineMissed,
    DisputeDeadlineNear,
    DisputeOpened,
    DisputePartResolved,
    DisputeRaised,
    DisputeResolved,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.domain.dispute.state import ended_parts
from invoice_svc.domain.dispute_rules.state import written
from invoice_svc.read_models.disputes.rows import DisputeAmountRow, DisputeRow, DisputeTermRow
from invoice_svc.read_models.known import known

_Read = (
    DisputeOpened
    | DisputeAssigned
    | DisputeRaised
    | DisputePartResolved
    | DisputeResolved
    | DisputeDeadlineNear
    | DisputeDeadlineMissed
)
_UNREAD = DisputeOpened | DisputeRaised | DisputePartResolved


class Disputes(Part):
    """Disputes by customer, invoice, owner, deadline and outcome."""

    rows = (DisputeRow, DisputeTermRow, DisputeAmountRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if not isinstance(e.data, _UNREAD):
            yield DisputeRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        if isinstance(event, DisputeOpened | DisputeAssigned):
            rows.put(
                DisputeTermRow(
                    dispute_id=e.stream,
                    position=e.position,
                    effective_on=e.effective_on,
                    owner=event.owner,
                    answer_by=event.answer_by,
                    alert_on=event.alert_on,
                )
            )
        match event:
            case DisputeOpened():
                _amounts(e, rows, ("claimed", event.amount_minor))
                rows.put(_opened(e, event))
            case DisputeRaised():
                _amounts(e, rows, ("claimed", event.amount_minor))
            case DisputePartResolved() | DisputeResolved():
                _amounts(e, rows, *((part.outcome, part.amount_minor) for part in ended_parts(event)))
                if isinstance(event, DisputeResolved):
                    dispute = known(DisputeRow, e, rows)
                    dispute.resolved_on, dispute.resolved_position = e.effective_on, e.position
                    rows.put(dispute)
            case DisputeAssigned():
                dispute = known(DisputeRow, e, rows)
                dispute.answer_by, dispute.alert_on = event.answer_by, event.alert_on
                rows.put(dispute)
            case DisputeDeadlineNear():
                dispute = known(DisputeRow, e, rows)
                dispute.near_for = event.answer_by
                rows.put(dispute)
            case DisputeDeadlineMissed():
                dispute = known(DisputeRow, e, rows)
                dispute.missed_for = event.answer_by
                rows.put(dispute)
            case _:
                assert_never(event)


def _opened(e: Recorded, event: DisputeOpened) -> DisputeRow:
    return DisputeRow(
        dispute_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        invoice_id=event.invoice_id,
        kind=event.kind,
        category=event.category,
        code=None if event.code is None else written(event.code),
        currency=event.currency,
        opened_on=e.effective_on,
        from_position=e.position,
        answer_by=event.answer_by,
        alert_on=event.alert_on,
    )


def _amounts(e: Recorded, rows: RowCache, *amounts: tuple[str, int]) -> None:
    for entry, (kind, amount) in enumerate(amounts):
        rows.put(DisputeAmountRow(e.stream, e.position, entry, e.effective_on, kind, amount))
