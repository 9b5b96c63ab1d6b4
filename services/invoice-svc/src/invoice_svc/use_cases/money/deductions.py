"""Deductions that a remittance advice announces: contested once its payment has come, so that they are not collected.

A code decides alone if the creditor has mapped it to a category (``PUT /v1/deduction-codes/{code}``); other deductions
wait for a person.
"""

from __future__ import annotations

from datetime import date

from encours.contracts.events.money.remittance import AdvisedDeduction
from encours.kernel.ids import derived_id
from encours.ledger.session import Session
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.remittance.decide import stated
from invoice_svc.domain.remittance.state import RemittanceAdvice
from invoice_svc.use_cases.folds import DISPUTE, INVOICE, PAYMENT
from invoice_svc.use_cases.money.claims import open_dispute


async def contest(session: Session, payment_id: str, advice: RemittanceAdvice, on: date) -> None:
    """Open a dispute for each deduction with a mapped code from an invoice that the payment has settled in part.

    Each is opened once, also if another payment joins the advice later; never above what is owed and not contested.
    """
    known = stated(advice)
    payment = await session.get(PAYMENT, payment_id)
    for n, item in enumerate(known.items, 1):
        for k, part in enumerate(item.deductions, 1):
            if item.invoice_id is not None and part.category is not None:
                dispute_id = derived_id("dis", known.advice_id, n, k)
                await _contest(session, payment, item.invoice_id, part, dispute_id, known.advice_id, on)


async def _contest(
    session: Session,
    payment: Payment,
    invoice_id: str,
    part: AdvisedDeduction,
    dispute_id: str,
    advice_id: str,
    on: date,
) -> None:
    days = [x.effective_on for x in payment.allocations if x.allocation.invoice_id == invoice_id]
    if not days or (await session.load(DISPUTE, dispute_id)).dispute_id:
        return
    invoice = await session.get(INVOICE, invoice_id)
    if part.amount_minor > invoice.outstanding_minor - invoice.disputed_minor:
        return
    said = f": {part.text}" if part.text else ""
    await open_dispute(
        session,
        OpenDispute(
            dispute_id=dispute_id,
            invoice_id=invoice_id,
            category=None,
            amount_minor=part.amount_minor,
            text=f"Deducted in remittance advice {advice_id}{said}",
            owner=None,
            opened_on=max(on, *days),
            currency=invoice.currency,
            kind="deduction",
            code=part.code,
            payment_id=payment.payment_id,
        ),
    )
