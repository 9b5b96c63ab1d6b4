"""Customers whose orders are referred because their account is not open."""

from __future__ import annotations

UNOPENED = """
select c.customer_id from {s}.customer c
where c.customer_id = any($1) and (
    select refers from {s}.account_checklist l
    where l.entity_id = c.entity_id and l.position <= $2 and l.effective_on <= $3
    order by l.position desc limit 1
) and (
    c.from_position > (select min(position) from {s}.account_checklist l where l.entity_id = c.entity_id)
    or exists (select from {s}.account_state a
        where a.customer_id = c.customer_id and a.position <= $2 and a.effective_on <= $3)
) and not coalesce((
    select is_open from {s}.account_state a
    where a.customer_id = c.customer_id and a.position <= $2 and a.effective_on <= $3
    order by a.position desc limit 1
), false)
"""
"""Of some customers, at a position and a business date. Those registered before the first checklist have an account,
unless it was asked for all the same."""
