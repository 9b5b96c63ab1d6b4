"""Invoices, payments and credit notes of a scope by their days, as far as they count and were known."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from encours.contracts.books import CREDITED, INVOICED, PAYER_UNKNOWN
from encours.reading.where import Arguments
from reporting_svc.domain.anomalies import (
    KINDS,
    DelayedDebts,
    MoneyOrigin,
    TransactionKind,
    Transactions,
)
from reporting_svc.domain.columns import ints
from reporting_svc.domain.measures.states import net
from reporting_svc.read_models.debts.columns import PACKED_FROM
from reporting_svc.read_models.delays.columns import StatedDebts, StatesSince, debt_states
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, INVOICE_ID, PAYMENT_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.subtotals import chain_for

if TYPE_CHECKING:
    from encours.reading.moment import View

_PAID = ("received", "identified", "reassigned")
_KINDS: dict[str, TransactionKind] = {
    **dict.fromkeys(INVOICED, "invoice"),
    **dict.fromkeys(CREDITED, "credit_note"),
    **dict.fromkeys(_PAID, "payment"),
}
_CODES = " ".join(f"when '{kind}' then {KINDS.index(of)}" for kind, of in _KINDS.items())
_PACKED = f"""int2send((case m.kind {_CODES} end)::int2) || boolsend(m.invoice_id is not null)
  || uuid_send(coalesce(m.invoice_id, m.payment_id, '{UUID(int=0)}')) || date_send(m.effective_on)
  || int8send(m.account_minor)"""
"""SQL: the 35 bytes of a transaction, of which rows would take ten times as long to read."""
_TRANSACTION = np.dtype(
    [("kind", ">i2"), ("is_invoice_id", "?"), ("id", "V16"), ("on", ">i4"), ("minor", ">i8")]
)


async def transactions(view: View, scope: Scope, first: date) -> Transactions:
    """Return the transactions from a day on. A payment has the day and the amount with which it came to its payer.

    Penalty documents are none, nor is money of payers not yet identified. One currency.
    """
    where = ScopeWhere(view, scope, "m", packed=True).counted().add("m.effective_on >= {}::date", first)
    where.add(f"m.kind in {tuple(_KINDS)} and m.customer_id <> '{CUSTOMER_ID.pack(PAYER_UNKNOWN)}'")
    # A payment with an amount above 0 is taken from the payer to whom it was booked before.
    where.add(f"m.account_minor <> 0 and (m.kind not in {_PAID} or m.account_minor < 0)")
    rows = await view.conn.fetch(
        f"""
        select m.customer_id, string_agg({_PACKED}, ''::bytea) as packed
        from {view.schema}.movement m where {where.sql} group by m.customer_id
        """,
        *where.arguments,
    )
    debtors = [scope.merged.of(CUSTOMER_ID.unpack(row["customer_id"]) or "") for row in rows]
    places = {debtor: place for place, debtor in enumerate(dict.fromkeys(debtors))}
    columns = np.frombuffer(b"".join(row["packed"] for row in rows), _TRANSACTION)
    counts = [len(row["packed"]) // _TRANSACTION.itemsize for row in rows]
    ids = columns["id"], columns["is_invoice_id"]

    def id_of(place: int) -> str:
        kind = INVOICE_ID if ids[1][place] else PAYMENT_ID
        return kind.unpack(UUID(bytes=ids[0][place].tobytes())) or ""

    return Transactions(
        debtors=list(places),
        kind=columns["kind"].astype(np.int64),
        debtor=np.repeat(ints(places[debtor] for debtor in debtors), counts),
        on=columns["on"].astype(np.int64) + PACKED_FROM,
        minor=np.abs(columns["minor"].astype(np.int64)),
        id_of=id_of,
    )


async def money_origins(view: View, scope: Scope, first: date) -> list[MoneyOrigin]:
    """Return methods and accounts of the payments, and accounts of the refunds, from a day on.

    The payer is the one to whom the payment is booked at the dates of the question, so the scope names no customer.
    """
    args = Arguments()
    where = ScopeWhere(view, scope, "m", args, packed=True).counted()
    where.add("m.kind in ('received', 'identified', 'reassigned', 'refunded')").add(
        f"m.customer_id <> '{CUSTOMER_ID.pack(PAYER_UNKNOWN)}'"
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


async def delayed_debts(view: View, scope: Scope, first: date) -> DelayedDebts:
    """Return debts that are open, or settled from a day on. One currency."""
    on = view.time.as_of
    if not (await chain_for(view, scope, "debt")).added:
        return DelayedDebts.of((await covered_debts(view, scope)).outcomes, on)
    stated = await debt_states(view, scope, StatesSince(first, ("settled_on",)), of_invoices=True)
    covered = await covered_debts(view, scope, stated.apart)
    # Apart from the event loop: other requests go on while a million debts are sorted.
    found = await asyncio.to_thread(_stated, stated, on)
    return found.joined(DelayedDebts.of(covered.outcomes, on))


def _stated(found: StatedDebts, on: date) -> DelayedDebts:
    states, invoices = found.states, found.invoices
    assert invoices is not None
    days = states.days_so_far(on.toordinal())
    halves = invoices.view(np.int64).reshape(-1, 2)
    times = np.where(states.is_debt, states.times, 0)
    times = net(times, [states.account, states.settled, days, states.uncovered, *halves.T])
    # What is taken off may be a state that is too old to have come with the others.
    places = np.repeat(np.arange(len(times)), np.maximum(times, 0))
    ids = invoices[places]
    return DelayedDebts(
        debtors=[each.customer_id for each in states.accounts],
        debtor=states.account[places],
        settled=states.settled[places],
        days=days[places],
        uncovered=states.uncovered[places],
        id_of=lambda place: INVOICE_ID.unpack(UUID(bytes=ids[place].tobytes())) or "",
    )
