"""The part of the lists that finds payments."""

from __future__ import annotations

from collections.abc import Iterable

from encours.contracts import Recorded
from encours.contracts.books import movements, moving
from encours.contracts.events.money.payment import (
    CreditNoteIssued,
    PaymentIdentified,
    PaymentReassigned,
    PaymentReceived,
    PaymentReversed,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.known import known
from invoice_svc.read_models.payments.rows import (
    CashRow,
    PaymentReassignedRow,
    PaymentReversalRow,
    PaymentRow,
)


class Payments(Part):
    """Payments, and credit notes without an invoice, by entity, payer and date; their unapplied cash on any day."""

    rows = (PaymentRow, CashRow, PaymentReversalRow, PaymentReassignedRow)
    applies = moving("cash")

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, PaymentIdentified):
            yield PaymentRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        match e.data:
            case PaymentReceived() | CreditNoteIssued() as event:
                rows.put(
                    PaymentRow(
                        payment_id=e.stream,
                        entity_id=e.entity,
                        customer_id=event.customer_id,
                        received_on=e.effective_on,
                        from_position=e.position,
                    )
                )
            case PaymentIdentified() as event:
                payment = known(PaymentRow, e, rows)
                payment.customer_id, payment.identified_position = event.customer_id, e.position
                rows.put(payment)
            case PaymentReassigned() as event:
                rows.put(
                    PaymentReassignedRow(
                        payment_id=e.stream, position=e.position, customer_id=event.customer_id
                    )
                )
            case PaymentReversed() as event:
                rows.put(
                    PaymentReversalRow(
                        payment_id=e.stream,
                        position=e.position,
                        effective_on=e.effective_on,
                        kind=event.kind,
                        return_code=event.return_code,
                        consequence=event.consequence,
                    )
                )
        for entry, moved in enumerate(movements(e)):
            if moved.cash_minor:
                rows.put(
                    CashRow(
                        position=e.position,
                        entry=entry,
                        payment_id=moved.payment_id or "",
                        customer_id=moved.customer_id,
                        currency=moved.currency,
                        effective_on=moved.effective_on,
                        cash_minor=moved.cash_minor,
                        available_on=moved.available_on,
                    )
                )
