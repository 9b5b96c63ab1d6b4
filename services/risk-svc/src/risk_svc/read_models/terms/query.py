"""Queries of terms from risk: customers for whom the rules may give terms, and customers to compare with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from encours.projection.read_model import Conn
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from risk_svc.domain.score.history import PayerHistory
from risk_svc.read_models.credit.payers import payer_histories

_CANDIDATES = """
select customer_id from {s}.customer c
where entity_id = $1 and customer_id > $2 and (
    (select grade from {s}.grade g where g.customer_id = c.customer_id order by position desc limit 1) = any($4)
    or exists (
        select from {s}.risk_terms t
        where t.customer_id = c.customer_id and t.by_rule and t.answered_on is null and t.withdrawn_position is null)
)
order by customer_id limit $3
"""
_PEERS = """
select c.customer_id from {s}.customer c
where c.entity_id = $1 and c.customer_id <> all($2) and (
    select grade from {s}.grade g
    where g.customer_id = c.customer_id and g.position <= $3 and g.effective_on <= $4
    order by position desc limit 1
) = $5 and not exists (
    select from {s}.risk_terms t
    where t.customer_id = c.customer_id and t.accepted and t.answered_position <= $3 and t.answered_on <= $6
)
order by c.customer_id limit $7
"""


async def candidates(
    conn: Conn, schema: str, entity_id: str, grades: Collection[str], *, after: str, limit: int
) -> list[str]:
    """Return customers of an entity with one of some grades, or with an open proposal by rule, by their ids."""
    rows = await conn.fetch(_CANDIDATES.format(s=schema), entity_id, after, limit, sorted(grades))
    return [row["customer_id"] for row in rows]


async def peers_of(
    view: View, records: Sequence[str], entity_id: str, grade: str, *, answered_on: date, limit: int
) -> list[PayerHistory]:
    """Return the histories of other customers of an entity that had a grade on a day and have accepted no terms."""
    merged, time = await survivors_at(view), view.time
    rows = await view.conn.fetch(
        _PEERS.format(s=view.schema), entity_id, [*records, *merged.merged], time.position, answered_on, grade,
        time.as_of, limit,
    )  # fmt: skip
    debtors = [row["customer_id"] for row in rows]
    found = await payer_histories(
        view.conn, view.schema, debtors, merged, as_of=time.as_of, position=time.position
    )
    return list(found.values())
