"""Invoices, payments and credit notes of a scope by their days, as far as they count and were known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from encours.contracts.books import CREDITED, INVOICED, PAYER_UNKNOWN
from encours.reading.where import Arguments
from reporting_svc.domain.anomalies import (
    KINDS,
    Anomaly,
    DelayedDebt,
    MoneyOrigin,
    TransactionKind,
    Transactions,
)
from reporting_svc.domain.columns import ints
from reporting_svc.domain.measures.states import summed_by
from reporting_svc.read_models.delays.columns import StatesSince, debt_states
from reporting_svc.read_models.delays.query import Apart, covered_debts
from reporting_svc.read_models.delays.states import PACKED_FROM, stated_outcomes
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
_DELAYS = ("payment_delay", "unpaid")


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


async def delayed_debts(view: View, scope: Scope, first: date) -> tuple[list[DelayedDebt], Apart | None]:
    """Return debts that are open, or settled from a day on. Those that have states are named later (:func:`named`)
    where the customers whose debts have none are returned too. One currency.
    """
    on, found = view.time.as_of, list[DelayedDebt]()
    if not (await chain_for(view, scope, "debt")).added:
        covered, apart = await covered_debts(view, scope), None
    else:
        found, apart = await _states(view, scope, first)
        covered = await covered_debts(view, scope, apart)
    found += [DelayedDebt.of(each, on) for each in covered.outcomes]
    return found, apart


async def _states(view: View, scope: Scope, first: date) -> tuple[list[DelayedDebt], Apart]:
    stated = await debt_states(view, scope, StatesSince(first, ("settled_on",)))
    states, on = stated.states.where(stated.states.is_debt), view.time.as_of.toordinal()
    found = []
    for account, settled, days, uncovered, times in summed_by(
        [states.account, states.settled, states.days_so_far(on), states.uncovered], [states.times]
    ):
        if times:
            settled_on = date.fromordinal(settled) if settled else None
            debt = DelayedDebt(states.accounts[account].customer_id, "", settled_on, days, uncovered)
            found += [debt] * times
    return found, stated.apart


async def named(view: View, scope: Scope, anomalies: Sequence[Anomaly], apart: Apart) -> list[Anomaly]:
    """Return the anomalies with the ids of the invoices that are late, which their states do not hold."""
    on = view.time.as_of
    late = [each for each in anomalies if not each.id and each.kind in _DELAYS]
    if not late:
        return list(anomalies)

    def which(args: Arguments) -> str:
        of = [(record, each) for each in late for record in scope.merged.records(each.debtor)]
        columns = (
            args.add([record for record, _ in of]) + "::text[]",
            args.add([each.on - timedelta(days=each.value) for _, each in of]) + "::date[]",
            args.add([each.value for _, each in of]) + "::int[]",
        )
        # An invoice that was paid before its issue is as late as it was issued.
        return f"""exists (select from unnest({", ".join(columns)}) late(customer_id, due_on, days)
                           where late.customer_id = i.customer_id
                             and (late.due_on = i.due_on or late.days = i.issued_on - i.due_on))"""

    ids: dict[tuple[str, date | None, int], list[str]] = {}
    for each in await stated_outcomes(view, scope, apart, which):
        key = each.customer_id, each.settled_on, each.days_so_far(on)
        ids.setdefault(key, []).append(each.invoice_id)
    for alike in ids.values():
        alike.sort(reverse=True)
    return [
        each
        if each.id or each.kind not in _DELAYS
        else replace(each, id=ids[each.debtor, None if each.kind == "unpaid" else each.on, each.value].pop())
        for each in anomalies
    ]
