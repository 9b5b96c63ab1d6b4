"""Amounts billed and collected by period."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import asyncpg
import numpy as np

from encours.reading.where import Arguments
from reporting_svc.domain.columns import Ints
from reporting_svc.domain.measures.collection import ONE_DAY
from reporting_svc.read_models.entries.columns import (
    COLLECTED,
    COLLECTION,
    GROSS,
    GROSS_SALE,
    REVERSAL,
    REVERSED,
    SALE,
)
from reporting_svc.read_models.receivables.conversion import ReportConversion, moved_sql
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.groups import Debtor, GroupBy, grouping
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere, answered_by_days
from reporting_svc.read_models.receivables.sums import IS_DEBIT, IS_SALE
from reporting_svc.read_models.tie_out.query import OwnSum
from reporting_svc.read_models.turnover.kept import Entries, KeptSums, Period, Wanted, kept_sums, starts_of

if TYPE_CHECKING:
    from encours.reading.moment import View

TurnoverGroup = GroupBy | Debtor
CHANGES = "opening balance and the changes of the periods"


_SUMS = f"""
    coalesce(sum(m.account_minor) filter (where m.is_sale and m.is_debit), 0)::bigint as billed,
    coalesce(-sum(m.account_minor) filter (where m.is_sale and not m.is_debit), 0)::bigint as credited,
    sum(m.net_minor)::bigint as net,
    coalesce(sum(m.account_minor) filter (where m.kind in {GROSS}), 0)::bigint as gross,
    coalesce(-sum(m.account_minor) filter (
        where m.kind in {COLLECTED}), 0)::bigint as collected,
    coalesce(sum(m.account_minor) filter (where m.kind in {REVERSED}), 0)::bigint as reversed,
    sum(m.account_minor)::bigint as change,
    coalesce(sum(m.net_minor) filter (where m.is_debit), 0)::bigint as billed_net"""
_COLUMNS = ("billed", "credited", "net", "gross", "collected", "reversed", "change", "billed_net")


@dataclass(frozen=True, slots=True)
class Turnover:
    """Minor units of one period; ``net`` is billed less credited, without VAT, of the documents that state it.

    ``gross`` is billed less credited, VAT included, of those that were taken over with their total alone.
    ``change`` is what the period added to the customers' account, by whatever kind of movement. ``billed_net`` is the
    part of ``net`` that invoices have.
    """

    start: date
    billed: int
    credited: int
    net: int
    gross: int
    collected: int
    reversed: int
    change: int
    billed_net: int

    @property
    def other(self) -> int:
        """The part of the change that is neither turnover nor payments, such as a write-off; signed."""
        return self.change - self.billed + self.credited + self.collected - self.reversed


def added(first: date, periods: Sequence[Turnover]) -> Turnover:
    """Return the sum of periods as one that starts with ``first``."""
    return Turnover(first, *(sum(getattr(period, column) for period in periods) for column in _COLUMNS))


async def by_period(
    view: View, scope: Scope, period: Period, first: date, conversion: ReportConversion | None = None
) -> list[Turnover]:
    """Return periods with movements from ``first`` to the question's day, in order. Weeks are ISO 8601."""
    args = Arguments()
    start = f"date_trunc({args.add(period)}::text, m.effective_on)::date"
    rows = await view.conn.fetch(
        f"""select {start} as start, {_SUMS} from {await moved_sql(args, view, scope, conversion)}
            where m.effective_on >= {args.add(first)}::date group by 1 having sum(m.entries) <> 0 order by 1""",
        *args,
    )
    return [Turnover(*row) for row in rows]


