"""Cash targets of collectors: what came in, and what is expected by due dates, promises and payment plans.

Customers count for the collector whose portfolio they are in, not for a substitute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.alerts import CollectorTargetRow
from dunning_svc.read_models.cases.rows.receivables import DebtPlanRow
from dunning_svc.read_models.collectors.expected import (
    AmountLeft,
    OpenPromise,
    StandingPlan,
    Sums,
    expected_cash,
)
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


@dataclass(frozen=True, slots=True)
class MonthCash:
    """Cash of customers in a month: what was received, and what is expected until its end."""

    received: Sums
    expected: Sums


async def cash_standings(view: View, month: date, past: MonthCash | None = None) -> list[CashStanding]:
    """Return the standing of every collector with a target, or with cash, in a month as of the view's day.

    ``past``: cash at the dates of the view, if they are not those of now.
    """
    found: dict[tuple[str, str], CashStanding] = {}
    for (collector, currency), minor in (await _targets(view, month)).items():
        found[collector, currency] = CashStanding(collector, currency, minor)
    cash = past or await month_cash(view, month)
    team = await team_on(view, min(last_day_of(month), view.time.as_of))
    owned = await owners(view, team, {customer for customer, _ in (*cash.received, *cash.expected)})
    for sums, name in ((cash.received, "received_minor"), (cash.expected, "expected_minor")):
        for (customer_id, currency), minor in sums.items():
            owner = owned[customer_id]
            if owner is None:
                continue
            key = owner.holder, currency
            known = found.get(key) or CashStanding(*key)
            found[key] = replace(known, **{name: getattr(known, name) + minor})
    return [found[key] for key in sorted(found)]


async def month_cash(view: View, month: date) -> MonthCash:
    """Return the cash of a month as it is now.

    Received are the funds of allocated payments that were available within the month, up to the day. Expected until its
    end is what :func:`~dunning_svc.read_models.collectors.expected.expected_cash` counts.
    """
    last, day = last_day_of(month), view.time.as_of
    received = await _received(view, month, min(last, day))
    expected = await _expected(view, max(month, day), last) if day <= last else {}
    return MonthCash(received, expected)


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


async def _received(view: View, first: date, last: date) -> Sums:
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


async def _expected(view: View, first: date, last: date) -> Sums:
    promised, planned = await _promises(view), await _plans(view)
    named = {name for promise in promised for name in promise.invoice_ids}
    named |= {name for plan in planned for name in plan.invoice_ids}
    rows = await view.conn.fetch(
        f"""select invoice_id, customer_id, currency, due_on, open_minor, disputed_minor, in_hand_minor, planned_minor
              from {view.schema}.item
             where open_minor > 0 and (due_on between $1 and $2 or invoice_id = any($3))
               and ($4::text[] is null or entity_id = any($4))""",
        first,
        last,
        sorted(named),
        view.granted,
    )
    return expected_cash(promised, planned, [AmountLeft(*row) for row in rows], first, last)


async def _promises(view: View) -> list[OpenPromise]:
    rows = await view.conn.fetch(
        f"""select p.customer_id, p.currency, p.invoice_ids, p.promised_on, p.position, p.amount_minor - coalesce((
                   select sum(split_part(part, ' ', 4)::bigint) from {view.schema}.item i, unnest(i.settled_parts) part
                    where i.invoice_id = any(p.invoice_ids) and split_part(part, ' ', 1)::bigint >= p.position
                      and split_part(part, ' ', 3) <> '-'), 0)::bigint as missing_minor
              from {view.schema}.promise p
             where p.status = 'open' and ($1::text[] is null or p.entity_id = any($1))""",
        view.granted,
    )
    return [OpenPromise(*row) for row in rows]


async def _plans(view: View) -> list[StandingPlan]:
    rows = await select(
        view.conn,
        view.schema,
        DebtPlanRow,
        "where in_force and ($1::text[] is null or entity_id = any($1))",
        view.granted,
    )
    return [StandingPlan.of(row) for row in rows]
