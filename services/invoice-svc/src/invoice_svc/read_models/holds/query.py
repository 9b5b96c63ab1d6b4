"""Obstacles to a delivery, as of now: holds on customers, deposits that are not paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encours.ledger import Ledger
from encours.projection.read_model import Conn
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
        await _reach_head(self.db, self.ledger, ledger)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            rows = await conn.fetch(
                f"""select credit_hold_id from {schema}.customer_hold
                    where customer_id = any($1) and not released order by credit_hold_id""",
                customers,
            )
        return [row["credit_hold_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class NamedDeposits:
    """Finds deposit invoices by an order's number (:class:`invoice_svc.use_cases.sales.clearance.DepositsFor`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(self, ledger: str, entity_id: str, order_number: str) -> list[str]:
        """Return ids of an entity's deposit invoices with the reference, once the read model has reached the head.

        Raises :class:`PositionNotReached` if it does not within two seconds.
        """
        await _reach_head(self.db, self.ledger, ledger)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            return await deposits_named(conn, schema, entity_id, order_number)


async def deposits_named(conn: Conn, schema: str, entity_id: str, order_number: str) -> list[str]:
    """Return ids of an entity's issued deposit invoices whose reference is a number. All: each may pay a part."""
    rows = await conn.fetch(
        f"""select invoice_id from {schema}.invoice
            where reference_key = $1 and purpose = 'deposit' and issued_position is not null and entity_id = $2
            order by invoice_id""",
        order_number.lower(),
        entity_id,
    )
    return [row["invoice_id"] for row in rows]


async def _reach_head(db: ReadDb, source: Ledger, ledger: str) -> None:
    head = await source.head(ledger)
    if not await db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
        raise PositionNotReached(NAME, head.position)
