"""Commands on a payment. Its allocations are appended with it, to the streams of the payment and of each invoice.

The query :class:`OpenInvoices`, an argument of the use case, finds the invoices that a payment may settle: those that
the bank text names, then the oldest due. Each is loaded from its own stream before cash is allocated to it, and the
append verifies its version.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.events.money.payment import PaymentReleased
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.invoice import decide as invoice_rules
from invoice_svc.domain.invoice import discount as discounts
from invoice_svc.domain.invoice.parts import AppliedPayment
from invoice_svc.domain.loss import decide as losses
from invoice_svc.domain.payment import conversion, decide
from invoice_svc.domain.payment.allocation import Share, cited_ids, propose
from invoice_svc.domain.payment.commands import (
    AllocatePayment,
    Instructed,
    ReassignPayment,
    ReceivePayment,
    ReleasePayment,
)
from invoice_svc.domain.payment.state import ActiveAllocation, Payment
from invoice_svc.domain.remittance import decide as remittance
from invoice_svc.domain.remittance import settlement
from invoice_svc.domain.remittance.state import RemittanceAdvice
from invoice_svc.use_cases.folds import ADVICE, ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.money import (
    advised,
    deductions,
    early_discount,
    payers,
    policies,
    rates,
    residuals,
)
from invoice_svc.use_cases.money.advised import Advices
from invoice_svc.use_cases.money.payers import (
    Candidates,
    identified,
    identify_by_indication,
    identify_by_instruction,
    pays_for,
)
from invoice_svc.use_cases.parties.debtors import survivor, unmerged

DEFERRED = (
    "The list of open invoices lags behind the ledger, so the payment is recorded and unapplied. "
    "POST …/allocations without a body to allocate it."
)

REPEATED = "A payment with this reference, day and amount is recorded already; nothing was recorded again."

UNCLEAR = (
    "The bank text does not identify one open invoice{whose} ({words}), so the rest of the payment is unapplied. "
    "POST …/allocations with the invoices to settle."
)


class Settled(Result, frozen=True, kw_only=True):
    """Result of an allocation; ``note`` is the reason if cash is unapplied that could have been allocated."""

    note: str | None = None


async def receive(
    session: Session, command: ReceivePayment, candidates: Candidates = (), advices: Advices = ()
) -> Settled:
    """Record the payment and allocate it to invoices; the rest stays unapplied.

    A payment that the bank or the gateway delivers again, with the reference and the content of the first, is answered
    as the first.
    """
    if not await _record(session, command):
        return Settled(id=command.payment_id, as_of=session.today, note=REPEATED)
    if command.advice_id is not None:
        payment = await session.get(PAYMENT, command.payment_id)
        advice = await session.get(ADVICE, command.advice_id)
        settled = await settle_as_advised(session, payment, advice, command.received_on)
    else:
        settled = await _settle(
            session, command.payment_id, command.allocations, candidates, command.received_on, advices
        )
    await residuals.close_rests(session, decide.residuals_asked(command.allocations))
    return settled


async def receive_for(session: Session, command: ReceivePayment, shares: list[Share]) -> None:
    """Record the payment and allocate it to what the debtor is known to pay."""
    await _record(session, command)
    await place(session, await session.get(PAYMENT, command.payment_id), shares, command.received_on)
    await residuals.close_rests(session)


async def _record(session: Session, command: ReceivePayment) -> bool:
    """Record the payment; return False if it is recorded already."""
    await session.get(ENTITY, command.entity_id)
    if command.customer_id is not None:
        require_customer_of(await unmerged(session, command.customer_id), command.entity_id)
    state = await session.load(PAYMENT, command.payment_id)
    if decide.is_repeated(state, command):
        return False
    _emit(session, command.payment_id, command.entity_id, decide.receive(state, command, session.today))
    return True


async def allocate(
    session: Session, command: AllocatePayment, candidates: Candidates = (), advices: Advices = ()
) -> Settled:
    """Allocate unapplied cash to invoices, from today on; identify the payer if unknown."""
    settled = await spread(session, command, candidates, advices)
    await residuals.close_rests(session, decide.residuals_asked(command.allocations))
    return settled


async def spread(
    session: Session, command: AllocatePayment, candidates: Candidates = (), advices: Advices = ()
) -> Settled:
    """Allocate as :func:`allocate` does, for a command that allocates more and then closes what is left."""
    state = await session.get(PAYMENT, command.payment_id)
    if command.allocations:
        state = await residuals.restore(session, command.payment_id, "used", session.today)
    if command.customer_id is not None:
        require_customer_of(await unmerged(session, command.customer_id), state.entity_id)
        _emit(session, state.payment_id, state.entity_id, decide.identify(state, command.customer_id))
    return await _settle(session, command.payment_id, command.allocations, candidates, session.today, advices)


async def reassign(
    session: Session, command: ReassignPayment, candidates: Candidates = (), advices: Advices = ()
) -> Settled:
    """Move a payment to the customer who paid, with its date of receipt, and allocate it to that one's invoices."""
    state = await session.get(PAYMENT, command.payment_id)
    require_customer_of(await unmerged(session, command.customer_id), state.entity_id)
    moved = decide.reassign(state, command.customer_id, command.cause)
    if not moved:
        return Settled(id=command.payment_id, as_of=session.today)
    await take_back(session, state, moved, "released")
    await discount_what_is_left(session, moved)
    await advised.separate(session, state, command.cause)
    since = moved[-1][0]
    settled = await _settle(session, command.payment_id, command.allocations, candidates, since, advices)
    await residuals.close_rests(session, decide.residuals_asked(command.allocations))
    return settled


