"""Cash targets of collectors: what came in, and what is expected by due dates and promises.

Customers count for the collector whose portfolio they are in, not for a substitute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.alerts import CollectorTargetRow
from dunning_svc.read_models.collectors.query import owners, team_on
from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class CashStanding:
    """Amounts of a month in a currency, in minor units. ``target_minor`` is None without a target."""

    collector: str
    currency: str
    target_minor: int | None = None
    received_minor: int = 0
    expected_minor: int = 0


def last_day_of(month: date) -> date:
    """Return the last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


Sums = dict[tuple[str, str], int]
"""Amounts by customer and currency."""


@dataclass(frozen=True, slots=True)
class MonthCash:
    """Cash of customers in a month: what was received, and what is expected until its end."""

    received: Sums
    expected: Sums


async def cash_standings(view: View, month: date, past: MonthCash | None = None) -> list[CashStanding]:
    """Return the standing of every collector with a target, or with cash, in a month as of the view's day.

    Received are the funds of allocated payments that were available within the month, up to the day. Expected until the
    end of the month is what is still missing of open promises, and what comes due of undisputed invoices without one.
    ``past``: cash at the dates of the view, if they are not those of now.
    """
    first, last = month, last_day_of(month)
    day = view.time.as_of
    found: dict[tuple[str, str], CashStanding] = {}
    for (collector, currency), minor in (await _targets(view, month)).items():
        found[collector, currency] = CashStanding(collector, currency, minor)
    if past is not None:
        received, expected = past.received, past.expected
    else:
        received = await _received(view, first, min(last, day))
        expected = await _expected(view, max(first, day), last) if day <= last else {}
    team = await team_on(view, min(last, day))
    owned = await owners(view, team, {customer for customer, _ in (*received, *expected)})
    for sums, name in ((received, "received_minor"), (expected, "expected_minor")):
        for (customer_id, currency), minor in sums.items():
            owner = owned[customer_id]
            if owner is None:
                continue
            key = owner.holder, currency
            known = found.get(key) or CashStanding(*key)
            found[key] = replace(known, **{name: getattr(known, name) + minor})
    return [found[key] for key in sorted(found)]


async def _targets(view: View, month: date) -> Mapping[tuple[str, str], int]:
    rows = await select(
        view.conn,
        view.schema,
        CollectorTargetRow,
        "where month = $1 and position <= $2 and recorded_on <= $3 order by position",
        month,
        view.time.position,
        view.time.as_of,
    )
    return {(row.collector_code, row.currency): row.amount_minor for row in rows}


async def _received(view: View, first: date, last: date) -> dict[tuple[str, str], int]:
    rows = await view.conn.fetch(
        f"""select customer_id, currency, sum(split_part(entry, ' ', 2)::bigint)::bigint
              from {view.schema}.item, unnest(funds) entry
             where split_part(entry, ' ', 1)::date between $1 and $2
               and ($3::text[] is null or entity_id = any($3)) group by 1, 2""",
        first,
        last,
        view.granted,
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def _expected(view: View, first: date, last: date) -> dict[tuple[str, str], int]:
    rows = await view.conn.fetch(
        f"""select customer_id, currency, sum(minor)::bigint from (
              select p.customer_id, p.currency, p.entity_id,
                     greatest(least(p.amount_minor - about.paid_minor, about.open_minor), 0) as minor
                from {view.schema}.promise p, lateral (
                     select sum(greatest(i.open_minor, 0))::bigint as open_minor,
                            coalesce(sum((select sum(split_part(part, ' ', 4)::bigint) from unnest(i.settled_parts) part
                                           where split_part(part, ' ', 1)::bigint >= p.position
                                             and split_part(part, ' ', 3) <> '-')), 0)::bigint as paid_minor
                       from {view.schema}.item i where i.invoice_id = any(p.invoice_ids)) about
               where p.status = 'open' and p.promised_on between $1 and $2
              union all
              select i.customer_id, i.currency, i.entity_id,
                     greatest(i.open_minor - i.disputed_minor - i.in_hand_minor, 0) from {view.schema}.item i
               where i.open_minor > 0 and i.due_on between $1 and $2 and not exists (
                     select from {view.schema}.promise p where p.status = 'open' and i.invoice_id = any(p.invoice_ids))
            ) e where $3::text[] is null or entity_id = any($3) group by 1, 2""",
        first,
        last,
        view.granted,
    )
    return {(row[0], row[1]): row[2] for row in rows}
