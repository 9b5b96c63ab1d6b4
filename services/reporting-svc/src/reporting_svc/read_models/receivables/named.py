"""Parts of open invoices that events of other services name: promised, placed with a third party, insured.

They are parts of what is open, whatever else is true of it: they may overlap with each other and with what is disputed
or on a plan. *Promised* is the rest of the promises in force, from the earliest due invoice and instalment on. A
promise is in force until it is judged or withdrawn, or its last day of grace has passed; its rest is the amount less
what payments have settled of its invoices since it was made. *Placed* is all that is open of the invoices that a
partner collects. *Insured* is what a credit insurer pays of them (:mod:`encours.contracts.insured`), if it is in the
scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from encours.reading.merges import debtor_sql
from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.query import open_of
from reporting_svc.read_models.receivables.rows import INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

NAMED = ("promised", "placed", "insured")
"""Columns of the parts."""
_DIGITS = "0123456789abcdef"
# The same as a regular expression took a third of the statement's time.
_IS_INVOICE = f"""(length(n.invoice_id) = {len(INVOICE_ID.prefix) + 1 + 32}
    and starts_with(n.invoice_id, '{INVOICE_ID.prefix}_')
    and translate(substr(n.invoice_id, 5), '{_DIGITS}', '') = '')"""


def _packed(column: str) -> str:
    return f"substr({column}, 5)::uuid"


async def named_sql(args: Arguments, view: View, scope: Scope, *, now: bool) -> str:
    """SQL: invoice_id, entity, customer_id and currency of the open invoices named, with each part of them.

    ``now``: the rows of "now" answer the question.
    """
    where = ScopeWhere(view, scope, "i", args)
    among = """select invoice_id from placed union select invoice_id from promise
               union select invoice_id from insured"""
    insured = scope.insured.by_invoice if scope.insured else {}
    invoices, minors = args.add(list(insured)), args.add(list(insured.values()))
    owed, joined = "i.open_minor", f"({among}) n join {view.schema}.item i using (invoice_id)"
    if not now:
        # A promise goes on with the invoices of others that it names, whoever is asked about.
        owed = "o.open_minor"
        joined = f"({open_of(args, view, among)}) o join {view.schema}.item i using (invoice_id)"

    return f"""
        with placed as (
            select p.invoice_id from {view.schema}.placed_invoice p
            where p.is_placed and {where.counts("p")} and not exists (
                select from {view.schema}.placed_invoice r
                where r.placement_id = p.placement_id and r.invoice_id = p.invoice_id and not r.is_placed
                  and {where.counts("r")})
        ), promise as (
            select p.promise_id, p.position, p.amount_minor, {_packed("n.invoice_id")} as invoice_id
            from {view.schema}.promised_payment p
            cross join lateral (select distinct unnest(p.invoice_ids) as invoice_id) n
            where p.state = 'made' and p.suspended_until >= {where.as_of} and {where.counts("p")} and {_IS_INVOICE}
              and not exists (
                select from {view.schema}.promised_payment l
                where l.promise_id = p.promise_id and l.position > p.position and {where.counts("l")})
        ), insured as (
            select {_packed("invoice_id")} as invoice_id, minor
            from unnest({invoices}::text[], {minors}::bigint[]) as n(invoice_id, minor)
        ), received as (
            select p.promise_id, sum(-m.item_minor) as minor
            from promise p
            join {view.schema}.movement m on m.invoice_id = p.invoice_id and m.position > p.position
            where m.kind in ('applied', 'unapplied') and {where.counts("m")}
            group by p.promise_id
        ), opened as materialized (
            select i.invoice_id, i.entity, i.customer_id, i.currency, i.due_on, {owed} from {joined}
            where {owed} > 0
        ), promised as (
            select p.invoice_id, sum(greatest(0, least(p.open_minor, p.rest_minor - p.before_minor))) as minor
            from (
                select p.invoice_id, o.open_minor, p.amount_minor - greatest(0, coalesce(r.minor, 0)) as rest_minor,
                       sum(o.open_minor) over (partition by p.promise_id order by o.due_on, o.invoice_id)
                           - o.open_minor as before_minor
                from promise p join opened o using (invoice_id)
                left join received r using (promise_id)
            ) p group by p.invoice_id
        )
        select i.invoice_id, i.entity, i.customer_id, i.currency,
               least(i.open_minor, coalesce(p.minor, 0))::bigint as promised,
               case when l.invoice_id is not null then i.open_minor else 0 end::bigint as placed,
               least(i.open_minor, coalesce(n.minor, 0))::bigint as insured
        from opened i left join promised p using (invoice_id)
        left join (select distinct invoice_id from placed) l using (invoice_id) left join insured n using (invoice_id)
        where {where.sql}
    """


async def named_of_debtors(args: Arguments, view: View, scope: Scope, *, now: bool) -> str:
    """SQL: the parts by entity, debtor and currency."""
    debtor, merged = debtor_sql(scope.merged, args, "n.customer_id")
    added = ", ".join(f"sum(n.{column})::bigint as {column}" for column in NAMED)
    return f"""
        select n.entity, {debtor} as customer_id, n.currency, {added}
        from ({await named_sql(args, view, scope, now=now)}) n {merged} group by 1, 2, 3
    """


def shares_sql(part: str, named: str) -> str:
    """SQL: the parts of an invoice ``named`` that fall on an instalment ``part``: the earliest instalments first."""
    return ", ".join(
        f"greatest(0, least({part}.open_minor, coalesce({named}.{column}, 0) - {part}.before_minor))::bigint "
        f"as {column}_minor"
        for column in NAMED
    )
