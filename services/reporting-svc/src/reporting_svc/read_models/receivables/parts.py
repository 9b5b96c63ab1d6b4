"""Parts of receivables: each invoice, or each instalment of it, by its own due date.

Payments settle the earliest instalments first; what is contested, conceded or on a payment plan is in the last.
``before_minor`` is what is open of the earlier instalments of the invoice.
`project` divides by the same rule (:mod:`encours.contracts.instalments`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.query import apart_then, open_then
from reporting_svc.read_models.receivables.rows import ADJUSTS
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import planned_sql, share_sql

if TYPE_CHECKING:
    from encours.reading.moment import View

_INVOICE = "i.invoice_id, i.entity, i.customer_id, i.currency, i.issued_on, i.is_penalty"


def _shares(table: str) -> str:
    open_minor, disputed = f"{table}.open_minor", f"{table}.disputed_minor"
    return f"""{open_minor}, {share_sql(open_minor, disputed)} as disputed_minor,
        {share_sql(open_minor, f"{table}.conceded_minor")} as conceded_minor,
        {planned_sql(open_minor, disputed, f"{table}.planned_minor")} as planned_minor"""


def parts_now(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: open invoices and instalments as they are now, with what is contested, conceded and planned of them."""
    return f"{undivided_now(args, view, scope)} union all {instalments_now(args, view, scope)}"


async def parts_at(args: Arguments, view: View, scope: Scope, *, now: bool) -> str:
    """SQL: open invoices and instalments at the dates of the question. ``now``: the rows of "now" answer it."""
    return parts_now(args, view, scope) if now else await parts_then(args, view, scope)


def undivided_now(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: open invoices without instalments."""
    where = ScopeWhere(view, scope, "i", args).add("i.open_minor <> 0 and i.schedule is null")
    return f"""select {_INVOICE}, false as is_divided, i.due_on as invoice_due_on, i.due_on,
                      null::bigint as instalment, {_shares("i")}, 0::bigint as before_minor
               from {view.schema}.item i where {where.sql}"""


def instalments_now(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: open instalments, by the schedules in force on the day of the question."""
    where = ScopeWhere(view, scope, "i", args)
    return open_instalments(view.schema, where.sql, f"l.effective_on <= {where.as_of}")


def open_instalments(schema: str, items: str = "true", schedules: str = "true") -> str:
    """SQL: instalments of open invoices ``i`` that meet a condition, among schedules ``l`` that meet another."""
    found = f"i.open_minor <> 0 and i.schedule is not null and {items}"
    source = f"""select {_INVOICE}, true as is_divided, i.due_on, i.settled_minor, {_shares("i")}
                 from {schema}.item i where {found}"""
    last = f"""select l.invoice_id, max(l.position) as position
               from {schema}.item_instalment l join {schema}.item i on i.invoice_id = l.invoice_id
               where {found} and {schedules} group by l.invoice_id"""
    return _divided(source, f"({_in_force(schema, last)}) p using (invoice_id)")


async def parts_then(args: Arguments, view: View, scope: Scope, *, apart: bool = False) -> str:
    """SQL: open invoices and instalments by what counted on the day of the question and was known at its moment.

    ``is_divided`` marks invoices that have ever had instalments. ``apart``: invoices of which nothing was ever
    contested or planned may be missing, unless they have instalments or are penalty documents.
    """
    where = ViewWhere(view, entity=None, arguments=args)
    found = await (apart_then if apart else open_then)(args, view, scope)
    issued = f"case when i.issued_on <= {where.as_of} then i.total_minor else 0 end"
    source = f"""select {_INVOICE}, i.schedule is not null as is_divided, i.due_on,
                        {issued} + coalesce(a.minor, 0) - o.open_minor as settled_minor, {_shares("o")}
                 from ({found}) o join {view.schema}.item i using (invoice_id)
                 left join ({_adjustments(args, view, scope)}) a using (invoice_id)"""
    # Few of the invoices that ever had instalments were open then: their schedules are looked up one by one.
    last = f"""select l.invoice_id, max(l.position) as position from {view.schema}.item_instalment l
               where x.is_divided and l.invoice_id = x.invoice_id and {where.counts("l")} group by l.invoice_id"""
    return _divided(source, f"lateral ({_in_force(view.schema, last)}) p on true")


def _adjustments(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: changes of what is owed of invoices in instalments, by what counted on the day of the question and was known
    then.

    What was settled is only needed of these, and subtotals leave out invoices of which nothing is open.
    """
    where = ScopeWhere(view, scope, "m", args, packed=True).counted().add(f"m.{ADJUSTS}")
    return f"""select m.invoice_id, sum(m.item_minor)::bigint as minor from {view.schema}.movement m
               where {where.sql} and m.invoice_id in (select invoice_id from {view.schema}.item_instalment)
               group by m.invoice_id"""


def _in_force(schema: str, last: str) -> str:
    """SQL: instalments in force of the invoices in ``last``, which has the position of the schedule of each.

    ``above`` and ``upto`` are the ends of the range of what was owed that an instalment has; the first has no lower
    end and the last no upper one.
    """
    return f"""
        select s.invoice_id, s.due_on, row_number() over dates as instalment, lag(s.upto_minor) over dates as above,
               case when lead(s.upto_minor) over dates is not null then s.upto_minor end as upto
        from {schema}.item_instalment s join ({last}) last using (invoice_id, position)
        window dates as (partition by s.invoice_id order by s.due_on)
    """


def _divided(source: str, instalments: str) -> str:
    """SQL: the invoices ``x`` of a source by their instalments ``p``, which are joined; those without any are whole."""
    owed = "x.settled_minor + x.open_minor"
    undisputed = f"{owed} - x.disputed_minor"
    kept = "x.invoice_id, x.entity, x.customer_id, x.currency, x.issued_on, x.is_penalty, x.is_divided"
    return f"""
        select {kept}, x.due_on as invoice_due_on, coalesce(p.due_on, x.due_on) as due_on, p.instalment,
               {_between("x.settled_minor", owed)} as open_minor,
               {_between(undisputed, owed)} as disputed_minor,
               {_between(f"{owed} - x.conceded_minor", owed)} as conceded_minor,
               {_between(f"{undisputed} - x.planned_minor", undisputed)} as planned_minor,
               case when p.above is null then 0 else greatest(0, least(p.above, {owed}) - x.settled_minor) end
                   as before_minor
        from ({source}) x left join {instalments}
    """


def _between(above: str, upto: str) -> str:
    """SQL: the part of a range of what was owed that the instalment ``p`` has; a bound that is null bounds nothing."""
    return f"(least(greatest({upto}, p.above), p.upto) - least(greatest({above}, p.above), p.upto))"
