"""Rules of a line of a bank statement. It moves money only when it is booked as a payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.events import bank as events
from encours.contracts.events.money.payment import Method
from encours.kernel.errors import Invalid, Refusal
from encours.kernel.money import Money
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.domain.payment.state import Payment

Decided = (
    events.BankLineProposed
    | events.BankLineBooked
    | events.BankLineReturnProposed
    | events.BankLineReturnBooked
    | events.BankLineIgnored
    | events.BankLineReopened
)
_METHODS: dict[str, Method] = {
    "PMNT-RRCT": "instant_transfer",
    "PMNT-IDDT": "direct_debit",
    "PMNT-RCHQ": "cheque",
    "PMNT-MCRD": "card",
    "PMNT-CNTR": "cash",
}
"""Domain and family of ISO 20022 bank transaction codes (external code set): instant credits received, direct debits
issued, cheques received, cards of merchants, counter. All others are transfers."""
_MOST_REFERENCES = 7


class BankLineDecided(Refusal):
    """The line is booked or ignored already."""

    code = "bank-line-decided"
    title = "Bank line is decided already"
    remedy = "Undo the decision with POST /v1/bank-lines/{id}/undo first."


class BankLineUndecided(Refusal):
    """No decision on the line could be withdrawn."""

    code = "bank-line-undecided"
    title = "Bank line is not decided"
    remedy = "Match or ignore the line; only a decision can be undone."


class BankLineNotBookable(Refusal):
    """The line brings no money: it is announced alone, or money out."""

    code = "bank-line-not-bookable"
    title = "Bank line brings no money"
    remedy = "Book money that a statement has booked in; for a return, name the payment in `payment_id`."


class PaymentNotOfLine(Refusal):
    """The payment has another amount, currency or entity, was reversed, or is another line."""

    code = "payment-not-of-line"
    title = "Payment is not that of the line"
    remedy = "Name a payment of the same amount that no other line is, or book the line as a new one."


def stated(state: BankLine) -> events.BankLineRecorded:
    """Return what the bank states of a line that exists."""
    assert state.stated is not None, "the line was loaded with its refusal"
    return state.stated


def is_for_machine(state: BankLine) -> bool:
    """Return True for a line of money in that nobody has decided, nor withdrawn a decision on."""
    undecided = state.status in ("unmatched", "proposed") and not state.is_left_to_person
    return undecided and stated(state).amount_minor > 0


def require_bookable(state: BankLine) -> events.BankLineRecorded:
    """Return the bank's statement of a line that brings money and is not decided. Raises refusals."""
    line = stated(state)
    require_open(state)
    if line.is_announced:
        raise BankLineNotBookable(f"{line.line_id} is announced; the statement of its day will book it.")
    if line.amount_minor <= 0:
        raise BankLineNotBookable(f"{line.line_id} is money out: {_money(line)}.")
    return line


def ignore(state: BankLine, cause: str) -> list[events.BankLineIgnored]:
    """Leave the line out; no event if it is ignored for that reason already."""
    line = stated(state)
    if state.ignored_cause == cause:
        return []
    require_open(state)
    return [events.BankLineIgnored(line_id=line.line_id, account_id=line.account_id, cause=cause)]


def reopen(state: BankLine, cause: str) -> events.BankLineReopened:
    """Withdraw the decision on the line. Raises :class:`BankLineUndecided`."""
    line = stated(state)
    if state.status not in ("booked", "ignored"):
        raise BankLineUndecided(f"{line.line_id} is {state.status}.")
    return events.BankLineReopened(
        line_id=line.line_id,
        account_id=line.account_id,
        payment_id=state.booked.payment_id if state.booked else None,
        cause=cause,
    )


def propose(state: BankLine, proposals: tuple[events.LineProposal, ...]) -> list[events.BankLineProposed]:
    """Leave the line to a person; no event without a proposal, or if they are the same."""
    line = stated(state)
    if not proposals or proposals == state.proposals:
        return []
    return [events.BankLineProposed(line_id=line.line_id, account_id=line.account_id, proposals=proposals)]


