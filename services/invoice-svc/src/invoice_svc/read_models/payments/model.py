"""The part of the lists that finds payments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.payment import PaymentIdentified, PaymentReceived
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.known import known
from invoice_svc.read_models.payments.rows import PaymentRow

_Read = PaymentReceived | PaymentIdentified


class Payments(Part):
    """Payments by entity, payer and date of receipt."""

    rows = (PaymentRow,)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, PaymentIdentified):
            yield PaymentRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case PaymentReceived():
                payment = PaymentRow(
                    payment_id=e.stream,
                    entity_id=e.entity,
                    customer_id=event.customer_id,
                    received_on=event.received_on,
                    from_position=e.position,
                )
            case PaymentIdentified():
                payment = known(PaymentRow, e, rows)
                payment.customer_id, payment.identified_position = event.customer_id, e.position
            case _:
                assert_never(event)
        rows.put(payment)
