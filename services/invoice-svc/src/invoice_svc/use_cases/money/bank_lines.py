"""Use cases of bank lines: judge, match, ignore, undo. A line is booked by the commands of payments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from encours.contracts.events.bank import BankLineRecorded, MatchReason
from encours.contracts.parties import payer_of
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.bank_line import decide
from invoice_svc.domain.bank_line.commands import IgnoreLine, MatchLine, UndoLine
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.payment.commands import ReceivePayment, ReversePayment
from invoice_svc.matching.judgement import OpenDebt, judge, text_of
from invoice_svc.use_cases.folds import BANK_LINE, CUSTOMER, INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, reversals
from invoice_svc.use_cases.money.advised import Advices
from invoice_svc.use_cases.money.payers import Candidates
from invoice_svc.use_cases.money.payments import Settled

TakenPayments = Callable[[str, Sequence[str]], Awaitable[Collection[str]]]
"""Answers which of the payments of a ledger are a bank line already."""
_BY_PERSON = MatchReason(rule="person", points=0, evidence=None)


async def judge_line(
    session: Session, line_id: str, candidates: Sequence[str], taken: TakenPayments, advices: Advices = ()
) -> Result | None:
    """Book a line whose payment or invoice is certain, or propose what it may pay; nothing for one that is decided.

    ``candidates`` are invoices that the line may name; each is loaded from its own stream.
    """
    state = await session.get(BANK_LINE, line_id)
    line = decide.stated(state)
    if state.status not in ("unmatched", "proposed") or line.amount_minor <= 0:
        return None
    recorded, used = await _recorded_before(session, state, taken)
    if recorded is not None:
        await _book(session, state, recorded, [_by_reference(used)], is_new_payment=False)
        return session.result(line_id)
    debts = [await _debt(session, each, line) for each in candidates]
    judgement = judge(line, [debt for debt in debts if debt.invoice.outstanding_minor > 0], used)
    if judgement.is_certain:
        best = judgement.proposals[0]
        await _receive(session, state, MatchLine(line_id), (best.invoice_id,), list(best.reasons), advices)
    else:
        _emit_all(session, state, decide.propose(state, judgement.proposals))
    return session.result(line_id)


async def match(
    session: Session,
    command: MatchLine,
    candidates: Candidates,
    taken: TakenPayments,
    advices: Advices = (),
) -> Settled:
    """Book a line as a person decides: as a payment that is recorded already, or as a new one with its allocations."""
    state = await session.get(BANK_LINE, command.line_id)
    decide.require_bookable(state)
    if command.payment_id is not None:
        await session.get(PAYMENT, command.payment_id)
        if await session.ask(taken, session.meta.ledger, [command.payment_id]):
            raise decide.PaymentNotOfLine(f"{command.payment_id} is another bank line.")
        return await _book(session, state, command.payment_id, [_BY_PERSON], is_new_payment=False)
    recorded, used = await _recorded_before(session, state, taken)
    if recorded is not None:
        return await _book(session, state, recorded, [_by_reference(used), _BY_PERSON], is_new_payment=False)
    return await _receive(session, state, command, candidates, [_BY_PERSON], advices)


async def ignore(session: Session, command: IgnoreLine) -> Result:
    """Leave a line out, with the reason."""
    state = await session.get(BANK_LINE, command.line_id)
    _emit_all(session, state, decide.ignore(state, command.cause))
    return session.result(command.line_id)


async def undo(session: Session, command: UndoLine) -> Result:
    """Withdraw the decision on a line. A payment recorded with it is reversed as of its receipt."""
    state = await session.get(BANK_LINE, command.line_id)
    _emit_all(session, state, [decide.reopen(state, command.cause)])
    if state.booked is not None and state.booked.is_new_payment:
        payment = await session.get(PAYMENT, state.booked.payment_id)
        if payment.reversed_on is None:
            reversal = ReversePayment(payment.payment_id, payment.received_on, command.cause)
            await reversals.reverse(session, reversal)
    return session.result(command.line_id)


async def _recorded_before(
    session: Session, state: BankLine, taken: TakenPayments
) -> tuple[str | None, str | None]:
    """Return the payment that is the line's money, and the one that has a reference of the line; None for neither."""
    used = None
    for payment_id in decide.payment_ids(state):
        payment = await session.load(PAYMENT, payment_id)
        if not payment.payment_id:
            continue
        if decide.is_same_money(state, payment) and not await session.ask(
            taken, session.meta.ledger, [payment_id]
        ):
            return payment_id, payment_id
        used = used or payment_id
    return None, used


