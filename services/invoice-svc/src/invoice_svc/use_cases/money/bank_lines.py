"""Use cases of bank lines: judge, match, ignore, undo. A line is booked by the commands of payments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from encours.contracts.events.money.bank import LineProposal, MatchReason, NettedCredit
from encours.contracts.events.money.payment import PaymentStated
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.bank_line import decide
from invoice_svc.domain.bank_line.commands import CorrectLine, IgnoreLine, MatchLine, UndoLine
from invoice_svc.domain.bank_line.marks import text_of
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.invoice.residual import require_settled
from invoice_svc.domain.payment.commands import Instructed, ReceivePayment, ReversePayment
from invoice_svc.domain.payment.state import Payment
from invoice_svc.matching.judgement import Judgement
from invoice_svc.use_cases.folds import BANK_LINE, INVOICE, PAYMENT
from invoice_svc.use_cases.money import bank_instruments, bank_returns, netting, payments, reversals
from invoice_svc.use_cases.money.advised import Advices
from invoice_svc.use_cases.money.payers import Candidates
from invoice_svc.use_cases.money.payments import Settled

TakenPayments = Callable[[str, Sequence[str]], Awaitable[Collection[str]]]
"""Answers which of the payments of a ledger are a bank line already."""
_BY_PERSON = MatchReason(rule="person", points=0, evidence=None)


class JudgementOutdated(Exception):
    """The ledger has moved on since the line was judged; it has to be judged again."""


async def judge_line(
    session: Session,
    line_id: str,
    judgement: Judgement,
    taken: TakenPayments,
    instrument_ids: Sequence[str] = (),
) -> Result | None:
    """Book a line whose payment or invoices are certain, or propose what it may pay; nothing for one that is decided.

    ``instrument_ids``: cheques, bills and notes that may have its number.

    A person's decision, also one that was withdrawn, is never changed. Raises :class:`JudgementOutdated` if other money
    has come for the invoices since.
    """
    state = await session.get(BANK_LINE, line_id)
    if not decide.is_for_machine(state):
        return None
    recorded, used = await _recorded_before(session, state, taken)
    if recorded is not None:
        await _book(session, state, recorded, [_by_reference(used)], is_new_payment=False)
        return session.result(line_id)
    if instrument_ids and (paid := await bank_instruments.pay(session, state, instrument_ids, taken)):
        reason = MatchReason(rule="instrument_number", points=0, evidence=paid.number)
        await _book(session, state, paid.payment_id, [reason], is_new_payment=paid.is_new)
        return session.result(line_id)
    if used is not None:
        judgement = judgement.against(used)
    if not judgement.is_certain:
        _emit_all(session, state, decide.propose(state, judgement.proposals))
        return session.result(line_id)
    for invoice_id, open_minor in judgement.open_minor.items():
        if (await session.get(INVOICE, invoice_id)).outstanding_minor != open_minor:
            raise JudgementOutdated(line_id)
    best = judgement.proposals[0]
    if not await netting.is_unchanged(session, best.credits):
        raise JudgementOutdated(line_id)
    payment = await _payment_of(session, state, best.customer_id, advice_id=best.advice_id)
    credits: Sequence[NettedCredit] = ()
    if best.advice_id is not None:
        await payments.receive(session, payment)
    else:
        credits = await netting.receive(session, payment, best)
        if judgement.tolerated_id is not None:
            require_settled(await session.get(INVOICE, judgement.tolerated_id))
    await _book(session, state, payment.payment_id, best.reasons, credits, is_new_payment=True)
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
    if decide.stated(state).amount_minor < 0:
        return await bank_returns.match(session, state, command)
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


async def correct(
    session: Session,
    command: CorrectLine,
    candidates: Candidates,
    taken: TakenPayments,
    advices: Advices = (),
) -> Settled:
    """Withdraw the decision on a line and book it anew, as a person decides."""
    await undo(session, UndoLine(command.match.line_id, command.cause))
    return await match(session, command.match, candidates, taken, advices)


async def ignore(session: Session, command: IgnoreLine) -> Result:
    """Leave a line out, with the reason."""
    state = await session.get(BANK_LINE, command.line_id)
    _emit_all(session, state, decide.ignore(state, command.cause))
    return session.result(command.line_id)


async def undo(session: Session, command: UndoLine) -> Result:
    """Withdraw the decision on a line. A payment recorded with it is reversed as of its receipt, credit released."""
    state = await session.get(BANK_LINE, command.line_id)
    _emit_all(session, state, [decide.reopen(state, command.cause)])
    if state.returned is not None:
        await bank_returns.undo(session, state, command.cause)
    if state.booked is not None:
        payment = await session.get(PAYMENT, state.booked.payment_id)
        if payment.line_id == command.line_id:
            _link(session, payment, None)
        if state.booked.is_new_payment and payment.reversed_on is None:
            reversal = ReversePayment(
                payment.payment_id,
                payment.received_on,
                command.cause,
                kind="wrong_booking",
                reversal_id=derived_id("rvl", session.meta.command_id, payment.payment_id),
            )
            await reversals.reverse(session, reversal)
        await netting.give_back(session, state.booked.credits)
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
    customer_id, allocations, advice_id = command.customer_id, command.allocations, None
    if command.proposal is not None:
        best = decide.chosen(state, command.proposal)
        customer_id, advice_id = best.customer_id, best.advice_id
        if advice_id is None:
            allocations = tuple(
                (share.invoice_id, share.amount_minor, line.currency) for share in best.shares
            )
        reasons = [*best.reasons, *reasons]
        if best.credits:
            return await _receive_netted(session, state, best, reasons)
    payment = await _payment_of(session, state, customer_id, allocations, advice_id)
    settled = await payments.receive(session, payment, candidates, advices)
    await _book(session, state, payment.payment_id, reasons, is_new_payment=True)
    return Settled(id=command.line_id, as_of=session.today, note=settled.note)


async def _receive_netted(
    session: Session, state: BankLine, best: LineProposal, reasons: Sequence[MatchReason]
) -> Settled:
    """Record the line's payment with the credit that a person confirms to be netted."""
    payment = await _payment_of(session, state, best.customer_id)
    used = await netting.receive(session, payment, best)
    return await _book(session, state, payment.payment_id, reasons, used, is_new_payment=True)


