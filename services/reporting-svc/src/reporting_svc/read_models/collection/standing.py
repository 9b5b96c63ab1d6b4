"""Receivables of groups of customers at the ends of several days, as known at one moment.

What stood at the end of the first day is summed as an aged balance is. For each later day the entries since then are
added to it, so that a year by month reads its movements once. What cannot be summed is corrected for each day by the
invoices *apart*: instalments have due dates of their own, conceded parts are not overdue, and penalty documents are
no receivables here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import ONE_DAY, Receivable
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.groups import GroupBy, grouping
from reporting_svc.read_models.receivables.parts import parts_then
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.turnover.kept import Wanted, kept_sums

if TYPE_CHECKING:
    from encours.reading.moment import View

Group = str | None


@dataclass(slots=True)
class _Standing:
    """Sums of a group at the end of a day, minor units: ``open_minor`` has penalty documents and ``late_minor`` goes by
    the due dates of invoices until they are corrected.
    """

    open_minor: int = 0
    late_minor: int = 0
    unapplied_minor: int = 0
    conceded_minor: int = 0
    """Conceded parts of what is past due."""

    def receivable(self) -> Receivable:
        """Return the receivables."""
        return Receivable(
            open_minor=self.open_minor,
            not_due_minor=self.open_minor - self.late_minor,
            overdue_minor=self.late_minor - self.conceded_minor,
            unapplied_minor=self.unapplied_minor,
        )


Standings = list[dict[Group, _Standing]]


async def standings(
    view: View, scope: Scope, days: Sequence[date], by: GroupBy | None
) -> list[dict[Group, Receivable]]:
    """Return the receivables of each group at the ends of days, which are in order, by what is known at the moment of
    the question.
    """
    found: Standings = [{} for _ in days]
    await _add_first(found, view, scope, days, by)
    await _add_entries(found, view, scope, days, by)
    for each, day in zip(found, days, strict=True):
        await _correct(each, _on(view, day), scope, by)
    return [
        {group: stood for group, own in each.items() if (stood := own.receivable()) != Receivable()}
        for each in found
    ]


async def receivables(view: View, scope: Scope, day: date, by: GroupBy | None) -> dict[Group, Receivable]:
    """Return the receivables of each group at the end of a day, as those at the end of the month before it changed."""
    return (await standings(view, scope, [day.replace(day=1) - ONE_DAY, day], by))[-1]


def _on(view: View, day: date) -> View:
    return replace(view, time=replace(view.time, as_of=day))


async def _add_first(
    found: Standings, view: View, scope: Scope, days: Sequence[date], by: GroupBy | None
) -> None:
    """Add what stood at the end of the first day, by what of it is late on each day."""
    args, first = Arguments(), _on(view, days[0])
    ends = [args.add(day - ONE_DAY) for day in days]
    late = [f"past_{n}" for n in range(1, len(days) + 1)]
    sums = (await counted(args, first, scope, "account")).accounts_by_day("due_on", ends)
    group = grouping(args, view, scope, by, "p")
    rows = await view.conn.fetch(
        f"""
        select {group.value} as value, {", ".join(f"sum(p.{each})::bigint" for each in ("past_0", "cash", *late))}
        from (
            select {ENTITY_ID.sql("m.entity")} as entity, {CUSTOMER_ID.sql("m.customer_id")} as customer_id,
                   m.past_0, m.cash, {", ".join(f"m.{each}" for each in late)}
            from (
                select m.entity, m.customer_id, coalesce(sum(m.cash_minor), 0) as cash,
                       {", ".join(f"coalesce(sum(m.{each}), 0) as {each}" for each in ("past_0", *late))}
                from ({sums}) m group by m.entity, m.customer_id
            ) m
        ) p {group.join} group by 1
        """,
        *args,
    )
    for value, open_minor, cash, *lates in rows:
        for each, late_minor in zip(found, lates, strict=True):
            each[value] = _Standing(open_minor, late_minor, cash)


async def _add_entries(
    found: Standings, view: View, scope: Scope, days: Sequence[date], by: GroupBy | None
) -> None:
    """Add the entries after the first day to each day from theirs on."""
    if len(days) == 1:
        return
    ordinals = np.array([day.toordinal() for day in days])
    since = _on(view, days[-1])
    wanted = Wanted(
        columns=("due_on", "item_minor", "cash_minor"),
        which=lambda entries: (entries["item_minor"] != 0) | (entries["cash_minor"] != 0),
        by=lambda entries: [
            np.searchsorted(ordinals, entries["day"]),
            np.searchsorted(ordinals, entries["due_on"], side="right"),
        ],
        # An invoice that was never issued has no due date, and is in no band.
        amounts=lambda entries: [
            np.where(entries["due_on"] > 0, entries["item_minor"], 0),
            entries["cash_minor"],
        ],
    )
    kept = await kept_sums(since, scope, days[0] + ONE_DAY, by, wanted)
    for value, *key, item_minor, cash in await _later(since, scope, days, by, kept.upto):
        kept.add(value, key, [item_minor, cash])
    for (value, (counts_from, late_from)), (item_minor, cash) in kept.sums.items():
        for n in range(counts_from, len(days)):
            own = found[n].setdefault(value, _Standing())
            own.open_minor += item_minor
            own.unapplied_minor += cash
            if n >= late_from:
                own.late_minor += item_minor


async def _later(
    view: View, scope: Scope, days: Sequence[date], by: GroupBy | None, upto: int
) -> Sequence[tuple[Group, int, int, int, int]]:
    """Return the sums of movements after a position by group, by the day from which on they count, and by that from
    which on what they change is late.
    """
    where = ScopeWhere(view, scope, "m", packed=True).counted()
    where.add("m.effective_on > {}::date", days[0]).add("m.position > {}::bigint", upto)
    where.add("(m.item_minor <> 0 or m.cash_minor <> 0)")
    args = where.arguments
    ends, group = f"{args.add(list(days))}::date[]", grouping(args, view, scope, by, "p")
    rows = await view.conn.fetch(
        f"""
        select {group.value} as value, p.counts_from, p.late_from, sum(p.item_minor)::bigint, sum(p.cash_minor)::bigint
        from (
            select {ENTITY_ID.sql("m.entity")} as entity, {CUSTOMER_ID.sql("m.customer_id")} as customer_id,
                   m.counts_from, coalesce(m.late_from, 0) as late_from,
                   case when m.late_from is null then 0 else m.item_minor end as item_minor, m.cash_minor
            from (
                select m.entity, m.customer_id, width_bucket(m.effective_on - 1, {ends}) as counts_from,
                       width_bucket((select i.due_on from {view.schema}.item i where i.invoice_id = m.invoice_id),
                                    {ends}) as late_from,
                       sum(m.item_minor) as item_minor, sum(m.cash_minor) as cash_minor
                from {view.schema}.movement m where {where.sql} group by 1, 2, 3, 4
            ) m
        ) p {group.join} group by 1, 2, 3
        """,
        *args,
    )
    return [tuple(row) for row in rows]


async def _correct(found: dict[Group, _Standing], view: View, scope: Scope, by: GroupBy | None) -> None:
    args = Arguments()
    parts, group = await parts_then(args, view, scope, apart=True), grouping(args, view, scope, by, "p")
    day = f"{args.add(view.time.as_of)}::date"
    rows = await view.conn.fetch(
        f"""
        select {group.value} as value,
               coalesce(sum(p.open_minor) filter (where p.is_penalty), 0)::bigint as penalties,
               coalesce(sum(p.open_minor) filter (where p.is_penalty and p.due_on < {day}), 0)::bigint
                   as late_penalties,
               (coalesce(sum(p.open_minor) filter (where p.is_divided and p.due_on < {day}), 0)
                 - coalesce(sum(p.open_minor) filter (where p.is_divided and p.invoice_due_on < {day}), 0))::bigint
                   as late,
               coalesce(sum(p.conceded_minor) filter (where p.due_on < {day} and not p.is_penalty), 0)::bigint
                   as conceded
        from ({parts}) p {group.join} group by 1
        """,
        *args,
    )
    for value, penalties, late_penalties, late, conceded in rows:
        own = found.setdefault(value, _Standing())
        own.open_minor -= penalties
        own.late_minor += late - late_penalties
        own.conceded_minor += conceded
