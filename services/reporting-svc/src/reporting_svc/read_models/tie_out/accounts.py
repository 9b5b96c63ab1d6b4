"""Balances of the customers' accounts, added up of their movements beside the rows that aged sums are read from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reporting_svc.read_models.receivables.rows import ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere, answered_by_days

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.aged_balance.sources import Source

Balances = Counter[tuple[str, str]]
"""Balance by entity and currency, minor units."""


async def account_balances(view: View, scope: Scope, source: Source) -> Balances | None:
    """Return the balances of the accounts of all customers, or of one; ``None`` where the aged sums are sums of the
    movements already, and for a part of the customers, all of whose movements would be read.
    """
    if answered_by_days(view, scope):
        table = "day_sum"
    elif source != "movement" and scope.customer_id is not None:
        table = "movement"
    else:
        return None
    where = ScopeWhere(view, scope, "m", packed=True).counted()
    rows = await view.conn.fetch(
        f"""select {ENTITY_ID.sql("m.entity")}, m.currency, sum(m.account_minor)::bigint
            from {view.schema}.{table} m where {where.sql} group by m.entity, m.currency""",
        *where.arguments,
    )
    return Counter({(entity, currency): minor for entity, currency, minor in rows})
