"""Judgement of a bank line that takes money back: the payment that it undoes, scored, and whether that is certain.

A reference that bank or debtor gave names the payment; the amount has to agree with what is left of it. No reason alone
books a return, and no amount above what is left is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from msgspec import structs

from encours.contracts.events.money.bank import BankLineRecorded, MatchReason, MatchRule, ReturnProposal
from encours.kernel.money import format_amount
from invoice_svc.domain.bank_line.returns import amounts
from invoice_svc.domain.customer.likeness import plain_name
from invoice_svc.domain.payment.reversal import unstated
from invoice_svc.domain.payment.state import Payment

POINTS: dict[MatchRule, int] = {
    "end_to_end_id": 60,
    "bank_reference": 60,
    "mandate": 20,
    "amount_equal": 25,
    "amount_part": 10,
    "payer_account": 15,
    "payer_name": 10,
    "refused": 0,
}
CERTAIN = 85
"""Score from which a return is booked: a reference and the amount, or a reference, a part of it and the payer."""
LEAST = 40
"""Score from which a return is proposed: the amount and the payer's account."""
MOST_PROPOSALS = 3
LONGEST = timedelta(days=430)
"""Longest time after a payment: 13 months for a debit without authority (C. mon. fin. L133-24), and some days."""


@dataclass(frozen=True, slots=True)
class ReturnedMoney:
    """A payment that a line may take back, with the bank line that brought it, if one did."""

    payment: Payment
    line: BankLineRecorded | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnJudgement:
    """Payments that the line may take back, the best first; ``is_certain`` if the first is booked."""

    proposals: tuple[ReturnProposal, ...] = ()
    is_certain: bool = False

    def refused(self, detail: str) -> ReturnJudgement:
        """Return the judgement of a return that a rule refuses to book: proposed, with the refusal as a reason."""
        first, *others = self.proposals
        reasons = (*first.reasons, _reason("refused", detail))
        return ReturnJudgement((structs.replace(first, reasons=reasons), *others))


def judge_return(line: BankLineRecorded, found: Iterable[ReturnedMoney]) -> ReturnJudgement:
    """Judge a line of money out."""
    scored = [proposal for each in found if (proposal := _proposal(line, each)) is not None]
    proposals = sorted(scored, key=lambda each: (-each.score, each.payment_id))
    certain = [each for each in proposals if each.score >= CERTAIN]
    kept = tuple(each for each in proposals if each.score >= LEAST)[:MOST_PROPOSALS]
    return ReturnJudgement(kept, len(certain) == 1)


def taken_minor(line: BankLineRecorded, payment: Payment) -> int:
    """Return the amount of the payment that the line takes back; 0 if the payment has not that much left.

    It is the amount of a recorded reversal that the line may be; else all that is left, without the charges that the
    line may include; else the amount of the line.
    """
    for amount in amounts(line):
        if unstated(payment, amount, line.booked_on, line.line_id) is not None:
            return amount
    if payment.left_minor in amounts(line):
        return payment.left_minor
    return amounts(line)[0] if amounts(line)[0] <= payment.left_minor else 0


def _proposal(line: BankLineRecorded, money: ReturnedMoney) -> ReturnProposal | None:
    payment = money.payment
    taken = taken_minor(line, payment)
    in_time = timedelta(0) <= line.booked_on - payment.received_on <= LONGEST
    if not taken or not in_time or payment.currency != line.currency or payment.credit_note is not None:
        return None
    reasons = [*_references(line, money), _amount(line, payment, taken), *_payer(line, money)]
    return ReturnProposal(
        payment_id=payment.payment_id,
        customer_id=payment.customer_id,
        received_on=payment.received_on,
        amount_minor=taken,
        score=sum(reason.points for reason in reasons),
        reasons=tuple(reasons),
    )


def _references(line: BankLineRecorded, money: ReturnedMoney) -> list[MatchReason]:
    """Return the reasons by references: one of end-to-end id and bank's reference, and the mandate."""
    before, reasons = money.line, []
    ours = {money.payment.external_ref} | (_of_bank(before) if before else set())
    shared = sorted(ours & _of_bank(line) - {None}, key=str)
    ids = {money.payment.external_ref} | ({before.end_to_end_id} if before else set())
    if line.end_to_end_id is not None and line.end_to_end_id in ids:
        reasons.append(_reason("end_to_end_id", line.end_to_end_id))
    elif shared:
        reasons.append(_reason("bank_reference", shared[0]))
    if before is not None and line.mandate_id is not None and line.mandate_id == before.mandate_id:
        reasons.append(_reason("mandate", line.mandate_id))
    return reasons


def _of_bank(line: BankLineRecorded) -> set[str | None]:
    return {line.bank_reference, line.end_to_end_id, *line.other_references}


def _amount(line: BankLineRecorded, payment: Payment, taken_minor_: int) -> MatchReason:
    known = unstated(payment, taken_minor_, line.booked_on, line.line_id)
    whole = known is not None or taken_minor_ == payment.left_minor
    evidence = f"{format_amount(taken_minor_, line.currency)} {line.currency}"
    return _reason("amount_equal" if whole else "amount_part", evidence)


def _payer(line: BankLineRecorded, money: ReturnedMoney) -> list[MatchReason]:
    before = money.line
    if before is not None and line.party_account is not None and line.party_account == before.party_account:
        return [_reason("payer_account", line.party_account)]
    names = [*money.names, *([before.party_name] if before and before.party_name else [])]
    if line.party_name is None or all(_words(line.party_name) != _words(name) for name in names):
        return []  # of a return, some banks name the creditor
    return [_reason("payer_name", line.party_name)]


def _words(name: str) -> list[str]:
    return sorted(plain_name(name).split())


def _reason(rule: MatchRule, evidence: str | None) -> MatchReason:
    return MatchReason(rule=rule, points=POINTS[rule], evidence=evidence)
