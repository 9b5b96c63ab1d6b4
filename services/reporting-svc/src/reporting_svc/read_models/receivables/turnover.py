"""Amounts billed and collected by period, and the months that a countback goes through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from encours.reading.where import Arguments
from reporting_svc.domain.measures.dso import Month
from reporting_svc.read_models.scope import Moment, Scope

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

Period = Literal["day", "week", "month"]
_SALES = "(m.net_minor <> 0 or m.kind in ('issued', 'credited'))"
"""Movements that carry turnover, also of a kind that is not known here; an invoice may be of VAT alone."""


@dataclass(frozen=True, slots=True)
class Turnover:
    """Minor units of one period; ``net`` is billed less credited, without VAT.

    ``change`` is what the period added to the customers' account, by whatever kind of movement.
    """

    start: date
    billed: int
    credited: int
    net: int
    collected: int
    reversed: int
    change: int

    @property
    def other(self) -> int:
        """The part of the change that is neither turnover nor payments, such as a write-off; signed."""
        return self.change - self.billed + self.credited + self.collected - self.reversed


async def by_period(
    conn: Conn, schema: str, scope: Scope, moment: Moment, period: Period, first: date
) -> list[Turnover]:
    """Periods with movements from ``first`` to the moment's day, in order. Weeks begin on Monday (ISO 8601)."""
    args = Arguments()
    start = f"date_trunc({args.add(period)}::text, m.effective_on)::date"
    rows = await conn.fetch(
        f"""
        select {start} as start,
               coalesce(sum(m.account_minor) filter (where {_SALES} and m.account_minor > 0), 0)::bigint as billed,
               coalesce(-sum(m.account_minor) filter (where {_SALES} and m.account_minor < 0), 0)::bigint as credited,
               sum(m.net_minor)::bigint as net,
               coalesce(-sum(m.account_minor) filter (where m.kind in ('received', 'identified')), 0)::bigint
                   as collected,
               coalesce(sum(m.account_minor) filter (where m.kind = 'reversed'), 0)::bigint as reversed,
               sum(m.account_minor)::bigint as change
        from {schema}.movement m
        where m.account_minor <> 0 and m.effective_on >= {args.add(first)}::date
          and {moment.sql(args, "m")} and {scope.sql(args, "m", schema, packed=True)}
        group by 1 order by 1
        """,
        *args,
    )
    return [Turnover(*row) for row in rows]


async def opening(conn: Conn, schema: str, scope: Scope, moment: Moment, first: date) -> int:
    """The account's balance on the eve of ``first``, minor units."""
    args = Arguments()
    balance: int = await conn.fetchval(
        f"""
        select coalesce(sum(m.account_minor), 0)::bigint from {schema}.movement m
        where m.effective_on < {args.add(first)}::date and {moment.sql(args, "m")}
          and {scope.sql(args, "m", schema, packed=True)}
        """,
        *args,
    )
    return balance


async def billed_since(conn: Conn, schema: str, scope: Scope, moment: Moment, first: date) -> int:
    """Turnover VAT included, issued less credited, from ``first`` to the moment's day."""
    args = Arguments()
    billed: int = await conn.fetchval(
        f"""
        select coalesce(sum(m.account_minor), 0)::bigint from {schema}.movement m
        where {_SALES} and m.effective_on >= {args.add(first)}::date
          and {moment.sql(args, "m")} and {scope.sql(args, "m", schema, packed=True)}
        """,
        *args,
    )
    return billed


async def months_back(conn: Conn, schema: str, scope: Scope, moment: Moment) -> list[Month]:
    """Every calendar month from the moment's day back to the first with turnover; the latest up to that day."""
    args = Arguments()
    rows = await conn.fetch(
        f"""
        select date_trunc('month', m.effective_on)::date, sum(m.account_minor)::bigint
        from {schema}.movement m
        where {_SALES} and {moment.sql(args, "m")} and {scope.sql(args, "m", schema, packed=True)}
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
