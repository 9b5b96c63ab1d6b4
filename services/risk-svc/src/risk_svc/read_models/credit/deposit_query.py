"""Deposit invoices by the number of an order."""

from __future__ import annotations

from encours.projection.read_model import Conn


async def deposits_named(
    conn: Conn, schema: str, entity_id: str, order_number: str, position: int
) -> list[str]:
    """Return ids of an entity's deposit invoices issued up to a position whose reference is the number, in order.

    Another entity may have an order of that number.
    """
    rows = await conn.fetch(
        f"""select invoice_id from {schema}.invoice join {schema}.customer using (customer_id)
            where deposit_for = $1 and issued_position <= $2 and entity_id = $3 order by issued_position""",
        order_number,
        position,
        entity_id,
    )
    return [row["invoice_id"] for row in rows]
