"""Credit of a payer that is used with a bank line, and given back with it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from encours.contracts.events.money.bank import LineProposal, NettedCredit
from encours.ledger.session import Session
from invoice_svc.domain.payment import credit_use
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.commands import ReceivePayment, ReleasePayment
from invoice_svc.use_cases.folds import PAYMENT
from invoice_svc.use_cases.money import payments


async def is_unchanged(session: Session, credits: Sequence[NettedCredit]) -> bool:
    """Return True if each credit is all that is unapplied of its payment, as when the line was judged."""
    held = [(await session.get(PAYMENT, each.payment_id)).unapplied_minor for each in credits]
    return held == [each.amount_minor for each in credits]


async def receive(session: Session, command: ReceivePayment, best: LineProposal) -> tuple[NettedCredit, ...]:
    """Record the payment of a line and allocate it, with the credit, to the invoices; return the credit's use."""
    shares = [
        Share(each.invoice_id, each.amount_minor, "debtor_indication", each.evidence) for each in best.shares
    ]
    credits = [(each.payment_id, each.amount_minor) for each in best.credits]
    parts = credit_use.divided(shares, credits, command.payment_id)
    used = []
    for credit in best.credits:
        before = await session.get(PAYMENT, credit.payment_id)
        await payments.place(session, before, parts.get(credit.payment_id, []), command.received_on)
        known = {each.allocation.allocation_id for each in before.allocations}
        after = await session.get(PAYMENT, credit.payment_id)
        made = (each.allocation.allocation_id for each in after.allocations)
        used.append(replace(credit, allocation_ids=tuple(each for each in made if each not in known)))
    await payments.receive_for(session, command, parts.get(command.payment_id, []))
    return tuple(used)


async def give_back(session: Session, credits: Sequence[NettedCredit]) -> None:
    """Release what is still allocated of the credit, as of the day from which it was."""
    for credit in credits:
        state = await session.get(PAYMENT, credit.payment_id)
        standing = [x for x in state.allocations if x.allocation.allocation_id in credit.allocation_ids]
        if standing:
            ids = tuple(each.allocation.allocation_id for each in standing)
            first = min(each.effective_on for each in standing)
            await payments.release(session, ReleasePayment(credit.payment_id, ids), first)
