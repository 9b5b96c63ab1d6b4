"""Deposit invoices by the number of an order."""

from __future__ import annotations

from encours.projection.read_model import Conn

MOST_DEPOSITS = 100


async def deposits_named(conn: Conn, schema: str, order_number: str, position: int) -> list[str]:
    """Return ids of the deposit invoices issued up to a position whose reference is the number, in their order."""
    rows = await conn.fetch(
        f"""select invoice_id from {schema}.invoice where deposit_for = $1 and issued_position <= $2
            order by issued_position limit {MOST_DEPOSITS}""",
        order_number,
        position,
    )
    return [row["invoice_id"] for row in rows]
