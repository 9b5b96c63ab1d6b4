"""Payer of a payment, and the open invoices that it may settle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from encours.ledger.session import Session
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment import decide
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.indication import cited, naming
from invoice_svc.domain.payment.legal_order import LegalOrder
from invoice_svc.domain.payment.state import Payment
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.parties.debtors import payer_on, pays


class OpenInvoices(Protocol):
    """Query for ids of open invoices that a payment of this payer, with this bank text, may settle, in order.

    ``None`` if the read model lags: the payment is recorded all the same.
    """

    async def __call__(
        self, ledger: str, entity_id: str, customer_id: str | None, currency: str, text: str | None, /
    ) -> Sequence[str] | None: ...


Candidates = OpenInvoices | Sequence[str]
"""The query, or its result if the caller has it."""


async def pays_for(session: Session, payment: Payment, invoice: Invoice, on: date) -> bool:
    """Return True if the payment's customer is known, and pays the invoice on the day."""
    payer = payment.customer_id
    return payer is not None and await pays(session, payer, invoice.customer_id, on)


async def open_invoices(
    session: Session, payment: Payment, candidates: Candidates, on: date, order: LegalOrder
) -> list[Invoice] | None:
    """Return the invoices that the text names, which identify the payer; then those that the cash may settle.

    These are as many as it can settle by age, with equally old ones, and where the policy ranks debts all that are due.
    """
    if payment.customer_id is None and not payment.remittance_text:
        return []
    payer, text = payment.customer_id, payment.remittance_text
    ids = (
        candidates
        if isinstance(candidates, Sequence)
        else await session.ask(
            candidates, session.meta.ledger, payment.entity_id, payer, payment.currency, text
        )
    )
    if ids is None:
        return None
    may_name = naming(text)
    found: list[Invoice] = []
    reach = 0
    for invoice_id in ids:
        invoice = await session.load(INVOICE, invoice_id, guard=False)
        if reach >= payment.unapplied_minor and not (
            may_name(invoice.number or "") or order.may_precede(invoice, found)
        ):
            break
        same = (invoice.entity_id, invoice.currency) == (payment.entity_id, payment.currency)
        owed = invoice.outstanding_minor + invoice.written_off_minor + invoice.payable_residual_minor > 0
        known = payment.customer_id is not None
        if same and owed and (not known or await pays_for(session, payment, invoice, on)):
            found.append(invoice)
            reach += invoice.outstanding_minor - invoice.disputed_minor
    return found


async def identify_by_indication(
    session: Session, payment: Payment, invoices: list[Invoice], on: date
) -> Payment:
    """Identify the payer if one customer pays all the invoices that the text names."""
    if payment.customer_id is not None:
        return payment
    by_number = {invoice.number: invoice for invoice in invoices if invoice.number}
    payers = {
        await payer_on(session, by_number[citation.number].customer_id, on)
        for citation in cited(payment.remittance_text, by_number)
    }
    return await identified(session, payment, payers.pop()) if len(payers) == 1 else payment


async def identify_by_instruction(
    session: Session, payment: Payment, shares: list[Share], on: date
) -> Payment:
    """Identify the payer as the one who pays the first invoice of the shares."""
    if payment.customer_id is not None or not shares:
        return payment
    first = await session.get(INVOICE, shares[0].invoice_id)
    return await identified(session, payment, await payer_on(session, first.customer_id, on))


async def identified(session: Session, payment: Payment, customer_id: str) -> Payment:
    """Identify the payer, and return the payment with it."""
    for day, event in decide.identify(payment, customer_id):
        session.emit(payment.payment_id, event, entity=payment.entity_id, effective_on=day)
    return await session.get(PAYMENT, payment.payment_id)
