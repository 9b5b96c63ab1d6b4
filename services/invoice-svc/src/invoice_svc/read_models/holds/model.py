"""The part of the lists that finds the holds on a customer's orders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.known import known


class CustomerHoldRow(Row, kw_only=True):
    """A hold on the orders of a customer; the stream says until when."""

    TABLE: ClassVar[str] = "customer_hold"
    KEY: ClassVar[tuple[str, ...]] = ("credit_hold_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id) where not released",)
    credit_hold_id: str
    customer_id: str
    released: bool


class CustomerHolds(Part):
    """Holds by customer."""

    rows = (CustomerHoldRow,)
    applies = frozenset({CreditHoldPlaced.TYPE, CreditHoldReleased.TYPE})

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if isinstance(e.data, CreditHoldReleased):
            yield CustomerHoldRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        if isinstance(e.data, CreditHoldPlaced):
            rows.put(CustomerHoldRow(credit_hold_id=e.stream, customer_id=e.data.customer_id, released=False))
            return
        row = known(CustomerHoldRow, e, rows)
        row.released = True
        rows.put(row)