async def _debt(session: Session, invoice_id: str, line: BankLineRecorded) -> OpenDebt:
    """Return an invoice with names and accounts of its customer and of whoever pays for that on the day."""
    invoice = await session.load(INVOICE, invoice_id, guard=False)
    debtor = await session.load(CUSTOMER, invoice.customer_id, guard=False)
    payer_id = payer_of(invoice.customer_id, debtor.roles, line.booked_on)
    payer = debtor if payer_id == invoice.customer_id else await session.load(CUSTOMER, payer_id, guard=False)
    both = (debtor, payer)
    return OpenDebt(
        invoice, tuple(each.name for each in both), tuple(each.iban for each in both if each.iban)
    )


async def _receive(
    session: Session,
    state: BankLine,
    command: MatchLine,
    candidates: Candidates,
    reasons: Sequence[MatchReason],
    advices: Advices,
) -> Settled:
    """Record the line's payment by the command of payments, and book the line as it."""
    line = decide.require_bookable(state)
    customer_id, allocations = command.customer_id, command.allocations
    if command.proposal is not None:
        best = decide.chosen(state, command.proposal)
        allocations = ((best.invoice_id, best.amount_minor, line.currency),)
        reasons = [*best.reasons, *reasons]
    payment_id, external_ref = await _new_payment_id(session, state)
    settled = await payments.receive(
        session,
        ReceivePayment(
            payment_id=payment_id,
            entity_id=state.entity_id,
            customer_id=customer_id,
            received_on=decide.received_on(line, session.today),
            amount_minor=line.amount_minor,
            currency=line.currency,
            method=decide.method_of(line),
            remittance_text=text_of(line)[:2000] or None,
            external_ref=external_ref,
            charges_minor=line.charges_minor,
            allocations=allocations,
        ),
        candidates,
        advices,
    )
    await _book(session, state, payment_id, reasons, is_new_payment=True)
    return Settled(id=command.line_id, as_of=session.today, note=settled.note)


async def _new_payment_id(session: Session, state: BankLine) -> tuple[str, str | None]:
    """Return the id of the line's payment and the reference that it follows from; another id once that is taken."""
    line = decide.stated(state)
    if line.bank_reference is not None and line.place == 1:
        payment_id = decide.payment_ids(state)[0]
        if not (await session.load(PAYMENT, payment_id)).payment_id:
            return payment_id, line.bank_reference
    attempt = 1
    while True:  # ends: each attempt that is taken was booked and undone before
        payment_id = derived_id("pay", line.line_id, attempt)
        if not (await session.load(PAYMENT, payment_id)).payment_id:
            return payment_id, None
        attempt += 1


async def _book(
    session: Session,
    state: BankLine,
    payment_id: str,
    reasons: Sequence[MatchReason],
    *,
    is_new_payment: bool,
) -> Settled:
    payment = await session.get(PAYMENT, payment_id)
    _emit_all(session, state, [decide.book(state, payment, reasons, is_new_payment=is_new_payment)])
    return Settled(id=decide.stated(state).line_id, as_of=session.today)


def _by_reference(payment_id: str | None) -> MatchReason:
    return MatchReason(rule="payment_reference", points=0, evidence=payment_id)


def _emit_all(session: Session, state: BankLine, events: Sequence[decide.Decided]) -> None:
    """Emit decisions on a line. They count from the day of the line, as its payment does."""
    on = min(decide.stated(state).booked_on, session.today)
    for event in events:
        session.emit(event.line_id, event, entity=state.entity_id, effective_on=on)
