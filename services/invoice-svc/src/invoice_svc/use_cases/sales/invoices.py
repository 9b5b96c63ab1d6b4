"""Commands on an invoice, including credit notes, which alone correct an issued invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.events.invoice import DepositDeducted, DepositFreed, InvoiceCredited, InvoiceIssued
from encours.contracts.parties import roles_on
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.interest import penalties
from invoice_svc.domain.invoice import decide
from invoice_svc.domain.invoice.commands import (
    AmendInvoice,
    CancelInvoice,
    CreditInvoice,
    DraftInvoice,
    IssueInvoice,
    TakeOverInvoice,
)
from invoice_svc.domain.invoice.credit import correction, credit_note
from invoice_svc.domain.invoice.deposits import Deduction, deduct, require_not_deducted
from invoice_svc.domain.invoice.parts import AppliedPayment
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.loss import decide as losses
from invoice_svc.domain.loss import write_off as write_offs
from invoice_svc.domain.loss.decide import DeclareUnrecoverable, ProvisionInvoice
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.use_cases.folds import ENTITY, INVOICE
from invoice_svc.use_cases.money import early_discount, payments, residuals
from invoice_svc.use_cases.parties.debtors import own_records, survivor, unmerged
from invoice_svc.use_cases.sales import billing
from invoice_svc.use_cases.sales.clearance import require_invoice_cleared, with_clearance
from invoice_svc.use_cases.sales.numbering import number_step

SURPLUS = "Deposit above the final invoice"


class Credited(Result, frozen=True, kw_only=True):
    """Result of a credit note; ``id`` is that of the invoice."""

    credit_note_id: str


async def draft(session: Session, command: DraftInvoice) -> Result:
    """Create a draft under a new id; the append refuses an existing one.

    With ``issue`` it gets its number in the same append. It is effective on the day of issue, at the latest today.
    """
    entity = await session.get(ENTITY, command.entity_id)
    day = command.issued_on or session.today
    customer = await unmerged(session, command.customer_id, day)
    drafted_on = min(day, session.today) if command.issue else session.today
    for each in decide.draft(Invoice(), command, entity, customer, day):
        event = await with_clearance(session, command, each)
        session.emit(command.invoice_id, event, entity=command.entity_id, effective_on=drafted_on)
    if command.issue:
        state = await session.load(INVOICE, command.invoice_id)
        await _issue(session, state, day, entity, customer)
    return session.result(command.invoice_id)


async def amend(session: Session, command: AmendInvoice) -> Result:
    """Change the content of a draft from now on."""
    state = await session.get(INVOICE, command.invoice_id)
    entity = await session.get(ENTITY, state.entity_id)
    for each in decide.amend(state, command, entity, session.today):
        event = await with_clearance(session, state, each)
        session.emit(command.invoice_id, event, entity=state.entity_id)
    return session.result(command.invoice_id)


async def issue(session: Session, command: IssueInvoice) -> Result:
    """Give the draft its legal number; the receivable begins. A correction credits the invoice that it replaces."""
    state = await session.get(INVOICE, command.invoice_id)
    entity = await session.get(ENTITY, state.entity_id)
    on = command.issued_on or session.today
    await _issue(session, state, on, entity, await survivor(session, state.customer_id, on))
    return session.result(command.invoice_id)


async def cancel(session: Session, command: CancelInvoice) -> Result:
    """Cancel a draft; its deliveries wait for an invoice again."""
    state = await session.get(INVOICE, command.invoice_id)
    for event in decide.cancel(state):
        session.emit(command.invoice_id, event, entity=state.entity_id)
        await billing.free(session, state, "cancelled", session.today)
    return session.result(command.invoice_id)


async def take_over(session: Session, command: TakeOverInvoice) -> Result:
    """Take over an invoice of another system, with its own number, under a new id."""
    entity = await session.get(ENTITY, command.entity_id)
    customer = await unmerged(session, command.customer_id, command.issued_on)
    for event in decide.take_over(Invoice(), command, entity, customer):
        session.emit(command.invoice_id, event, entity=command.entity_id, effective_on=command.issued_on)
    return session.result(command.invoice_id)


async def credit(session: Session, command: CreditInvoice) -> Credited:
    """Create a credit note with the next number of its series, or with the one that another system gave it.

    Money that it leaves without a debt is unapplied cash from then on: the customer is in credit. An early-payment
    discount that was taken is then one on the rest. Deliveries, deposits and penalties of an invoice that is credited
    as a whole wait for an invoice again. A deposit that a final invoice deducts is credited by the correction of that
    invoice: a credit note of its own would come back with the next correction.
    """
    state = await session.get(INVOICE, command.invoice_id)
    require_not_deducted(state, await final_numbers(session, [state]))
    entity = await session.get(ENTITY, state.entity_id)
    on = command.issued_on or session.today
    command = credit_note.with_amount(state, command)
    asked = state.residual.reason if state.residual and state.residual.instructed else None
    await residuals.reopen(session, command.invoice_id, "credited", on)
    discounted = await early_discount.withdraw(session, command.invoice_id, "credited", on)
    state = await session.get(INVOICE, command.invoice_id)
    surpluses = credit_note.surpluses(state, command, on, session.today)
    for surplus in surpluses:
        part = surplus.part
        await payments.reduce(session, part.payment_id, part.allocation_id, surplus.amount_minor, surplus.on)
    state = await session.get(INVOICE, command.invoice_id)
    for event in credit_note.credit(state, command, on, session.today, surpluses):
        assert isinstance(event, InvoiceCredited)
        step = number_step(entity, event.series, "credit_note", on, session.today)
        session.emit(command.invoice_id, event, entity=state.entity_id, effective_on=on, number=step)
    if (await session.get(INVOICE, command.invoice_id)).creditable_minor == 0:
        await billing.free(session, state, "credited", on)
        await _free_deposits(session, state, on)
        await _free_penalties(session, state, command.cause, on)
    await payments.discount_after_credit(session, command.invoice_id, on, again=discounted)
    await residuals.close_rests(session, kept={command.invoice_id: asked} if asked else None)
    return Credited(id=command.invoice_id, as_of=session.today, credit_note_id=command.credit_note_id)


async def write_off(session: Session, command: WriteOffInvoice) -> Result:
    """Write off an irrecoverable amount."""
    state = await session.get(INVOICE, command.invoice_id)
    on = command.on or session.today
    event = write_offs.write_off(state, command, on, session.today)
    session.emit(command.invoice_id, event, entity=state.entity_id, effective_on=on)
    return session.result(command.invoice_id)


async def provision(session: Session, command: ProvisionInvoice) -> Result:
    """Set the provision for a doubtful debt; 0 releases it."""
    state = await session.get(INVOICE, command.invoice_id)
    on = command.on or session.today
    for event in losses.provision(state, command, on, session.today):
        session.emit(command.invoice_id, event, entity=state.entity_id, effective_on=on)
    return session.result(command.invoice_id)


async def declare_unrecoverable(session: Session, command: DeclareUnrecoverable) -> Result:
    """Declare an amount definitively lost, with the relief of its VAT or without."""
    state = await session.get(INVOICE, command.invoice_id)
    entity = await session.get(ENTITY, state.entity_id)
    on = command.on or session.today
    event = losses.declare_unrecoverable(state, command, entity.country, on, session.today)
    session.emit(command.invoice_id, event, entity=state.entity_id, effective_on=on)
    return session.result(command.invoice_id)


async def reverse_write_off(session: Session, command: ReverseWriteOff) -> Result:
    """Reverse the whole write-off, from today on."""
    state = await session.get(INVOICE, command.invoice_id)
    session.emit(command.invoice_id, write_offs.reverse(state, command), entity=state.entity_id)
    await early_discount.take(session, command.invoice_id)
    await residuals.close_rests(session)
    return session.result(command.invoice_id)


async def final_numbers(session: Session, deposits: Sequence[Invoice]) -> dict[str, str]:
    """Return the numbers of the final invoices that deduct these deposits, by their ids."""
    finals = [each.deducted_by for each in deposits if each.deducted_by is not None]
    return {each: (await session.load(INVOICE, each, guard=False)).number or each for each in finals}


async def _issue(session: Session, state: Invoice, on: date, entity: Entity, ordering: Customer) -> None:
    """Issue to the customer who is billed on that day for what the draft's customer has ordered.

    Each is the record that stands for it on that day. A correction is issued to the customer of the invoice that it
    corrects, which is credited before and whose payments it takes. A final invoice deducts its deposits; what it cannot
    deduct is credited on them. Raises :class:`InvoiceNotCleared` where the credit policy asks for clearance.
    """
    roles = roles_on(ordering.roles, on)
    billed_id = roles.billed_id
    freed: Freed = []
    replaced_minor = 0
    if state.corrects is not None:
        old = await session.get(INVOICE, state.corrects.invoice_id)
        billed_id, replaced_minor = old.customer_id, old.creditable_minor
        freed = await _replace(session, old, state, on)
    billed = await survivor(session, billed_id, on) if billed_id else ordering
    delivered: Customer | None = None
    if roles.delivered_id:
        delivered = await survivor(session, roles.delivered_id, on)
    found = [await session.get(INVOICE, deposit_id) for deposit_id in state.deposits]
    deduction = await _deduction(session, state, found, on) if found else Deduction.of_nothing(state)
    events = decide.issue(state, on, entity, billed, session.today, deduction, delivered)
    left_net, left_total = deduction.net_minor, deduction.net_minor + deduction.vat_minor
    await require_invoice_cleared(session, state, left_net, left_total, replaced_minor)
    for event in events:
        series = event.series if isinstance(event, InvoiceIssued) else None
        step = number_step(entity, series, "invoice", on, session.today)
        session.emit(state.invoice_id, event, entity=state.entity_id, effective_on=on, number=step)
    for deposit_id, parts in deduction.surplus:
        note_id = derived_id("cre", session.meta.command_id, deposit_id)
        await credit(session, CreditInvoice(deposit_id, note_id, on, None, SURPLUS, parts=parts))
    for deposit in found:
        deducted = DepositDeducted(
            invoice_id=deposit.invoice_id,
            customer_id=deposit.customer_id,
            final_invoice_id=state.invoice_id,
        )
        session.emit(deposit.invoice_id, deducted, entity=state.entity_id, effective_on=on)
    for number, (part, amount_minor) in enumerate(freed):
        room = (await session.get(INVOICE, state.invoice_id)).outstanding_minor
        if amount := min(room, amount_minor):
            await payments.move(session, part, amount, state.invoice_id, number)
    if freed:
        await residuals.close_rests(session)


async def _deduction(session: Session, state: Invoice, deposits: Sequence[Invoice], on: date) -> Deduction:
    orderers = [deposit.purchaser_id or deposit.customer_id for deposit in deposits]
    own = await own_records(session, state.customer_id, orderers, on)
    return deduct(state, deposits, on, own, await final_numbers(session, deposits))


Freed = list[tuple[AppliedPayment, int]]
"""Parts of payments that have left an invoice, with the amounts that did, in the invoice's currency."""


