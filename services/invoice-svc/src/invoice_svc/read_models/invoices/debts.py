"""The payer's unapplied cash, on which the settlement of its invoices depends too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from encours.contracts.settlement import Funds
from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View


async def unapplied_cash(view: View, customer_id: str, currency: str) -> list[Funds]:
    """The customer's unapplied cash at the dates of the view, by payment; that of all its records."""
    where = ViewWhere(view, entity=None).equal("currency", currency)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.add(f"position <= {where.position} and effective_on <= {where.as_of}")
    rows = await view.conn.fetch(
        f"""select sum(cash_minor)::bigint as cash_minor, max(available_on) as available_on from {view.schema}.cash
            where {where.sql} group by payment_id having sum(cash_minor) > 0""",
        *where.arguments,
    )
    return [Funds(row["available_on"], row["cash_minor"]) for row in rows]
