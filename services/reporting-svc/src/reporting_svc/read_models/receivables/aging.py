"""Aging: open amounts that pass the edge of a band on a day move to the next band, all in one statement.

Between two days an item crosses an edge if its days past due were at most the edge and are now beyond it. An item
that crosses several edges (after an outage, or in a rebuild, which ages balances once for all days) moves once for
each, so that one step gives the same bands as one step per day.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from encours.kernel.bands import STANDARD
from reporting_svc.read_models.receivables.parts import open_instalments
from reporting_svc.read_models.receivables.rows import AGING_DAY_ID, NO_DAY_YET
from reporting_svc.read_models.receivables.sums import share_sql

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

_LAST = len(STANDARD.thresholds)
_CROSSED = ", ".join(
    f"coalesce(sum(p.open_minor) filter (where p.n = {n}), 0)::bigint as over_{n}" for n in range(_LAST)
)
_LATE_CONCEDED = "coalesce(sum(p.conceded_minor) filter (where p.n = 0), 0)::bigint as late_conceded"
_CONCEDED = share_sql("i.open_minor", "i.conceded_minor")
_MOVED = ", ".join(
    f"band_{n}_minor = b.band_{n}_minor"
    + (f" + moved.over_{n - 1}" if n else "")
    + (f" - moved.over_{n}" if n < _LAST else "")
    for n in range(_LAST + 1)
)


async def age_balances(conn: Conn, schema: str, day: date) -> None:
    """Bring every band to ``day``; nothing happens if they stand there or beyond already."""
    reached = (
        await conn.fetchval(f"select day from {schema}.aging_day where id = $1", AGING_DAY_ID) or NO_DAY_YET
    )
    if reached >= day:
        return
    # A threshold joins the items by a range of due dates, so that the partial index on open items serves it.
    await conn.execute(
        f"""
        with edge as (
            select place - 1 as n, $2::date - days as first_day, $3::date - days as day_after
            from unnest($1::int[]) with ordinality as t(days, place)
        ), crossed as (
            select edge.n, i.entity, i.customer_id, i.currency, i.open_minor, {_CONCEDED} as conceded_minor
            from edge join {schema}.item i on i.open_minor <> 0 and i.schedule is null
                and i.due_on >= edge.first_day and i.due_on < edge.day_after
            union all
            select edge.n, i.entity, i.customer_id, i.currency, i.open_minor, i.conceded_minor
            from edge join ({open_instalments(schema)}) i on i.due_on >= edge.first_day and i.due_on < edge.day_after
        ), moved as (
            select p.entity, p.customer_id, p.currency, {_CROSSED}, {_LATE_CONCEDED}
            from crossed p group by p.entity, p.customer_id, p.currency
        )
        update {schema}.balance b
        set {_MOVED}, late_conceded_minor = b.late_conceded_minor + moved.late_conceded
        from moved
        where (b.entity, b.customer_id, b.currency) = (moved.entity, moved.customer_id, moved.currency)
        """,
        list(STANDARD.thresholds),
        reached,
        day,
    )
    await conn.execute(
        f"insert into {schema}.aging_day (id, day) values ($1, $2) on conflict (id) do update set day = excluded.day",
        AGING_DAY_ID,
        day,
    )
