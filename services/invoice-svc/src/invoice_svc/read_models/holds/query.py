"""The holds on customers, as of now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encours.ledger import Ledger
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb

NAME = "invoices"


@dataclass(frozen=True, slots=True)
class UnreleasedHolds:
    """Finds the holds on customers (:class:`invoice_svc.use_cases.sales.clearance.HoldsOn`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(self, ledger: str, customers: Sequence[str]) -> list[str]:
        """Return ids of holds that nobody has released; the read model has to reach the ledger's head first.

        Raises :class:`PositionNotReached` if it does not within two seconds: goods would leave in spite of a hold.
        """
        head = await self.ledger.head(ledger)
        if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            raise PositionNotReached(NAME, head.position)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            rows = await conn.fetch(
                f"""select credit_hold_id from {schema}.customer_hold
                    where customer_id = any($1) and not released order by credit_hold_id""",
                customers,
            )
        return [row["credit_hold_id"] for row in rows]
