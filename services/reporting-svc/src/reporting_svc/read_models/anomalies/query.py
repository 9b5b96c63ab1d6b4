"""Invoices, payments and credit notes of a scope by their days, as far as they count and were known."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.books import CREDITED, INVOICED
from encours.reading.where import Arguments
from reporting_svc.domain.anomalies import MoneyOrigin, Transaction, TransactionKind
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, INVOICE_ID, PAYMENT_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

_PAID = ("received", "identified", "reassigned")
NO_ONE = "0" * 32
"""Id of an unknown payer, as its column holds it."""


async def transactions(view: View, scope: Scope, first: date) -> list[Transaction]:
    """Return the transactions from a day on. A payment has the day and the amount with which it came to its payer.

    Penalty documents are none, nor is money of payers not yet identified. One currency.
    """
    where = ScopeWhere(view, scope, "m", packed=True).counted().add("m.effective_on >= {}::date", first)
    where.add(f"m.kind in {(*INVOICED, *CREDITED, *_PAID)} and m.account_minor <> 0")
    rows = await view.conn.fetch(
        f"""
        select m.kind, {CUSTOMER_ID.sql("m.customer_id")} as customer_id,
               {INVOICE_ID.sql("m.invoice_id")} as invoice_id, {PAYMENT_ID.sql("m.payment_id")} as payment_id,
               m.effective_on, m.account_minor
        from {view.schema}.movement m where {where.sql} order by m.position, m.line
        """,
        *where.arguments,
    )
    found = []
    for kind, customer, invoice_id, payment_id, on, minor in rows:
        is_payment = kind in _PAID
        if not customer or (is_payment and minor > 0):
            continue  # taken from the payer to whom it was booked before
        debtor, named = scope.merged.of(customer), invoice_id or payment_id
        found.append(Transaction(_kind(kind), debtor, named, on, abs(minor)))
    return found


async def money_origins(view: View, scope: Scope, first: date) -> list[MoneyOrigin]:
    """Return methods and accounts of the payments, and accounts of the refunds, from a day on.

    The payer is the one to whom the payment is booked at the dates of the question, so the scope names no customer.
    """
    args = Arguments()
    where = ScopeWhere(view, scope, "m", args, packed=True).counted()
    where.add("m.kind in ('received', 'identified', 'reassigned', 'refunded')").add(
        f"m.customer_id <> '{NO_ONE}'"
    )
    rows = await view.conn.fetch(
        f"""
        select o.kind, {CUSTOMER_ID.sql("p.customer_id")} as customer_id,
               {PAYMENT_ID.sql("o.payment_id")} as payment_id, o.effective_on, o.value
        from (
            select distinct on (m.payment_id) m.payment_id, m.customer_id
            from {view.schema}.movement m where {where.sql} order by m.payment_id, m.position desc, m.account_minor
        ) p join {view.schema}.payment_origin o using (payment_id)
        where o.effective_on between {args.add(first)}::date and {where.as_of} and o.position <= {where.position}
        order by o.position
        """,
        *args,
    )
    return [
        MoneyOrigin(kind, scope.merged.of(customer), payment_id, on, value)
        for kind, customer, payment_id, on, value in rows
    ]


def _kind(movement: str) -> TransactionKind:
    if movement in INVOICED:
        return "invoice"
    return "credit_note" if movement in CREDITED else "payment"