async def release(session: Session, command: ReleasePayment, since: date | None = None) -> Result:
    """Release allocations to unapplied cash, from today on or an earlier day; the invoices are open again."""
    on = since or session.today
    state = await residuals.restore(session, command.payment_id, "released", on)
    released = decide.release(state, command.allocation_ids, on)
    await take_back(session, state, released, "released")
    await discount_what_is_left(session, released)
    await residuals.close_rests(session)
    return session.result(command.payment_id)


async def reduce(session: Session, payment_id: str, allocation_id: str, by_minor: int, on: date) -> None:
    """Release a part of an allocation from a day on; the rest stays on the invoice under a new id.

    ``by_minor`` is in the invoice's currency.
    """
    state = await residuals.restore(session, payment_id, "released", on)
    released = decide.release(state, [allocation_id], on)
    rest = [
        decide.rest_of(
            state,
            standing,
            by_minor,
            derived_id("alo", session.meta.command_id, payment_id, allocation_id),
            on,
        )
        for standing in state.allocations
        if standing.allocation.allocation_id == allocation_id and standing.allocation.settled_minor > by_minor
    ]
    await take_back(session, state, released, "released")
    await put_on_invoices(session, await session.get(PAYMENT, payment_id), rest)


async def move(
    session: Session, part: AppliedPayment, amount_minor: int, invoice_id: str, number: int
) -> None:
    """Allocate cash that a correction has freed to the new invoice, from today on, whoever pays by now.

    The amount is in the invoice's currency, at most that of the freed part; ``number`` is the part's among those freed.
    """
    payment = await session.get(PAYMENT, part.payment_id)
    invoice = await session.get(INVOICE, invoice_id)
    share = Share(invoice_id, amount_minor, "instructed", None)
    if part.paid is not None:
        share = conversion.resettled(part, part.paid, payment.unapplied_minor, share)
    allocation_id = derived_id("alo", session.meta.command_id, part.payment_id, number)
    placed = decide.place(payment, share, invoice, allocation_id, session.today, is_payer=True)
    await settle_with(session, payment, [placed])


