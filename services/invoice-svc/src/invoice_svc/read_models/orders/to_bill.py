"""The orders with deliveries that wait for an invoice, as of now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.ledger import Ledger
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb
from invoice_svc.read_models.orders.query import orders_to_bill

NAME = "invoices"


@dataclass(frozen=True, slots=True)
class DeliveredOrders:
    """Finds orders to bill (:class:`invoice_svc.use_cases.sales.orders.OrdersToBill`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(
        self, ledger: str, entity_id: str, customer_id: str, from_on: date, to_on: date
    ) -> list[str]:
        """Return ids of orders; the read model has to reach the ledger's head of this moment first.

        Raises :class:`PositionNotReached` if it does not within two seconds: an invoice without a part of the
        deliveries would be wrong.
        """
        head = await self.ledger.head(ledger)
        if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            raise PositionNotReached(NAME, head.position)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            return await orders_to_bill(
                conn, schema, entity_id=entity_id, customer_id=customer_id, from_on=from_on, to_on=to_on
            )
