"""Questions that several reports share: who exists, the currency of an empty answer, what was open at a past date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import Chain, chain_for, counted_sql
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


def apart_sql(schema: str) -> str:
    """SQL: invoices on which an amount ever was in dispute or on a payment plan, and those in instalments."""
    return f"""select invoice_id from {schema}.movement where contested_minor <> 0 or planned_minor <> 0
               union all select invoice_id from {schema}.item_instalment"""


async def open_then(
    arguments: Arguments, view: View, scope: Scope, *, among: str | None = None, debtors: str | None = None
) -> str:
    """SQL: invoice_id with its open, contested, conceded and planned amount, by what counted by the day and was known
    then.

    ``among``: SQL of the invoices to which it is restricted. ``debtors``: SQL of their customers, by which an index
    finds the movements.
    """
    chain = await chain_for(view, scope) if debtors is None else Chain()
    found = "m.invoice_id is not null"
    if debtors is not None:
        found += f" and m.customer_id in ({debtors})"
    if among is not None:
        found += f" and m.invoice_id in ({among})"
    return f"""
        select m.invoice_id, sum(m.item_minor)::bigint as open_minor,
               coalesce(sum(m.contested_minor), 0)::bigint as disputed_minor,
               coalesce(sum(m.conceded_minor), 0)::bigint as conceded_minor,
               coalesce(sum(m.planned_minor), 0)::bigint as planned_minor
        from ({counted_sql(arguments, view, scope, chain)}) m
        where {found} group by m.invoice_id having sum(m.item_minor) <> 0
    """
