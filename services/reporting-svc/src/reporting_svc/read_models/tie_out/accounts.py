"""Balances of the customers' accounts, added up of their movements beside the rows that aged sums are read from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.conversion import moved_sql
from reporting_svc.read_models.receivables.rows import ENTITY_ID
from reporting_svc.read_models.receivables.subtotals import chain_for

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.aged_balance.sources import Source
    from reporting_svc.read_models.receivables.scope import Scope

Balances = Counter[tuple[str, str]]
"""Balance by entity and currency, minor units."""


async def account_balances(view: View, scope: Scope, source: Source) -> Balances | None:
    """Return the balances of the accounts of all customers, or of one; ``None`` where the aged sums are sums of the
    movements already, and for a part of the customers, all of whose movements would be read.
    """
    if scope == scope.everyone():
        added_apart = view.time.is_now or bool((await chain_for(view, scope, "day")).added)
    else:
        added_apart = source != "movement" and scope.customer_id is not None
    if not added_apart:
        return None
    args = Arguments()
    rows = await view.conn.fetch(
        f"""select {ENTITY_ID.sql("m.entity")}, m.currency, sum(m.account_minor)::bigint
            from {await moved_sql(args, view, scope)} group by m.entity, m.currency""",
        *args,
    )
    return Counter({(entity, currency): minor for entity, currency, minor in rows})
