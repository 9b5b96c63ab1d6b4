"""Rules of bank lines that take a payment back: returned debits, unpaid cheques, chargebacks, recalls.

Such a line reverses a payment, or is a reversal that was recorded before. Nothing else of the debt is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from encours.contracts.events import bank as events
from encours.contracts.events.money.payment import Method, ReversalKind
from encours.kernel.errors import Invalid
from encours.kernel.money import Money
from encours.legal.returns import return_reason
from invoice_svc.domain.bank_line.decide import BankLineNotBookable, require_open, stated
from invoice_svc.domain.bank_line.state import BankLine
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.domain.payment.state import Payment, Reversal

_RETURNS = frozenset({"UPDD", "UPCQ", "UPCT", "RRTN", "RPCR", "PRDD"})
"""Subfamilies of ISO 20022 bank transaction codes (external code set): unpaid direct debit, cheque and card
transaction, return of a credit transfer, reversal after a request to cancel, reversal of a direct debit."""
_BY_SUBFAMILY: dict[str, ReversalKind] = {
    "UPDD": "returned_debit",
    "PRDD": "returned_debit",
    "UPCQ": "bounced_cheque",
    "UPCT": "chargeback",
    "RPCR": "recall",
}
_BY_METHOD: dict[Method, ReversalKind] = {
    "direct_debit": "returned_debit",
    "cheque": "bounced_cheque",
    "bill_of_exchange": "unpaid_bill",
    "promissory_note": "unpaid_bill",
    "card": "chargeback",
    "transfer": "recall",
    "instant_transfer": "recall",
}

_OF_DEBITS = frozenset({"MD01", "MD02", "MD06", "MD07", "MS02", "SL01", "AC13", "AG01", "FF05"})
"""Reasons that EPC173-14 has for direct debits alone."""


def is_return(line: events.BankLineRecorded) -> bool:
    """Return True for money out that the bank states as a return or a reversal."""
    subfamily = (line.bank_code or "").split("-")[-1]
    named = line.return_code is not None or line.is_reversal or subfamily in _RETURNS
    return line.amount_minor < 0 and named and not line.is_announced


def references_of(line: events.BankLineRecorded) -> list[str]:
    """Return what a line and the return of its money have in common: references, the mandate, the payer's account."""
    named = (
        line.bank_reference,
        line.end_to_end_id,
        *line.other_references,
        line.mandate_id,
        line.party_account,
    )
    return list(dict.fromkeys(each for each in named if each))


def require_returnable(state: BankLine) -> events.BankLineRecorded:
    """Return the bank's statement of money out that is not decided. Raises refusals."""
    line = stated(state)
    require_open(state)
    if line.is_announced:
        raise BankLineNotBookable(f"{line.line_id} is announced; the statement of its day will book it.")
    return line


def amounts(line: events.BankLineRecorded) -> tuple[int, ...]:
    """Return what may have gone back: the amount of the line, then that without the charges that it may include."""
    whole, charges = -line.amount_minor, line.charges_minor or 0
    return (whole, whole - charges) if 0 < charges < whole else (whole,)


def kind_of(line: events.BankLineRecorded, method: Method | None) -> ReversalKind:
    """Return the kind of a reversal by the bank's reason, its code of the transaction, or the means of payment."""
    reason = return_reason(line.return_code, line.booked_on)
    if reason is not None and reason.consequence == "recalled":
        return "recall"
    by_code = _BY_SUBFAMILY.get((line.bank_code or "").split("-")[-1])
    if by_code is None and line.return_code in _OF_DEBITS:
        return "returned_debit"
    return by_code or (_BY_METHOD.get(method, "other") if method else "other")


def reversal_of(
    line: events.BankLineRecorded, payment: Payment, amount_minor: int, reversal_id: str
) -> ReversePayment:
    """Return the command that reverses a payment as the line states it."""
    words = " ".join(part for part in (line.return_code, line.remittance_text) if part)
    return ReversePayment(
        payment_id=payment.payment_id,
        on=max(payment.received_on, line.booked_on),
        cause=words[:200] or "returned by the bank",
        amount=Money(amount_minor, line.currency),
        kind=kind_of(line, None if payment.method == "credit_note" else payment.method),
        return_code=line.return_code,
        reference=line.bank_reference,
        reversal_id=reversal_id,
        line_id=line.line_id,
        charges_minor=line.charges_minor,
    )


def propose(
    state: BankLine, proposals: tuple[events.ReturnProposal, ...]
) -> list[events.BankLineReturnProposed]:
    """Leave the line to a person; no event without a proposal, or if they are the same."""
    line = stated(state)
    if not proposals or proposals == state.return_proposals:
        return []
    return [
        events.BankLineReturnProposed(line_id=line.line_id, account_id=line.account_id, proposals=proposals)
    ]


def book(
    state: BankLine,
    payment: Payment,
    reversal: Reversal,
    reasons: Sequence[events.MatchReason],
    *,
    is_new_reversal: bool,
) -> events.BankLineReturnBooked:
    """Book the line as a reversal of the payment."""
    line = require_returnable(state)
    return events.BankLineReturnBooked(
        line_id=line.line_id,
        account_id=line.account_id,
        payment_id=payment.payment_id,
        reversal_id=reversal.event.reversal_id or "",
        customer_id=payment.customer_id,
        currency=line.currency,
        amount_minor=reversal.amount_minor,
        return_code=line.return_code,
        charges_minor=line.charges_minor,
        is_new_reversal=is_new_reversal,
        score=sum(reason.points for reason in reasons),
        reasons=tuple(reasons),
    )


def chosen(state: BankLine, number: int) -> events.ReturnProposal:
    """Return a proposal by its number, from 1. Raises :class:`Invalid`."""
    if not 1 <= number <= len(state.return_proposals):
        raise Invalid(f"The line has {len(state.return_proposals)} proposals.", "/proposal")
    return state.return_proposals[number - 1]
