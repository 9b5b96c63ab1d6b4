"""Judgement of a bank line: the invoices that it names, scored, and whether one of them is certain.

The reference or the number names an invoice, the amount and the payer confirm it. No reason alone books a line: a right
number with another amount or another payer is left to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stdnum import iso11649
from stdnum.exceptions import ValidationError

from encours.contracts.events.bank import BankLineRecorded, LineProposal, MatchReason, MatchRule
from encours.kernel.money import format_amount
from invoice_svc.domain.customer.likeness import plain_name
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.indication import indication, number_key

POINTS: dict[MatchRule, int] = {
    "structured_reference": 60,
    "invoice_number": 50,
    "amount_equal": 25,
    "payer_account": 15,
    "payer_name": 10,
    "amount_differs": -30,
    "payer_differs": -40,
    "payment_reference": -40,
}
CERTAIN = 85
"""Score from which a line is booked: a reference and the amount, or a number, the amount and the payer."""
MOST_PROPOSALS = 3
_LEAST_PREFIX = 8
"""Fewest characters of a name that a bank cut off."""


@dataclass(frozen=True, slots=True)
class OpenDebt:
    """An open invoice with names and accounts of those who may pay it: its customer and whoever pays for it."""

    invoice: Invoice
    names: tuple[str, ...]
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Invoices that the line may pay, the best first; ``is_certain`` if the first is booked without a person."""

    proposals: tuple[LineProposal, ...] = ()
    is_certain: bool = False


def reference_key(reference: str | None) -> str | None:
    """Return the letters and digits of an invoice number in a reference of ISO 11649; None if it is not valid."""
    try:
        return iso11649.compact(iso11649.validate(reference or ""))[4:]
    except ValidationError:
        return None


def text_of(line: BankLineRecorded) -> str:
    """Return the words of the payer: the remittance text with the number in the creditor reference, or that itself."""
    reference = reference_key(line.creditor_reference) or line.creditor_reference
    return " ".join(part for part in (line.remittance_text, reference) if part)


def judge(line: BankLineRecorded, debts: Sequence[OpenDebt], used_reference: str | None = None) -> Judgement:
    """Judge a line. ``used_reference`` is the payment that has the line's reference, with another amount or day."""
    by_number = {debt.invoice.number: debt for debt in debts if debt.invoice.number}
    found = indication(line.remittance_text, by_number)
    named = {citation.number: _reason("invoice_number", citation.words) for citation in found.cited}
    key = reference_key(line.creditor_reference)
    for number in by_number:
        if key is not None and number_key(number) == key:
            named[number] = _reason("structured_reference", line.creditor_reference)
    proposals = sorted(
        (_proposal(line, by_number[number], reason, used_reference) for number, reason in named.items()),
        key=lambda each: (-each.score, each.invoice_number),
    )
    clear = len(proposals) == 1 and not found.unclear
    return Judgement(tuple(proposals[:MOST_PROPOSALS]), clear and proposals[0].score >= CERTAIN)


def _proposal(
    line: BankLineRecorded, debt: OpenDebt, named: MatchReason, used_reference: str | None
) -> LineProposal:
    invoice = debt.invoice
    equal = invoice.outstanding_minor == line.amount_minor
    open_amount = f"{format_amount(invoice.outstanding_minor, line.currency)} {line.currency}"
    reasons = [named, _reason("amount_equal" if equal else "amount_differs", open_amount)]
    if (payer := _payer(line, debt)) is not None:
        reasons.append(payer)
    if used_reference is not None:
        reasons.append(_reason("payment_reference", used_reference))
    return LineProposal(
        customer_id=invoice.customer_id,
        invoice_id=invoice.invoice_id,
        invoice_number=invoice.number or "",
        amount_minor=min(line.amount_minor, invoice.outstanding_minor),
        score=sum(reason.points for reason in reasons),
        reasons=tuple(reasons),
    )


def _payer(line: BankLineRecorded, debt: OpenDebt) -> MatchReason | None:
    """Return the reason by the payer; None if the bank names none."""
    if line.party_account is not None and line.party_account in debt.accounts:
        return _reason("payer_account", line.party_account)
    if line.party_name is None:
        return None
    fits = any(_same_name(line.party_name, name) for name in debt.names)
    return _reason("payer_name" if fits else "payer_differs", line.party_name)


def _same_name(stated: str, known: str) -> bool:
    """Return True for names of the same words in any order, or for one that the bank cut off."""
    one, other = plain_name(stated), plain_name(known)
    if sorted(one.split()) == sorted(other.split()):
        return True
    return len(one) >= _LEAST_PREFIX and other.startswith(one)


def _reason(rule: MatchRule, evidence: str | None) -> MatchReason:
    return MatchReason(rule=rule, points=POINTS[rule], evidence=evidence)
