"""Query for the accounts of customers at the dates of a question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from encours.contracts.parties import Survivors
from encours.projection.read_model import Conn
from risk_svc.read_models.credit.accounts import CustomerAccount, Sums, accounts_of

ITEMS = """
select i.customer_id, i.invoice_id, i.number, i.currency, i.issued_on, i.due_on, i.net_minor, i.total_minor,
       i.is_penalty,
       sum(m.open_minor)::bigint as open_minor, sum(m.owed_minor)::bigint as owed_minor,
       sum(m.disputed_minor)::bigint as disputed_minor, sum(m.conceded_minor)::bigint as conceded_minor,
       sum(m.planned_minor)::bigint as planned_minor,
       max(m.effective_on) filter (where m.open_minor <> 0) as moved_on
from {s}.movement m join {s}.invoice i on i.invoice_id = m.invoice_id
where m.customer_id = any($1) and m.position <= $2 and m.effective_on <= $3
  and (m.open_minor <> 0 or m.owed_minor <> 0 or m.disputed_minor <> 0 or m.planned_minor <> 0)
  and i.issued_position <= $2
group by i.customer_id, i.invoice_id
order by i.due_on, i.invoice_id
"""
SCHEDULES = """
select s.invoice_id, s.position, s.effective_on, s.due_on, s.amount_minor
from {s}.instalment s join {s}.invoice i on i.invoice_id = s.invoice_id
where i.customer_id = any($1) and s.position <= $2 and s.effective_on <= $3
order by s.position, s.due_on
"""
FUNDS = """
select customer_id, currency, coalesce(invoice_id, '') as invoice_id, payment_id,
       -sum(open_minor)::bigint as applied_minor, sum(unapplied_minor)::bigint as unapplied_minor,
       max(available_on) as available_on
from {s}.movement
where customer_id = any($1) and position <= $2 and effective_on <= $3 and payment_id is not null
group by customer_id, currency, coalesce(invoice_id, ''), payment_id
"""


async def customer_accounts(
    conn: Conn, schema: str, records: Sequence[str], merged: Survivors, *, as_of: date, position: int
) -> dict[str, dict[str, CustomerAccount]]:
    """Return the accounts of debtors by currency; ``records`` are all records of theirs."""
    asked = (list(records), position, as_of)
    items = cast("list[Sums]", await conn.fetch(ITEMS.format(s=schema), *asked))
    funds = cast("list[Sums]", await conn.fetch(FUNDS.format(s=schema), *asked))
    schedules = cast("list[Sums]", await conn.fetch(SCHEDULES.format(s=schema), *asked))
    return accounts_of(items, funds, schedules, merged)
