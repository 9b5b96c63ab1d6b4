"""Bank lines that take a payment back: judged, matched by a person, undone. Reversals book them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from encours.contracts.events.money.bank import BankLineRecorded, MatchReason
from encours.kernel.ids import derived_id
from encours.kernel.money import Money
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.bank_line import decide, returns
from invoice_svc.domain.bank_line.commands import MatchLine
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.payment import reversal
from invoice_svc.domain.payment.commands import RestoreReversal
from invoice_svc.domain.payment.decide import Dated
from invoice_svc.domain.payment.refusals import AmountExceedsPayment
from invoice_svc.domain.payment.state import Payment
from invoice_svc.matching.returns import ReturnedMoney, judge_return, taken_minor
from invoice_svc.use_cases.folds import BANK_LINE, CUSTOMER, PAYMENT
from invoice_svc.use_cases.money import reversals
from invoice_svc.use_cases.money.payments import Settled

FoundReturns = Callable[[str, str, BankLineRecorded], Awaitable[Sequence[tuple[str, str | None]]]]
"""Finds payments that a line of a ledger and an entity may take back, each with the bank line that brought it."""
_BY_PERSON = MatchReason(rule="person", points=0, evidence=None)


async def judge_line(
    session: Session, line_id: str, find: FoundReturns, refusal: str | None = None
) -> Result | None:
    """Book a return whose payment is certain, or propose the payments that it may take back.

    ``refusal`` is that of an earlier attempt to book it: the line is then proposed with it.
    """
    state = await session.get(BANK_LINE, line_id)
    line = decide.stated(state)
    if state.status not in ("unmatched", "proposed") or not returns.is_return(line):
        return None
    found = await session.ask(find, session.meta.ledger, state.entity_id, line)
    by_reference = [(payment_id, None) for payment_id in decide.payment_ids(state)]
    known = {payment_id for payment_id, _ in found}
    wanted = [*found, *(each for each in by_reference if each[0] not in known)]
    judgement = judge_return(line, [money for each in wanted if (money := await _money(session, *each))])
    if judgement.is_certain and refusal is not None:
        judgement = judgement.refused(refusal)
    if judgement.is_certain:
        best = judgement.proposals[0]
        await _book(session, state, best.payment_id, best.amount_minor, list(best.reasons))
    else:
        _emit(session, state, returns.propose(state, judgement.proposals))
    return session.result(line_id)


async def match(session: Session, state: BankLine, command: MatchLine) -> Settled:
    """Book money out as the return of the payment that a person names, or of a proposal."""
    line = returns.require_returnable(state)
    reasons: list[MatchReason] = [_BY_PERSON]
    payment_id = command.payment_id
    if command.proposal is not None:
        best = returns.chosen(state, command.proposal)
        payment_id, reasons = best.payment_id, [*best.reasons, _BY_PERSON]
    if payment_id is None:
        raise decide.BankLineNotBookable(
            f"{line.line_id} is money out: {Money(line.amount_minor, line.currency)}."
        )
    payment = await session.get(PAYMENT, payment_id)
    if (payment.entity_id, payment.currency) != (state.entity_id, line.currency):
        raise decide.PaymentNotOfLine(f"{payment_id} is of another entity or in {payment.currency}.")
    await _book(session, state, payment_id, taken_minor(line, payment), reasons)
    return Settled(id=command.line_id, as_of=session.today)


async def undo(session: Session, state: BankLine, cause: str) -> None:
    """Restore what the line took back, if its reversal was recorded with it; else the line is that no more."""
    assert state.returned is not None, "the caller has looked"
    payment = await session.get(PAYMENT, state.returned.payment_id)
    known = reversal.find(payment, state.returned.reversal_id)
    if state.returned.is_new_reversal:
        wanted = RestoreReversal(payment.payment_id, state.returned.reversal_id, cause)
        await reversals.restore(session, wanted)
        return
    _emit_payment(session, payment, reversal.state_line(payment, known, None))


async def _money(session: Session, payment_id: str, line_id: str | None) -> ReturnedMoney | None:
    payment = await session.load(PAYMENT, payment_id, guard=False)
    if not payment.payment_id:
        return None
    names: tuple[str, ...] = ()
    if payment.customer_id is not None:
        names = ((await session.load(CUSTOMER, payment.customer_id, guard=False)).name,)
    brought = (await session.load(BANK_LINE, line_id, guard=False)).stated if line_id is not None else None
    return ReturnedMoney(payment, brought, names)


async def _book(
    session: Session, state: BankLine, payment_id: str, amount_minor: int, reasons: Sequence[MatchReason]
) -> None:
    """Reverse the payment by the line, unless a reversal that is the line was recorded before."""
    line = returns.require_returnable(state)
    payment = await session.get(PAYMENT, payment_id)
    if not amount_minor:
        left = Money(payment.left_minor, payment.currency)
        raise AmountExceedsPayment(f"{left} is left of {payment_id}, less than the line takes back.")
    known = reversal.unstated(payment, amount_minor, line.booked_on, line.line_id)
    is_new = known is None
    if known is None:
        reversal_id = derived_id("rvl", line.line_id, len(payment.reversals))
        await reversals.reverse(session, returns.reversal_of(line, payment, amount_minor, reversal_id))
        payment = await session.get(PAYMENT, payment_id)
        known = reversal.find(payment, reversal_id)
    else:
        _emit_payment(session, payment, reversal.state_line(payment, known, line.line_id))
    _emit(session, state, [returns.book(state, payment, known, reasons, is_new_reversal=is_new)])


def _emit(session: Session, state: BankLine, events: Sequence[decide.Decided]) -> None:
    """Emit decisions on a line. They count from the day of the line."""
    on = min(decide.stated(state).booked_on, session.today)
    for event in events:
        session.emit(event.line_id, event, entity=state.entity_id, effective_on=on)


def _emit_payment(session: Session, payment: Payment, dated: Sequence[Dated]) -> None:
    for day, event in dated:
        session.emit(payment.payment_id, event, entity=payment.entity_id, effective_on=day)