async def _settle(
    session: Session,
    payment_id: str,
    instructed: Instructed | None,
    candidates: Candidates,
    not_before: date,
    advices: Advices = (),
) -> Settled:
    payment = await session.get(PAYMENT, payment_id)
    if instructed is None:
        return await _settle_by_rules(session, payment, candidates, not_before, advices)
    shares = await rates.instructed_shares(session, payment, instructed)
    payment = await identify_by_instruction(session, payment, shares, not_before)
    await place(session, payment, shares, not_before)
    payment = await session.get(PAYMENT, payment_id)
    advice = await advised.find(session, payment, advices, (), newest=False) if shares else None
    if advice is not None:
        advised.record(session, payment, advice, settlement.as_instructed(advice, payment))
        await deductions.contest(session, payment_id, advice, not_before)
    return Settled(id=payment_id, as_of=session.today)


async def _settle_by_rules(
    session: Session, payment: Payment, candidates: Candidates, not_before: date, advices: Advices
) -> Settled:
    order = await policies.legal_order(session, payment)
    open_invoices = await payers.open_invoices(session, payment, candidates, not_before, order)
    note = DEFERRED if open_invoices is None else None
    open_invoices, payer = open_invoices or [], payment.customer_id
    payment = await identify_by_indication(session, payment, open_invoices, not_before)
    if payment.customer_id != payer:  # the rest is allocated as if the caller had named the payer
        order = await policies.legal_order(session, payment)
        again = await payers.open_invoices(session, payment, candidates, not_before, order)
        open_invoices = again or open_invoices
    theirs = [each for each in open_invoices if await pays_for(session, payment, each, not_before)]
    listed = advices if note is None else ()
    advice = await advised.find(session, payment, listed, cited_ids(payment.remittance_text, theirs))
    if advice is not None:
        return await settle_as_advised(session, payment, advice, not_before)
    proposal = propose(payment.unapplied_minor, theirs, payment.remittance_text, order)
    left = payment.unapplied_minor - sum(share.amount_minor for share in proposal.shares)
    if proposal.unclear and left and note is None:
        whose = f" that {payment.customer_id} pays on {not_before}" if payment.customer_id else ""
        note = UNCLEAR.format(whose=whose, words=", ".join(proposal.unclear))
    await place(session, payment, proposal.shares, not_before)
    return Settled(id=payment.payment_id, as_of=session.today, note=note)


async def settle_as_advised(
    session: Session, payment: Payment, advice: RemittanceAdvice, not_before: date
) -> Settled:
    """Allocate the payment, and credit that the advice nets, as the advice says; they belong together from then on.

    Raises ``payment-reversed`` and the refusals of :func:`invoice_svc.domain.remittance.decide.require_joinable`.
    """
    decide.require_stands(payment)
    same_payer = await advised.is_of_payer(session, advice, payment)
    remittance.require_joinable(advice, payment, same_payer=same_payer)
    customer_id = remittance.stated(advice).customer_id
    if payment.customer_id is None and customer_id is not None:
        payer = await survivor(session, customer_id, session.today)
        payment = await identified(session, payment, payer.customer_id)
    made = await advised.plan(session, payment, advice)
    payment = await identify_by_instruction(
        session, payment, made.shares.get(payment.payment_id, []), not_before
    )
    advised.record(session, payment, advice, made)
    for payment_id, shares in made.shares.items():
        await place(session, await session.get(PAYMENT, payment_id), shares, not_before)
    await deductions.contest(session, payment.payment_id, advice, not_before)
    note = settlement.note_of(advice, made)
    return Settled(id=payment.payment_id, as_of=session.today, note=note)


async def place(session: Session, payment: Payment, shares: list[Share], not_before: date) -> None:
    """Allocate shares of a payment from a day on; a residual that they pay is taken back."""
    placed: list[ActiveAllocation] = []
    for i, share in enumerate(shares):
        invoice = await session.get(INVOICE, share.invoice_id)
        allocation_id = derived_id("alo", session.meta.command_id, payment.payment_id, i)
        is_payer = await pays_for(session, payment, invoice, not_before)
        if invoice.payable_residual_minor and share.settled_minor > invoice.outstanding_minor:
            await residuals.reopen(session, share.invoice_id, "paid", max(not_before, payment.received_on))
            invoice = await session.get(INVOICE, share.invoice_id)
        placed.append(decide.place(payment, share, invoice, allocation_id, not_before, is_payer=is_payer))
    await settle_with(session, payment, placed)


