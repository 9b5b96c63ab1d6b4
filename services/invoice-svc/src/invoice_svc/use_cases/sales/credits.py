"""Credit notes without an invoice, and the use of what a credit note has left the customer: on invoices, or refunded.

That money is unapplied cash: of the credit note itself, or of the payments that it took off its invoice. So both are
used by the commands of a payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from encours.kernel.ids import derived_id, with_prefix
from encours.kernel.money import Money
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.invoice.credit.rebate import rebates
from invoice_svc.domain.payment import credit_note, credit_use
from invoice_svc.domain.payment.commands import AllocatePayment, Instructed
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.domain.payment.decide import residuals_asked
from invoice_svc.domain.payment.refund import OrderRefund
from invoice_svc.domain.payment.refusals import CreditNotFound
from invoice_svc.domain.payment.state import Payment
from invoice_svc.use_cases.folds import ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.money import early_discount, payments, refunds, residuals
from invoice_svc.use_cases.money.payers import Candidates
from invoice_svc.use_cases.parties.debtors import own_records, unmerged
from invoice_svc.use_cases.sales import invoices
from invoice_svc.use_cases.sales.numbering import number_step


class InvoiceOfCredit(Protocol):
    """Query for the invoice of a credit note; ``None`` if it is not known."""

    async def __call__(self, ledger: str, credit_note_id: str, /) -> str | None: ...


class ApplyCredit(Struct, frozen=True):
    """Allocate what a credit note has left the customer; ``None`` allocates by the rules of a receipt."""

    credit_note_id: str
    allocations: Instructed | None


class RefundCredit(Struct, frozen=True):
    """Pay back what a credit note has left the customer: an amount, or with ``None`` all of it."""

    credit_note_id: str
    amount: Money | None
    cause: str
    iban: str | None = None
    on: date | None = None


class CreditUse(Result, frozen=True, kw_only=True):
    """Result: unapplied amounts, by payment, of what a credit note has left; ``id`` is the first payment's."""

    credit_note_id: str
    unapplied: tuple[tuple[str, Money], ...]
    refunds: tuple[str, ...] = ()


async def issue(session: Session, command: IssueCreditNote) -> Result:
    """Issue a credit note without an invoice; its total is unapplied cash of the customer.

    Each invoice that it cites keeps its part in the same append, so that two at once never credit an amount twice.
    """
    entity = await session.get(ENTITY, command.entity_id)
    on = command.issued_on or session.today
    customer = await unmerged(session, command.customer_id, on)
    cited = [await session.get(INVOICE, invoice_id) for invoice_id in dict.fromkeys(command.invoice_ids)]
    own = await own_records(session, command.customer_id, (each.customer_id for each in cited), on)
    finals = await invoices.final_numbers(session, cited)
    event = credit_note.issue(command, entity, customer, cited, finals, on, session.today, own)
    step = number_step(entity, event.series, "credit_note", on, session.today)
    session.emit(command.payment_id, event, entity=command.entity_id, effective_on=on, number=step)
    for rebated in rebates(event, cited):
        session.emit(rebated.invoice_id, rebated, entity=command.entity_id, effective_on=on)
        await early_discount.take(session, rebated.invoice_id)
    await residuals.close_rests(session)
    return session.result(command.payment_id)


async def apply(
    session: Session, command: ApplyCredit, find: InvoiceOfCredit, candidates: Candidates = ()
) -> CreditUse:
    """Allocate the customer's credit to invoices, from today on."""
    ids = await _payments_of(session, command.credit_note_id, find)
    if command.allocations is None:
        for payment_id in ids:
            await payments.spread(session, AllocatePayment(payment_id, None), candidates)
    else:
        found = [await session.get(PAYMENT, payment_id) for payment_id in ids]
        for payment_id, part in credit_use.parts_of(found, command.allocations).items():
            await payments.spread(session, AllocatePayment(payment_id, part))
    await residuals.close_rests(session, residuals_asked(command.allocations))
    return await _use(session, command.credit_note_id, ids)


async def refund(session: Session, command: RefundCredit, find: InvoiceOfCredit) -> CreditUse:
    """Order refunds of the customer's credit, one for each payment that holds it."""
    ids = await _payments_of(session, command.credit_note_id, find)
    found = [await session.get(PAYMENT, payment_id) for payment_id in ids]
    ordered = []
    for payment_id, share in credit_use.shares_of(found, command.amount).items():
        refund_id = derived_id("rfd", session.meta.command_id, payment_id)
        order = OrderRefund(payment_id, refund_id, share, command.cause, command.iban, command.on)
        await refunds.order_refund(session, order)
        ordered.append(refund_id)
    return await _use(session, command.credit_note_id, ids, tuple(ordered))


async def _payments_of(session: Session, credit_note_id: str, find: InvoiceOfCredit) -> Sequence[str]:
    """Return the payments that hold what the credit note has left the customer.

    Raises ``credit-not-found``, and ``no-credit-left`` for a credit note that reduced a debt alone.
    """
    own = with_prefix(credit_note_id, "pay")
    if (await session.load(PAYMENT, own)).payment_id:
        return [own]
    invoice_id = await session.ask(find, session.meta.ledger, credit_note_id)
    if invoice_id is None:
        raise CreditNotFound(credit_note_id)
    invoice = await session.get(INVOICE, invoice_id)
    return credit_use.payments_holding(invoice, credit_note_id)


async def _use(
    session: Session, credit_note_id: str, ids: Sequence[str], refunds: tuple[str, ...] = ()
) -> CreditUse:
    found: list[Payment] = [await session.get(PAYMENT, payment_id) for payment_id in ids]
    return CreditUse(
        id=found[0].payment_id,
        as_of=session.today,
        credit_note_id=credit_note_id,
        unapplied=tuple(
            (payment.payment_id, Money(payment.unapplied_minor, payment.currency)) for payment in found
        ),
        refunds=refunds,
    )
