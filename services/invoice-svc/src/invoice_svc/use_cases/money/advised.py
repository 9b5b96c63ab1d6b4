"""Remittance advices at a payment: the one that fits it, what it settles, and the record that they belong together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from encours.contracts.events.money.payment import PaymentAdvised
from encours.kernel.ids import with_prefix
from encours.ledger.session import Session
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment import credit_use
from invoice_svc.domain.payment.refusals import NoCreditLeft
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.remittance import decide, settlement
from invoice_svc.domain.remittance.commands import advice_id_of
from invoice_svc.domain.remittance.settlement import AdvisedPlan, Candidate
from invoice_svc.domain.remittance.state import RemittanceAdvice
from invoice_svc.use_cases.folds import ADVICE, INVOICE, PAYMENT
from invoice_svc.use_cases.parties.debtors import pays, survivor

OpenAdvices = Callable[[str, str, str, int, bool], Awaitable[Sequence[str] | None]]
"""Query for ids of advices of a ledger and an entity that await a payment in a currency and of an amount, all of this
moment or those that the list has; ``None`` if the list lags."""
Advices = OpenAdvices | Sequence[str]
"""The query, or its result if the caller has it."""


async def find(
    session: Session, payment: Payment, advices: Advices, cited: Sequence[str], *, newest: bool = True
) -> RemittanceAdvice | None:
    """Return the advice that fits the payment; none if the bank text cites an open invoice that is not in it.

    ``cited`` are the ids of the invoices that the text cites. The advice with the payment's reference is read from its
    stream, so that of payment and advice at once the append refuses the one that has not seen the other. Others are
    those of the list, which without ``newest`` may lack some of this moment; they can be joined later.
    """
    if payment.advice_id is not None:
        return await session.get(ADVICE, payment.advice_id)
    amount = payment.amount_minor
    ids = (
        advices
        if isinstance(advices, Sequence)
        else await session.ask(
            advices, session.meta.ledger, payment.entity_id, payment.currency, amount, newest
        )
    )
    named = [
        advice_id_of(payment.entity_id, customer_id, payment.external_ref)
        for customer_id in (payment.customer_id, None)
        if payment.external_ref
    ]
    states = [await session.load(ADVICE, each) for each in dict.fromkeys([*(ids or ()), *named])]
    candidates = [await _candidate(session, payment, each) for each in states if each.stated is not None]
    found = settlement.fitting(payment, candidates)
    if found is None or not set(cited) <= {each.invoice_id for each in decide.stated(found).items}:
        return None
    return found


async def _candidate(session: Session, payment: Payment, advice: RemittanceAdvice) -> Candidate:
    return Candidate(advice, await is_of_payer(session, advice, payment))


async def is_of_payer(session: Session, advice: RemittanceAdvice, payment: Payment) -> bool | None:
    """Return whether the customers of advice and payment are one by today; None if either names none."""
    named = decide.stated(advice).customer_id
    if named is None or payment.customer_id is None:
        return None
    records = [await survivor(session, each, session.today) for each in (named, payment.customer_id)]
    return records[0].customer_id == records[1].customer_id


async def plan(session: Session, payment: Payment, advice: RemittanceAdvice) -> AdvisedPlan:
    """Return what the payment and the credit that the advice nets settle."""
    invoices: dict[str, Invoice] = {}
    credits: dict[str, Sequence[Payment]] = {}
    for item in decide.stated(advice).items:
        if item.credit_note_id is not None:
            credits[item.credit_note_id] = await _holding(
                session, payment, item.credit_note_id, item.invoice_id
            )
        elif item.invoice_id is not None:
            invoice = await session.load(INVOICE, item.invoice_id)
            if await _is_payable(session, payment, invoice):
                invoices[item.invoice_id] = invoice
    return settlement.plan(advice, payment, invoices, credits)


async def _is_payable(session: Session, payment: Payment, invoice: Invoice) -> bool:
    if invoice.document != "issued":
        return False
    if (invoice.entity_id, invoice.currency) != (payment.entity_id, payment.currency):
        return False
    return payment.customer_id is None or await pays(
        session, payment.customer_id, invoice.customer_id, session.today
    )


async def _holding(
    session: Session, payment: Payment, credit_note_id: str, invoice_id: str | None
) -> list[Payment]:
    """Return the payments with the money that a credit note has left the payer; none if it reduced a debt alone."""
    ids = [with_prefix(credit_note_id, "pay")]
    if invoice_id is not None:
        try:
            ids = credit_use.payments_holding(await session.load(INVOICE, invoice_id), credit_note_id)
        except NoCreditLeft:
            return []
    found = [await session.load(PAYMENT, each) for each in ids]
    owner = (payment.entity_id, payment.currency, payment.customer_id)
    return [
        each
        for each in found
        if (each.entity_id, each.currency, each.customer_id) == owner
        and each.payment_id != payment.payment_id
        and each.unapplied_minor > 0
    ]


def record(session: Session, payment: Payment, advice: RemittanceAdvice, made: AdvisedPlan) -> None:
    """Record in both streams that the advice says what the payment pays."""
    advice_id = decide.stated(advice).advice_id
    if payment.advice_id is None:
        advised = PaymentAdvised(
            payment_id=payment.payment_id, customer_id=payment.customer_id, advice_id=advice_id
        )
        session.emit(payment.payment_id, advised, entity=payment.entity_id)
    joined = settlement.joined(advice, payment, made, payment.customer_id)
    if advice.joined != joined:
        session.emit(advice_id, joined, entity=payment.entity_id)


async def separate(session: Session, payment: Payment, cause: str) -> None:
    """Separate a payment that is reversed from its advice, which waits for its money again."""
    if payment.advice_id is None:
        return
    advice = await session.get(ADVICE, payment.advice_id)
    for event in decide.separate(advice, payment.payment_id, cause):
        session.emit(event.advice_id, event, entity=payment.entity_id)
