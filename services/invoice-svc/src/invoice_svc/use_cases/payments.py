"""Commands on a payment. What it settles is appended with it, to the payment's stream and to each invoice's.

``candidates`` are invoices that a read model believes to be open, those that the bank text names first and then
the oldest due. Each is loaded from its own stream before any money goes on it, and the append verifies that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.payment import PaymentReleased
from encours.kernel.errors import DomainError, FieldError
from encours.kernel.ids import derived_id
from encours.ledger.session import Session
from invoice_svc.domain.invoice import decide as invoice_rules
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment import decide
from invoice_svc.domain.payment.allocation import Share, propose
from invoice_svc.domain.payment.commands import (
    AllocatePayment,
    ReceivePayment,
    ReleasePayment,
    ReversePayment,
)
from invoice_svc.domain.payment.indication import cited, keys_in, number_key
from invoice_svc.domain.payment.state import Payment, Standing, require
from invoice_svc.use_cases import customers, entities, invoices
from invoice_svc.use_cases.folds import INVOICE, PAYMENT

Instructed = tuple[tuple[str, int], ...] | None


async def receive(session: Session, command: ReceivePayment, candidates: Sequence[str] = ()) -> None:
    """Record the money, then put it on invoices; what none takes stays unapplied."""
    await entities.known(session, command.entity_id)
    if command.customer_id is not None:
        await _check_payer(session, command.customer_id, command.entity_id)
    state = await session.load(PAYMENT, command.payment_id)
    _emit(session, command.payment_id, command.entity_id, decide.receive(state, command, session.meta.today))
    await _settle(session, command.payment_id, command.allocations, candidates, command.received_on)


async def allocate(session: Session, command: AllocatePayment, candidates: Sequence[str] = ()) -> None:
    """Put unapplied cash on invoices, from today on; tell who paid, where that was unknown."""
    state = await known(session, command.payment_id)
    if command.customer_id is not None:
        await _check_payer(session, command.customer_id, state.entity_id)
        _emit(session, state.payment_id, state.entity_id, decide.identify(state, command.customer_id))
    await _settle(session, command.payment_id, command.allocations, candidates, session.meta.today)


async def release(session: Session, command: ReleasePayment) -> None:
    """Allocations go back to unapplied cash, from today on; the invoices are open again."""
    state = await known(session, command.payment_id)
    await _take_back(
        session, state, decide.release(state, command.allocation_ids, session.meta.today), "released"
    )
    _answer(session, command.payment_id)


async def reverse(session: Session, command: ReversePayment) -> None:
    """The payment came undone: its invoices are open again from their original due dates."""
    state = await known(session, command.payment_id)
    await _take_back(session, state, decide.reverse(state, command, session.meta.today), "reversed")
    _answer(session, command.payment_id)


async def known(session: Session, payment_id: str) -> Payment:
    """The payment, verified by the append; or not found."""
    return require(await session.load(PAYMENT, payment_id), payment_id)


async def _settle(
    session: Session, payment_id: str, instructed: Instructed, candidates: Sequence[str], not_before: date
) -> None:
    payment = await known(session, payment_id)
    if instructed is None:
        open_invoices = await _open_candidates(session, payment, candidates)
        payment = await _identify_by_indication(session, payment, open_invoices)
        theirs = [invoice for invoice in open_invoices if invoice.customer_id == payment.customer_id]
        shares = propose(payment.unapplied_minor, theirs, payment.remittance_text)
    else:
        shares = _as_instructed(instructed)
        payment = await _identify_by_instruction(session, payment, shares)
    await _place(session, payment, shares, not_before)
    _answer(session, payment_id)


async def _open_candidates(session: Session, payment: Payment, candidates: Sequence[str]) -> list[Invoice]:
    """All that the text names, as they say together who pays and what first; then as many as the money can reach."""
    named = set(keys_in(payment.remittance_text))
    reach, found = 0, []
    for invoice_id in candidates:
        enough = reach >= payment.unapplied_minor
        if enough and not named:
            break
        invoice = await session.load(INVOICE, invoice_id, guard=False)
        if enough and number_key(invoice.number or "") not in named:
            break
        same = (invoice.entity_id, invoice.currency) == (payment.entity_id, payment.currency)
        if same and invoice.outstanding_minor > 0 and payment.customer_id in (None, invoice.customer_id):
            found.append(invoice)
            reach += invoice.outstanding_minor - invoice.disputed_minor
    return found


async def _identify_by_indication(session: Session, payment: Payment, invoices_: list[Invoice]) -> Payment:
    """A payer who names invoices of one customer is taken to be that customer."""
    if payment.customer_id is not None:
        return payment
    by_number = {invoice.number: invoice.customer_id for invoice in invoices_ if invoice.number}
    payers = {by_number[citation.number] for citation in cited(payment.remittance_text, by_number)}
    return await _identified(session, payment, payers.pop()) if len(payers) == 1 else payment


async def _identify_by_instruction(session: Session, payment: Payment, shares: list[Share]) -> Payment:
    if payment.customer_id is not None or not shares:
        return payment
    return await _identified(
        session, payment, (await invoices.known(session, shares[0].invoice_id)).customer_id
    )


async def _identified(session: Session, payment: Payment, customer_id: str) -> Payment:
    _emit(session, payment.payment_id, payment.entity_id, decide.identify(payment, customer_id))
    return await known(session, payment.payment_id)


def _as_instructed(instructed: tuple[tuple[str, int], ...]) -> list[Share]:
    named = [invoice_id for invoice_id, _ in instructed]
    if len(set(named)) < len(named):
        fault = FieldError("/allocations", "Name each invoice once.")
        raise DomainError("invalid-request", "An invoice is named twice.", status=422, errors=(fault,))
    return [Share(invoice_id, amount_minor, "instructed", None) for invoice_id, amount_minor in instructed]


async def _place(session: Session, payment: Payment, shares: list[Share], not_before: date) -> None:
    placed: list[Standing] = []
    for i, share in enumerate(shares):
        invoice = await invoices.known(session, share.invoice_id)
        allocation_id = derived_id("alo", session.meta.command_id, payment.payment_id, i)
        placed.append(decide.place(payment, share, invoice, allocation_id, not_before))
    _emit(session, payment.payment_id, payment.entity_id, decide.allocate(payment, placed))
    for standing in placed:
        allocation = standing.allocation
        invoice = await invoices.known(session, allocation.invoice_id)
        for event in invoice_rules.apply_payment(
            invoice,
            payment_id=payment.payment_id,
            allocation_id=allocation.allocation_id,
            amount_minor=allocation.amount_minor,
            received_on=payment.received_on,
        ):
            session.emit(
                allocation.invoice_id, event, entity=payment.entity_id, effective_on=standing.effective_on
            )


async def _take_back(
    session: Session, state: Payment, dated: list[decide.Dated], cause: invoice_rules.UnappliedCause
) -> None:
    _emit(session, state.payment_id, state.entity_id, dated)
    for day, fact in dated:
        if not isinstance(fact, PaymentReleased):
            continue
        for allocation in fact.allocations:
            invoice = await invoices.known(session, allocation.invoice_id)
            for event in invoice_rules.unapply_payment(
                invoice, allocation_id=allocation.allocation_id, cause=cause
            ):
                session.emit(allocation.invoice_id, event, entity=state.entity_id, effective_on=day)


async def _check_payer(session: Session, customer_id: str, entity_id: str) -> None:
    customer = await customers.known(session, customer_id)
    if customer.entity_id != entity_id:
        raise DomainError(
            "customer-of-other-entity",
            f"{customer_id} is a customer of {customer.entity_id}, not of {entity_id}.",
            status=422,
            errors=(FieldError("/customer_id", f"Name a customer of {entity_id}, or none."),),
        )


def _emit(session: Session, payment_id: str, entity_id: str, dated: list[decide.Dated]) -> None:
    for day, event in dated:
        session.emit(payment_id, event, entity=entity_id, effective_on=day)


def _answer(session: Session, payment_id: str) -> None:
    session.answer(id=payment_id, as_of=session.meta.today.isoformat())
