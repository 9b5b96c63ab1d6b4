"""Reversals of payments: by the bank, by the payer, or because they were booked wrongly."""

from __future__ import annotations

from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.payment import decide, reversal
from invoice_svc.domain.payment.allocation import again
from invoice_svc.domain.payment.commands import RestoreReversal, ReversePayment
from invoice_svc.domain.payment.state import Payment, Reversal
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import advised, covers, payments, residuals


async def reverse(session: Session, command: ReversePayment) -> Result:
    """Reverse a payment, or a part of it: its invoices are open again from their original due dates.

    A reversal that the bank or the gateway delivers again is answered as the first.
    """
    state = await session.get(PAYMENT, command.payment_id)
    on = command.on or session.today
    if command.line_id is None and reversal.is_recorded(state, command, on):
        return session.result(command.payment_id)
    state = await residuals.restore(session, command.payment_id, "reversed", command.on or session.today)
    took = reversal.taken(state, command, await _disputed(session, state, command))
    dated = reversal.reverse(state, command, took, session.today)
    await payments.take_back(session, state, dated, "reversed")
    rest = [
        kept
        for number, each in enumerate(took)
        if (kept := decide.rest_paid(each.standing, each.left_minor, _rest_id(session, state, number), on))
    ]
    if rest:
        await payments.put_on_invoices(session, await session.get(PAYMENT, state.payment_id), rest)
    await payments.discount_what_is_left(session, dated)
    await residuals.close_rests(session)
    after = await session.get(PAYMENT, state.payment_id)
    await covers.payment_reversed(session, after)
    if after.reversed_on is not None:
        await advised.separate(session, state, command.cause)
    return session.result(command.payment_id)


async def restore(session: Session, command: RestoreReversal) -> Result:
    """Restore what a reversal took that was recorded wrongly, on the invoices that it left, as far as these are open.

    It counts from the day of the reversal, once.
    """
    state = await session.get(PAYMENT, command.payment_id)
    known = reversal.find(state, command.reversal_id)
    dated = reversal.restore(state, known, command.cause)
    await payments.take_back(session, state, dated, "reversed")
    if dated:
        await _allocate_again(session, await session.get(PAYMENT, state.payment_id), known)
        await residuals.close_rests(session)
        await covers.payment_restored(session, await session.get(PAYMENT, state.payment_id))
    return session.result(command.payment_id)


async def _allocate_again(session: Session, state: Payment, known: Reversal) -> None:
    for number, taken in enumerate(known.taken):
        invoice = await session.get(INVOICE, taken.invoice_id)
        share = again(taken, invoice, state.unapplied_minor)
        if share is not None:
            allocation_id = derived_id("alo", session.meta.command_id, state.payment_id, "again", number)
            day = known.effective_on
            placed = decide.place(state, share, invoice, allocation_id, day, is_payer=True)
            await payments.settle_with(session, state, [placed])
            state = await session.get(PAYMENT, state.payment_id)


async def _disputed(session: Session, state: Payment, command: ReversePayment) -> set[str]:
    """Return the invoices of the payment that are in dispute, where a part of the payment is reversed."""
    if command.amount is None:
        return set()
    ids = {standing.allocation.invoice_id for standing in state.allocations}
    return {each for each in ids if (await session.get(INVOICE, each)).disputed_minor}


def _rest_id(session: Session, state: Payment, number: int) -> str:
    return derived_id("alo", session.meta.command_id, state.payment_id, "rest", number)
