"""What was billed and collected, by period, and the months that a countback goes through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from reporting_svc.measures.dso import Month
from reporting_svc.read_models.scope import Args, Moment, Scope

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

Period = Literal["day", "week", "month"]
BILLED = ("issued", "credited")


@dataclass(frozen=True, slots=True)
class Turnover:
    """Minor units of one period, each as a positive figure; ``net`` is billed less credited, without VAT."""

    start: date
    billed: int
    credited: int
    net: int
    collected: int
    reversed: int

    @property
    def change(self) -> int:
        """What the period added to the customers' account."""
        return self.billed - self.credited - self.collected + self.reversed


async def by_period(
    conn: Conn, schema: str, scope: Scope, moment: Moment, period: Period, first: date
) -> list[Turnover]:
    """Periods with movements from ``first`` to the moment's day, in order. Weeks begin on Monday (ISO 8601)."""
    args = Args()
    start = f"date_trunc({args.add(period)}::text, a.effective_on)::date"
    rows = await conn.fetch(
        f"""
        select {start} as start,
               coalesce(sum(a.amount_minor) filter (where a.kind = 'issued'), 0)::bigint as billed,
               coalesce(-sum(a.amount_minor) filter (where a.kind = 'credited'), 0)::bigint as credited,
               sum(a.net_minor)::bigint as net,
               coalesce(-sum(a.amount_minor) filter (where a.kind in ('received', 'identified')), 0)::bigint
                   as collected,
               coalesce(sum(a.amount_minor) filter (where a.kind = 'reversed'), 0)::bigint as reversed
        from {schema}.account_movement a
        where a.effective_on >= {args.add(first)}::date and {moment.sql(args, "a")} and {scope.sql(args, "a", schema)}
        group by 1 order by 1
        """,
        *args,
    )
    return [Turnover(*row) for row in rows]


async def opening(conn: Conn, schema: str, scope: Scope, moment: Moment, first: date) -> int:
    """The account's balance on the eve of ``first``, minor units."""
    args = Args()
    balance: int = await conn.fetchval(
        f"""
        select coalesce(sum(a.amount_minor), 0)::bigint from {schema}.account_movement a
        where a.effective_on < {args.add(first)}::date and {moment.sql(args, "a")} and {scope.sql(args, "a", schema)}
        """,
        *args,
    )
    return balance


async def billed_since(conn: Conn, schema: str, scope: Scope, moment: Moment, first: date) -> int:
    """Turnover VAT included, issued less credited, from ``first`` to the moment's day."""
    args = Args()
    billed: int = await conn.fetchval(
        f"""
        select coalesce(sum(a.amount_minor), 0)::bigint from {schema}.account_movement a
        where a.kind = any({args.add(list(BILLED))}::text[]) and a.effective_on >= {args.add(first)}::date
          and {moment.sql(args, "a")} and {scope.sql(args, "a", schema)}
        """,
        *args,
    )
    return billed


async def months_back(conn: Conn, schema: str, scope: Scope, moment: Moment) -> list[Month]:
    """Every calendar month from the moment's day back to the first with turnover; the latest up to that day."""
    args = Args()
    rows = await conn.fetch(
        f"""
        select date_trunc('month', a.effective_on)::date, sum(a.amount_minor)::bigint
        from {schema}.account_movement a
        where a.kind = any({args.add(list(BILLED))}::text[]) and {moment.sql(args, "a")}
          and {scope.sql(args, "a", schema)}
        group by 1
        """,
        *args,
    )
    turnover = {row[0]: row[1] for row in rows}
    if not turnover:
        return []
    months, last, first = [], moment.as_of, min(turnover)
    while last >= first:
        start = last.replace(day=1)
        months.append(Month(turnover.get(start, 0), last.day))
        last = start - timedelta(days=1)
    return months
