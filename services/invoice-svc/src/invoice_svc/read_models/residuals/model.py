"""The part of the lists that finds residuals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.money.residual import (
    InvoiceResidualClosed,
    InvoiceResidualReopened,
    PaymentResidualClosed,
    PaymentResidualReopened,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.residuals.rows import ResidualReopeningRow, ResidualRow

_Read = InvoiceResidualClosed | InvoiceResidualReopened | PaymentResidualClosed | PaymentResidualReopened


class Residuals(Part):
    """Residuals by entity, customer, reason and tolerance, closed or reopened."""

    rows = (ResidualRow, ResidualReopeningRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """No row is read: a residual does not change, and its end is a row of its own."""
        return ()

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case InvoiceResidualClosed() | PaymentResidualClosed():
                rows.put(
                    ResidualRow(
                        residual_id=event.residual_id,
                        entity_id=e.entity,
                        customer_id=event.customer_id,
                        invoice_id=event.invoice_id if isinstance(event, InvoiceResidualClosed) else None,
                        payment_id=event.payment_id,
                        currency=event.currency,
                        amount_minor=event.amount_minor,
                        reason=event.reason,
                        policy_code=event.policy_code,
                        policy_version=event.policy_version,
                        cap_minor=event.cap_minor,
                        account=event.account,
                        closed_on=e.effective_on,
                        from_position=e.position,
                    )
                )
            case InvoiceResidualReopened() | PaymentResidualReopened():
                rows.put(
                    ResidualReopeningRow(
                        residual_id=event.residual_id, position=e.position, effective_on=e.effective_on
                    )
                )
            case _:
                assert_never(event)
