"""Amounts of past invoices."""

from __future__ import annotations

from collections.abc import Sequence

from encours.projection.read_model import Conn


async def net_amounts(conn: Conn, schema: str, invoices: Sequence[str]) -> dict[str, tuple[int | None, int]]:
    """Return net amount, where it is known, and total of invoices, in minor units."""
    rows = await conn.fetch(
        f"select invoice_id, net_minor, total_minor from {schema}.invoice where invoice_id = any($1)",
        list(invoices),
    )
    return {row["invoice_id"]: (row["net_minor"], row["total_minor"]) for row in rows}
