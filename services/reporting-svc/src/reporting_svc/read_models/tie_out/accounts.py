"""Balances of the customers' accounts, added up of their movements beside the rows that aged sums are read from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.rows import ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere, answered_by_days

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.aged_balance.sources import Source

Balances = Counter[tuple[str, str]]
"""Balance by entity and currency, minor units."""


async def account_balances(view: View, scope: Scope, source: Source) -> Balances | None:
    """Return the balances of the accounts in scope; ``None`` where the aged sums are sums of the movements already."""
    args = Arguments()
    if answered_by_days(view, scope):
        where = ScopeWhere(view, scope, "m", args, packed=True).counted()
        moved = f"{view.schema}.day_sum m where {where.sql}"
    elif source == "movement":
        return None
    else:
        moved = f"({(await counted(args, view, scope, 'account')).accounts()}) m"
    rows = await view.conn.fetch(
        f"""select {ENTITY_ID.sql("m.entity")}, m.currency, sum(m.account_minor)::bigint
            from {moved} group by m.entity, m.currency""",
        *args,
    )
    return Counter({(entity, currency): minor for entity, currency, minor in rows})