async def _replace(session: Session, old: Invoice, replacement: Invoice, on: date) -> Freed:
    """Credit all that is left of an invoice, and free its deposits and deliveries for the one that comes in its place.

    Return the parts of payments that have left it.
    """
    correction.require_correctable(old, await final_numbers(session, [old]))
    note = correction.credit_of(
        old, replacement, derived_id("cre", session.meta.command_id, old.invoice_id), on
    )
    freed = [] if note is None else credit_note.surpluses(old, note, on, session.today)
    if note is not None:
        await credit(session, note)
    await _free_deposits(session, old, on)
    await billing.move(session, old, replacement.invoice_id, on)
    return [(surplus.part, surplus.amount_minor) for surplus in freed]


async def _free_penalties(session: Session, document: Invoice, cause: str, on: date) -> None:
    for part in document.penalises:
        state = await session.get(INVOICE, part.invoice_id)
        for event in penalties.freed(state, document.invoice_id, cause):
            session.emit(part.invoice_id, event, entity=document.entity_id, effective_on=on)


async def _free_deposits(session: Session, final: Invoice, on: date) -> None:
    for each in final.deducted:
        deposit = await session.get(INVOICE, each.invoice_id)
        if deposit.deducted_by == final.invoice_id:
            freed = DepositFreed(
                invoice_id=deposit.invoice_id,
                customer_id=deposit.customer_id,
                final_invoice_id=final.invoice_id,
            )
            session.emit(deposit.invoice_id, freed, entity=deposit.entity_id, effective_on=on)
