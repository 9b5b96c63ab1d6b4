"""The part of the lists that finds disputes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.dispute import DisputeOpened, DisputeResolved
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.disputes.rows import DisputeRow
from invoice_svc.read_models.known import known

_Read = DisputeOpened | DisputeResolved


class Disputes(Part):
    """Disputes by customer and invoice, open or resolved."""

    rows = (DisputeRow,)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, DisputeResolved):
            yield DisputeRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case DisputeOpened():
                dispute = DisputeRow(
                    dispute_id=e.stream,
                    entity_id=e.entity,
                    customer_id=event.customer_id,
                    invoice_id=event.invoice_id,
                    opened_on=e.effective_on,
                    from_position=e.position,
                )
            case DisputeResolved():
                dispute = known(DisputeRow, e, rows)
                dispute.resolved_on, dispute.resolved_position = e.effective_on, e.position
            case _:
                assert_never(event)
        rows.put(dispute)
