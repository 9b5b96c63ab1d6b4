"""Insured part of each open invoice at the dates of a question, by the rules that risk-svc follows too."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from encours.contracts.insured.claims import InsuredInvoice
from encours.contracts.insured.share import insured_of_all
from encours.reading.insured import Sums, insurance_known, insured_invoices, openings
from encours.reading.where import ViewWhere
from reporting_svc.domain.insured import InsuredParts
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.contracts.parties import Survivors
    from encours.reading.moment import View

DEBTORS_AT_ONCE = 100
"""Debtors whose shares are counted before other requests of the process have a turn."""


async def with_insured(view: View, scope: Scope) -> Scope:
    """Return the scope with the insured part of each open invoice of its customer, or of the ledger."""
    records = None if scope.customer_id is None else scope.merged.records(scope.customer_id)
    return replace(scope, insured=await _insured(view, scope.merged, records))


async def _insured(view: View, merged: Survivors, of: Sequence[str] | None) -> InsuredParts:
    known = await insurance_known(
        view.conn, view.schema, view.time.as_of, view.time.position, merged, records=of
    )
    if not known.covers:
        return InsuredParts({}, {})
    records = [record for debtor in known.debtors for record in merged.records(debtor)]
    invoices = await _invoices(view, records, merged)
    opened = await openings(
        view.conn, view.schema, view.time.as_of, view.time.position, known.debtors, merged
    )
    currencies = {each.invoice_id: each.currency for each in invoices}
    found, sums = Counter[str](), Counter[tuple[str, str]]()
    for book in known.books(invoices, opened):
        for n, (_, share) in enumerate(insured_of_all(book, view.time.as_of)):
            if n % DEBTORS_AT_ONCE == 0:
                await asyncio.sleep(0)
            for invoice_id, minor in share.by_invoice.items():
                found[invoice_id] += minor
                sums[book.contract.entity_id, currencies[invoice_id]] += minor
    return InsuredParts({invoice_id: minor for invoice_id, minor in found.items() if minor > 0}, sums)


async def _invoices(view: View, records: Sequence[str], merged: Survivors) -> tuple[InsuredInvoice, ...]:
    def counted() -> ViewWhere:
        where = ViewWhere(view, entity=None).among("m.customer_id", records, CUSTOMER_ID)
        return where.add(where.counts("m"))

    where = counted()
    rows = await view.conn.fetch(
        f"""
        select {INVOICE_ID.sql("i.invoice_id")} as invoice_id, i.customer_id, i.number, i.currency, i.issued_on,
               i.due_on, i.total_minor, s.open_minor, s.disputed_minor, s.net_minor
        from (
            select m.invoice_id, sum(m.item_minor - m.conceded_minor)::bigint as open_minor,
                   sum(m.contested_minor - m.conceded_minor)::bigint as disputed_minor,
                   nullif(sum(m.net_minor) filter (where m.kind = 'issued'), 0)::bigint as net_minor
            from {view.schema}.movement m where m.invoice_id is not null and {where.sql} group by m.invoice_id
        ) s join {view.schema}.item i using (invoice_id)
        where s.open_minor > 0 and not i.is_penalty order by i.due_on, i.invoice_id
        """,
        *where.arguments,
    )
    where = counted().add("m.cash_minor <> 0")
    cash: Counter[tuple[str, str]] = Counter()
    for row in await view.conn.fetch(
        f"""select {CUSTOMER_ID.sql("m.customer_id")} as customer_id, m.currency, sum(m.cash_minor)::bigint as minor
            from {view.schema}.movement m where {where.sql} group by m.customer_id, m.currency""",
        *where.arguments,
    ):
        cash[merged.of(row["customer_id"]), row["currency"]] += row["minor"]
    schedules = await _schedules(view, records)
    return insured_invoices(cast("list[Sums]", rows), cash, schedules, merged)


async def _schedules(view: View, records: Sequence[str]) -> dict[str, Sums]:
    """Return the schedules in force by invoice: their day, first and last due date."""
    where = ViewWhere(view, entity=None).among("i.customer_id", records)
    where.add(where.counts("l"))
    rows = await view.conn.fetch(
        f"""
        select distinct on (s.invoice_id) {INVOICE_ID.sql("s.invoice_id")} as invoice_id, s.effective_on, s.first_due,
               s.last_due
        from (
            select l.invoice_id, l.position, l.effective_on, min(l.due_on) as first_due, max(l.due_on) as last_due
            from {view.schema}.item_instalment l join {view.schema}.item i using (invoice_id)
            where {where.sql} group by l.invoice_id, l.position, l.effective_on
        ) s order by s.invoice_id, s.position desc
        """,
        *where.arguments,
    )
    return {row["invoice_id"]: cast("Sums", row) for row in rows}
