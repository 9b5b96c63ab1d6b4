"""Questions that several reports share: who exists, the currency of an empty answer, what was open at a past date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.refusals import ReportedCustomerNotFound, ReportingEntityNotFound

if TYPE_CHECKING:
    from encours.reading.moment import View

FALLBACK_CURRENCY = "EUR"


async def check(view: View, scope: Scope) -> None:
    """Raise a 404 refusal if the caller may see no such entity, or no such customer, in this ledger."""
    if scope.entity_id is not None:
        entity = ViewWhere(view, entity="entity").equal("entity", scope.entity_id)
        if not await _exists(view, "entity", entity):
            raise ReportingEntityNotFound(scope.entity_id)
    if scope.customer_id is not None:
        customer = ViewWhere(view, entity="entity").equal("customer_id", scope.customer_id)
        if not await _exists(view, "customer", customer.equal("entity", scope.entity_id)):
            raise ReportedCustomerNotFound(scope.customer_id)


async def _exists(view: View, table: str, where: ViewWhere) -> bool:
    found: bool = await view.conn.fetchval(
        f"select exists (select from {view.schema}.{table} where {where.sql})", *where.arguments
    )
    return found


async def currency_of(view: View, scope: Scope) -> str:
    """Return the currency of an answer that has no amounts: the one asked for, else that of the books."""
    if scope.currency is not None:
        return scope.currency
    where = ViewWhere(view, entity="entity").equal("entity", scope.entity_id)
    found: str | None = await view.conn.fetchval(
        f"select currency from {view.schema}.entity where {where.sql} order by entity limit 1",
        *where.arguments,
    )
    return found or FALLBACK_CURRENCY


def later_sql(schema: str) -> str:
    """SQL: true if an event counts only after the day ``$1``, so that the rows of "now" would show it too early."""
    # max() is read from the end of an index under every plan. EXISTS with the same condition is not: a plan made
    # for any date expects many rows, begins at the front of the table, and reads all of it to find none.
    latest = (
        f"(select max(effective_on) from {schema}.{table})" for table in ("movement", "item_instalment")
    )
    return f"coalesce(greatest({', '.join(latest)}) > $1::date, false)"


async def is_now(view: View) -> bool:
    """Return true if the rows of "now" answer the question: nothing counts after its day, all that is known counts."""
    if not view.time.is_now:
        return False
    found: bool = await view.conn.fetchval(f"select not {later_sql(view.schema)}", view.time.as_of)
    return found


async def open_then(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: invoice_id with its open, contested, conceded and planned amount, by what counted by the day and was known
    then.
    """
    return _by_invoice((await counted(args, view, scope, "item")).items())


async def apart_then(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: :func:`open_then` of the invoices that were apart then, and of some others."""
    return _by_invoice((await counted(args, view, scope, "account")).items_apart())


def open_of(args: Arguments, view: View, among: str) -> str:
    """SQL: invoice_id and open amount of some invoices of the caller, by what counted by the day and was known then."""
    where = ScopeWhere(view, Scope(), "m", args, packed=True).counted()
    # An aggregate in a lateral is reached by the index under every plan: how many invoices are named is estimated
    # far too high, and all movements would be read for it.
    return f"""
        select a.invoice_id, o.open_minor from ({among}) a cross join lateral (
            select sum(m.item_minor)::bigint as open_minor from {view.schema}.movement m
            where m.invoice_id = a.invoice_id and {where.sql}) o
    """


def _by_invoice(rows: str) -> str:
    """SQL: the sums of rows by invoice; nothing of those of which nothing is open."""
    return f"""
        select m.invoice_id, sum(m.item_minor)::bigint as open_minor,
               coalesce(sum(m.contested_minor), 0)::bigint as disputed_minor,
               coalesce(sum(m.conceded_minor), 0)::bigint as conceded_minor,
               coalesce(sum(m.planned_minor), 0)::bigint as planned_minor
        from ({rows}) m group by m.invoice_id having sum(m.item_minor) <> 0
    """
