"""Promises that are due or broken at the dates of the question, and collection of the month so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from encours.reading.merges import debtor_sql
from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import ONE_DAY, effectiveness
from reporting_svc.domain.measures.dso import Dso
from reporting_svc.read_models.dso.query import billed_since
from reporting_svc.read_models.receivables.conversion import ReportConversion, moved_sql, total
from reporting_svc.read_models.receivables.rows import ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

LISTED = 5
BROKEN_DAYS = 30
"""Days of the promises that were found broken (``promises-broken/1``)."""


@dataclass(frozen=True, slots=True)
class PromiseSums:
    """Number and amount of some promises, minor units, and the largest of them."""

    number: int
    amount_minor: int
    missing_minor: int
    """Promised and not received in time."""
    largest: tuple[Mapping[str, Any], ...]


async def due_promises(view: View, scope: Scope, conversion: ReportConversion | None) -> PromiseSums:
    """Return the promises whose last day is the day of the question and that nobody has judged or withdrawn."""
    return await _promises(view, scope, conversion, "made", "p.promised_on = {}::date", view.time.as_of)


async def broken_promises(view: View, scope: Scope, conversion: ReportConversion | None) -> PromiseSums:
    """Return the promises that were found broken in the 30 days up to that of the question and have stayed so."""
    first = view.time.as_of - timedelta(days=BROKEN_DAYS - 1)
    return await _promises(view, scope, conversion, "broken", "p.effective_on >= {}::date", first)


async def month_to_date(
    view: View, scope: Scope, dso: Dso, not_due_minor: int, conversion: ReportConversion | None = None
) -> Fraction | None:
    """Return the collection effectiveness of the month of the question's day up to it (``cei/1``).

    ``dso`` holds what is outstanding without penalty documents; ``not_due_minor`` is the part of it not past due. With
    a conversion, opening, sales and closing count by the rates of that day, so that no exchange difference is in it.
    """
    first = view.time.as_of.replace(day=1)
    opening = await _outstanding(view, scope, first - ONE_DAY, conversion)
    sales = await billed_since(view, scope, first, conversion)
    closing = dso.receivables_minor
    return effectiveness(opening, sales, closing, min(not_due_minor, closing))


async def _outstanding(view: View, scope: Scope, day: date, conversion: ReportConversion | None) -> int:
    """Return what was outstanding at the end of a day, penalty documents left out."""
    args = Arguments()
    rows = await view.conn.fetch(
        f"""select {ENTITY_ID.sql("m.entity")} as entity, m.currency,
                   sum(m.account_minor - m.penalty_minor)::bigint as minor
            from {await moved_sql(args, view, scope, penalties=True)}
            where m.effective_on <= {args.add(day)}::date group by m.entity, m.currency""",
        *args,
    )
    return total(cast("list[Mapping[str, Any]]", rows), "minor", conversion)


async def _promises(
    view: View, scope: Scope, conversion: ReportConversion | None, state: str, condition: str, day: date
) -> PromiseSums:
    args = Arguments()
    where = ScopeWhere(view, scope, "p", args).counted().add("p.state = {}", state).add(condition, day)
    debtor, merged = debtor_sql(scope.merged, args, "p.customer_id")
    found = await view.conn.fetch(
        f"""
        with found as materialized (
            select p.*, greatest(0, p.amount_minor - p.received_minor) as missing_minor
            from {view.schema}.promised_payment p
            where {where.sql} and not exists (
                select from {view.schema}.promised_payment l
                where l.promise_id = p.promise_id and l.position > p.position and {where.counts("l")})
        )
        select null as promise_id, p.entity, null as customer_id, null as name, p.currency, null::date as promised_on,
               null::date as effective_on, sum(p.amount_minor)::bigint as amount_minor,
               sum(p.missing_minor)::bigint as missing_minor, count(*) as number
        from found p group by p.entity, p.currency
        union all
        select p.promise_id, p.entity, {debtor}, c.name, p.currency, p.promised_on, p.effective_on, p.amount_minor,
               p.missing_minor, 0
        from (select * from found order by amount_minor desc, promise_id limit {LISTED}) p
        {merged} left join {view.schema}.customer c on c.customer_id = {debtor}
        """,
        *args,
    )
    rows = cast("list[Mapping[str, Any]]", found)
    sums = [row for row in rows if row["promise_id"] is None]
    if conversion is not None:
        conversion.require({(row["entity"], row["currency"]) for row in sums})
    amount, missing = (total(sums, column, conversion) for column in ("amount_minor", "missing_minor"))
    largest = sorted(
        (row for row in rows if row["promise_id"] is not None),
        key=lambda row: (-row["amount_minor"], row["promise_id"]),
    )
    return PromiseSums(sum(row["number"] for row in sums), amount, missing, tuple(largest))