async def by_group(
    view: View, scope: Scope, period: Period, first: date, by: TurnoverGroup
) -> dict[str | None, list[Turnover]]:
    """Return the periods of each group, as :func:`by_period` does of all; groups in the order of their turnover.

    Null: no group, as for money of payers not yet identified.
    """
    wanted = Wanted(
        columns=("kind", "account_minor", "net_minor"),
        which=lambda entries: entries["account_minor"] != 0,
        by=lambda entries: [starts_of(period, entries["day"])],
        amounts=_amounts,
    )
    kept = await kept_sums(view, scope, first, by, wanted)
    where = ScopeWhere(view, scope, "m", packed=True).counted()
    where.add("m.account_minor <> 0").add("m.effective_on >= {}::date", first)
    where.add("m.position > {}::bigint", kept.upto)
    start = f"date_trunc({where.arguments.add(period)}::text, m.effective_on)::date"
    group = grouping(where.arguments, view, scope, by, "p")
    names = ", ".join(_COLUMNS)
    rows = await view.conn.fetch(
        f"""
        select {group.value} as value, p.start, {", ".join(f"sum(p.{name})::bigint" for name in _COLUMNS)}
        from (
            select {ENTITY_ID.sql("m.entity")} as entity, {CUSTOMER_ID.sql("m.customer_id")} as customer_id,
                   m.start, {names}
            from (
                select m.entity, m.customer_id, {start} as start, {_SUMS}
                from (select m.*, {IS_SALE}, {IS_DEBIT} from {view.schema}.movement m where {where.sql}) m
                group by m.entity, m.customer_id, 3
            ) m
        ) p {group.join} group by 1, 2
        """,
        *where.arguments,
    )
    return await asyncio.to_thread(_groups, kept, rows, first)


def _amounts(entries: Entries) -> list[Ints]:
    """Return the amounts of each entry that :data:`_SUMS` adds up."""
    minor, net = entries["account_minor"], entries["net_minor"]
    is_sale, is_gross, is_collected, is_reversed = (
        entries["kind"] & bit != 0 for bit in (SALE, GROSS_SALE, COLLECTION, REVERSAL)
    )
    return [
        np.where(is_sale, np.maximum(minor, 0), 0),
        np.where(is_sale, np.maximum(-minor, 0), 0),
        net,
        np.where(is_gross, minor, 0),
        np.where(is_collected, -minor, 0),
        np.where(is_reversed, minor, 0),
        minor,
        np.where(minor > 0, net, 0),
    ]


def _groups(kept: KeptSums, rows: Sequence[asyncpg.Record], first: date) -> dict[str | None, list[Turnover]]:
    for value, start, *amounts in rows:
        kept.add(value, [start.toordinal()], amounts)
    found: dict[str | None, list[Turnover]] = {}
    for (value, (start,)), amounts in sorted(kept.sums.items(), key=lambda each: each[0][1]):
        found.setdefault(value, []).append(Turnover(date.fromordinal(start), *amounts))
    billed = {value: added(first, periods) for value, periods in found.items()}
    ordered = sorted(
        found, key=lambda each: (billed[each].credited - billed[each].billed, each is None, each or "")
    )
    return {value: found[value] for value in ordered}


def groups_sums(
    groups: Mapping[str | None, Sequence[Turnover]], periods: Sequence[Turnover], first: date
) -> list[OwnSum]:
    """Return each amount as all groups add up to it, beside that of the periods, which other rows are the source of
    where all that is known counts.
    """
    found = added(first, [each for of in groups.values() for each in of])
    whole = added(first, periods)
    return [
        OwnSum(f"groups ({column})", getattr(found, column), getattr(whole, column)) for column in _COLUMNS
    ]


async def opening(view: View, scope: Scope, first: date) -> int:
    """Return the balance of the accounts on the eve of ``first``, minor units, of the customers in scope on the
    question's day."""
    scope = replace(scope, portfolio_on=scope.portfolio_on or view.time.as_of)
    eve = replace(view, time=replace(view.time, as_of=first - ONE_DAY))
    args = Arguments()
    if answered_by_days(eve, scope):
        source = (
            f"{view.schema}.day_sum m where {ScopeWhere(eve, scope, 'm', args, packed=True).counted().sql}"
        )
    else:
        sums = await counted(args, eve, scope, "account")
        source = f"({sums.accounts()}) m"
    balance: int = await view.conn.fetchval(
        f"select coalesce(sum(m.account_minor), 0)::bigint from {source}", *args
    )
    return balance