def book(
    state: BankLine,
    payment: Payment,
    reasons: Sequence[events.MatchReason],
    credits: Sequence[events.NettedCredit] = (),
    *,
    is_new_payment: bool,
) -> events.BankLineBooked:
    """Book the line as that payment. Raises :class:`PaymentNotOfLine`."""
    line = require_bookable(state)
    same = (payment.entity_id, payment.currency, payment.amount_minor) == (
        state.entity_id, line.currency, line.amount_minor,
    )  # fmt: skip
    if not same:
        amount = Money(payment.amount_minor, payment.currency)
        raise PaymentNotOfLine(f"{payment.payment_id} is {amount}, the line {_money(line)}.")
    if payment.reversed_on is not None:
        raise PaymentNotOfLine(f"{payment.payment_id} was reversed on {payment.reversed_on}.")
    if payment.line_id not in (None, line.line_id):
        raise PaymentNotOfLine(f"{payment.payment_id} is another bank line.")
    return events.BankLineBooked(
        line_id=line.line_id,
        account_id=line.account_id,
        payment_id=payment.payment_id,
        customer_id=payment.customer_id,
        currency=line.currency,
        amount_minor=line.amount_minor,
        party_account=line.party_account,
        is_new_payment=is_new_payment,
        score=sum(reason.points for reason in reasons),
        reasons=tuple(reasons),
        credits=tuple(credits),
    )


def chosen(state: BankLine, number: int) -> events.LineProposal:
    """Return a proposal by its number, from 1. Raises :class:`Invalid`."""
    if not 1 <= number <= len(state.proposals):
        raise Invalid(f"The line has {len(state.proposals)} proposals.", "/proposal")
    return state.proposals[number - 1]


def received_on(line: events.BankLineRecorded, today: date) -> date:
    """Return the day on which the funds were available: the value date, unless it is still to come."""
    return line.value_on if line.value_on is not None and line.value_on <= today else line.booked_on


def method_of(line: events.BankLineRecorded) -> Method:
    """Return the means of payment by the bank's code."""
    return _METHODS.get("-".join((line.bank_code or "").split("-")[:2]), "transfer")


def payment_ids(state: BankLine) -> list[str]:
    """Return the ids of payments that may have been recorded under a reference of the line, that of the bank first.

    Of lines that nothing else tells apart, the first alone can be such a payment.
    """
    line = stated(state)
    if line.place > 1:
        return []
    references = (line.bank_reference, line.end_to_end_id, *line.other_references)
    named = dict.fromkeys(reference for reference in references if reference)
    return [payment_id_of(state.entity_id, each) for each in list(named)[:_MOST_REFERENCES]]


def is_same_money(state: BankLine, payment: Payment) -> bool:
    """Return True if the payment has amount, currency and day of the line, stands, and is no other line.

    The day of a payment of an instrument may have been presumed.
    """
    line = stated(state)
    return (
        (payment.amount_minor, payment.currency) == (line.amount_minor, line.currency)
        and (payment.received_on in (line.booked_on, line.value_on) or payment.instrument_id is not None)
        and payment.reversed_on is None
        and payment.line_id in (None, line.line_id)
    )


def require_open(state: BankLine) -> None:
    """Raise :class:`BankLineDecided` for a line that is booked or ignored."""
    line = stated(state)
    if state.returned is not None:
        raise BankLineDecided(f"{line.line_id} is booked as the return of {state.returned.payment_id}.")
    if state.booked is not None:
        raise BankLineDecided(f"{line.line_id} is booked as {state.booked.payment_id}.")
    if state.ignored_cause is not None:
        raise BankLineDecided(f"{line.line_id} is ignored: {state.ignored_cause}")


def _money(line: events.BankLineRecorded) -> Money:
    return Money(line.amount_minor, line.currency)