async def _payment_of(
    session: Session,
    state: BankLine,
    customer_id: str | None,
    allocations: Instructed | None = None,
    advice_id: str | None = None,
) -> ReceivePayment:
    """Return the command that records the line's money."""
    line = decide.require_bookable(state)
    payment_id, external_ref = await _new_payment_id(session, state)
    return ReceivePayment(
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
        advice_id=advice_id,
    )


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
    credits: Sequence[NettedCredit] = (),
    *,
    is_new_payment: bool,
) -> Settled:
    payment = await session.get(PAYMENT, payment_id)
    line_id = decide.stated(state).line_id
    _emit_all(session, state, [decide.book(state, payment, reasons, credits, is_new_payment=is_new_payment)])
    if not is_new_payment:
        _link(session, payment, line_id)
    return Settled(id=line_id, as_of=session.today)


def _link(session: Session, payment: Payment, line_id: str | None) -> None:
    """Record in the payment's stream which line it is, so that the append refuses a second one of this moment."""
    stated = PaymentStated(payment_id=payment.payment_id, customer_id=payment.customer_id, line_id=line_id)
    session.emit(payment.payment_id, stated, entity=payment.entity_id, effective_on=payment.received_on)


def _by_reference(payment_id: str | None) -> MatchReason:
    return MatchReason(rule="payment_reference", points=0, evidence=payment_id)


def _emit_all(session: Session, state: BankLine, events: Sequence[decide.Decided]) -> None:
    """Emit decisions on a line. They count from the day of the line, as its payment does."""
    on = min(decide.stated(state).booked_on, session.today)
    for event in events:
        session.emit(event.line_id, event, entity=state.entity_id, effective_on=on)