async def settle_with(session: Session, payment: Payment, placed: list[ActiveAllocation]) -> None:
    """Allocate shares of a payment, with the discounts for early payment that they take."""
    await put_on_invoices(session, payment, placed)
    for standing in placed:
        await early_discount.take(session, standing.allocation.invoice_id)


async def put_on_invoices(session: Session, payment: Payment, placed: list[ActiveAllocation]) -> None:
    """Allocate shares of a payment, in its stream and in those of the invoices."""
    _emit(session, payment.payment_id, payment.entity_id, decide.allocate(payment, placed))
    for standing in placed:
        allocation = standing.allocation
        invoice = await session.get(INVOICE, allocation.invoice_id)
        if recovered := decide.recovered_by(allocation.settled_minor, invoice):
            found = losses.recover(invoice, payment.payment_id, recovered)
            session.emit(
                allocation.invoice_id, found, entity=payment.entity_id, effective_on=standing.effective_on
            )
            invoice = await session.get(INVOICE, allocation.invoice_id)
        for event in invoice_rules.apply_payment(
            invoice,
            payment_id=payment.payment_id,
            payer_id=payment.customer_id,
            allocation_id=allocation.allocation_id,
            amount_minor=allocation.settled_minor,
            received_on=payment.received_on,
            paid=allocation.settles
            and conversion.used_of(allocation.settles, allocation.amount_minor, payment.currency),
        ):
            session.emit(
                allocation.invoice_id, event, entity=payment.entity_id, effective_on=standing.effective_on
            )
        await rates.realise_difference(session, allocation.invoice_id, standing.effective_on)


async def take_back(
    session: Session, state: Payment, dated: Sequence[decide.Dated], cause: invoice_rules.UnappliedCause
) -> None:
    """Emit decisions on a payment; what they release leaves the invoices, with the discounts that it took."""
    _emit(session, state.payment_id, state.entity_id, dated)
    for day, event in dated:
        if not isinstance(event, PaymentReleased):
            continue
        for allocation in event.allocations:
            invoice = await session.get(INVOICE, allocation.invoice_id)
            for unapplied in invoice_rules.unapply_payment(
                invoice, allocation_id=allocation.allocation_id, cause=cause
            ):
                session.emit(allocation.invoice_id, unapplied, entity=state.entity_id, effective_on=day)
            await rates.reverse_difference(session, allocation.invoice_id, allocation.allocation_id, day)
            await residuals.reopen(session, allocation.invoice_id, cause, day)
            await early_discount.withdraw(session, allocation.invoice_id, cause, day)


async def discount_what_is_left(session: Session, dated: Sequence[decide.Dated]) -> None:
    """Settle the invoices that allocations have left if their other payments, in time, are just their price."""
    left = (event.allocations for _, event in dated if isinstance(event, PaymentReleased))
    for invoice_id in dict.fromkeys(each.invoice_id for allocations in left for each in allocations):
        await early_discount.take(session, invoice_id)


async def discount_after_credit(session: Session, invoice_id: str, on: date, *, again: bool) -> None:
    """Settle the invoice with the discount on what a credit note has left, if what is paid in time is its price.

    ``again``: a discount was taken before. The payer then has in credit what the payments are above the price.
    """
    invoice = await session.get(INVOICE, invoice_id)
    lacking = discounts.discount_minor(invoice) - invoice.outstanding_minor if again else 0
    for part in sorted(invoice.applied, key=lambda part: part.effective_on, reverse=True):
        surplus = min(lacking, part.amount_minor)
        if surplus > 0:
            day = max(on, part.effective_on)
            await reduce(session, part.payment_id, part.allocation_id, surplus, day)
            lacking -= surplus
    await early_discount.take(session, invoice_id)


def _emit(session: Session, payment_id: str, entity_id: str, dated: Sequence[decide.Dated]) -> None:
    for day, event in dated:
        session.emit(payment_id, event, entity=entity_id, effective_on=day)
