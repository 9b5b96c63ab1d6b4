"""The part of the lists that finds remittance advices."""

from __future__ import annotations

from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.money.remittance import (
    AdviceJoined,
    AdviceReceived,
    AdviceSeparated,
    AdviceWithdrawn,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from invoice_svc.domain.remittance.state import AdviceStatus
from invoice_svc.read_models.advices.rows import AdviceRow, AdviceStatusRow

_Read = AdviceReceived | AdviceJoined | AdviceSeparated | AdviceWithdrawn


class AdviceLists(Part):
    """Remittance advices by entity, customer, reference, amount and status."""

    rows = (AdviceRow, AdviceStatusRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case AdviceReceived():
                rows.put(
                    AdviceRow(
                        advice_id=e.stream,
                        position=e.position,
                        entity_id=e.entity,
                        customer_id=event.customer_id,
                        reference=event.reference,
                        currency=event.currency,
                        total_minor=event.total_minor,
                        announced_on=e.effective_on,
                        expires_on=event.expires_on,
                    )
                )
                _put_status(e, rows, "announced")
            case AdviceJoined():
                _put_status(e, rows, "settled_in_part" if event.differences else "joined", event.payment_id)
            case AdviceSeparated():
                _put_status(e, rows, "announced")
            case AdviceWithdrawn():
                _put_status(e, rows, "withdrawn")
            case _:
                assert_never(event)


def _put_status(e: Recorded, rows: RowCache, status: AdviceStatus, payment_id: str | None = None) -> None:
    rows.put(
        AdviceStatusRow(
            advice_id=e.stream,
            position=e.position,
            effective_on=e.effective_on,
            status=status,
            payment_id=payment_id,
        )
    )
