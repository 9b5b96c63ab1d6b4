"""Judgement of a bank line: sets of invoices that it may pay, scored, and whether one of them is certain.

A number, a reference, an advice or the amount itself names invoices; amount and payer confirm them. No reason alone
books a line: a right number with another amount or another payer is left to a person, and so is a line that two sets
explain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from encours.contracts.events.money.bank import BankLineRecorded, LineProposal, NettedCredit, ProposedShare
from invoice_svc.domain.bank_line.marks import texts_of
from invoice_svc.matching.announced import AnnouncedPayment
from invoice_svc.matching.explanations import Explaining, LineExplanation, PaidShare, reason
from invoice_svc.matching.open_items import OpenItems

CERTAIN = 85
"""Score from which a line is booked: a reference and the amount, or a number, the amount and the payer."""
MOST_PROPOSALS = 3
_MOST_PAYERS = 12
_EXACT = frozenset({"amount_equal", "bank_charge", "part_payment", "tolerance", "credit_netted"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """Sets that the line may pay, the best first; ``is_certain`` if the first is booked without a person.

    ``open_minor``: what was outstanding on the invoices of the first. ``tolerated_id`` is the one of them of which a
    tolerance has to close what is left.
    """

    proposals: tuple[LineProposal, ...] = ()
    is_certain: bool = False
    open_minor: Mapping[str, int] = field(default_factory=dict)
    tolerated_id: str | None = None

    @property
    def settled(self) -> list[tuple[str, int]]:
        """Invoices of the first set, with the amount that is no longer open once the line is booked."""
        return [
            (
                share.invoice_id,
                self.open_minor[share.invoice_id]
                if share.invoice_id == self.tolerated_id
                else share.amount_minor,
            )
            for share in self.proposals[0].shares
        ]

    def against(self, payment_id: str) -> Judgement:
        """Return the judgement of a line whose reference another payment has: nothing is certain."""
        used = reason("payment_reference", payment_id)
        proposals = tuple(
            structs.replace(each, score=each.score + used.points, reasons=(*each.reasons, used))
            for each in self.proposals
        )
        return Judgement(proposals)

    def refused(self, detail: str) -> Judgement:
        """Return the judgement of a line whose booking a rule refuses: proposed, with the refusal as a reason."""
        first, *others = self.proposals
        reasons = (*first.reasons, reason("refused", detail))
        return Judgement((structs.replace(first, reasons=reasons), *others))


def judge(
    line: BankLineRecorded,
    index: OpenItems,
    advices: Sequence[AnnouncedPayment] = (),
) -> Judgement:
    """Judge a line by the open items of its currency, and by the advices that may announce it."""
    explaining = Explaining.of(line, index)
    found = _distinct(_explanations(explaining, advices))
    certain = [each for each in found if each.score >= CERTAIN and _is_whole(line, each)]
    proposals = tuple(_proposal(each) for each in found[:MOST_PROPOSALS])
    if len(certain) != 1 or certain[0] is not found[0]:
        return Judgement(proposals)
    open_minor = {share.item.invoice_id: share.item.outstanding_minor for share in found[0].shares}
    is_tolerated = any(each.rule == "tolerance" for each in found[0].reasons)
    tolerated_id = found[0].shares[-1].item.invoice_id if is_tolerated else None
    return Judgement(proposals, is_certain=True, open_minor=open_minor, tolerated_id=tolerated_id)


def _explanations(explaining: Explaining, advices: Sequence[AnnouncedPayment]) -> Iterator[LineExplanation]:
    line, index = explaining.line, explaining.index
    texts = texts_of(line)
    for advice in advices:
        is_named = advice.is_named_in(texts)
        if is_named or advice.total_minor == line.amount_minor:
            yield from explaining.by_advice(advice, is_named=is_named)
    payers = _payers(explaining)
    for payer_id in payers[:_MOST_PAYERS]:
        yield from explaining.by_payer(payer_id)
    if not payers:
        yield from _of_that_amount(line, index)


def _payers(explaining: Explaining) -> list[str]:
    """Return the customers that the line may come from, those named in most ways first.

    The ways are account, number, name and the virtual IBAN that was credited.
    """
    line, index = explaining.line, explaining.index
    found: dict[str, int] = {}
    named = index.named(line.party_name) if line.party_name else set()
    numbered = {index.items[each].customer_id for each in explaining.numbered}
    if (item := explaining.structured()) is not None:
        numbered.add(item.customer_id)
    holders = index.holders_on(line.credited_account, line.booked_on)
    for ways in (index.by_account.get(line.party_account or "", set()), named, numbered, holders):
        for payer_id in {index.payer_on(each, line.booked_on) for each in ways} | ways:
            found[payer_id] = found.get(payer_id, 0) + 1
    return sorted(found, key=lambda each: (-found[each], each))


def _of_that_amount(line: BankLineRecorded, index: OpenItems) -> Iterator[LineExplanation]:
    """Yield the invoices of just that amount, where the line tells nothing else."""
    equal = sorted(index.by_amount.get(line.amount_minor, ()))
    if len(equal) <= MOST_PROPOSALS:
        for each in equal:
            item = index.items[each]
            payer_id = index.payer_on(item.customer_id, line.booked_on)
            share = PaidShare(item, line.amount_minor, None)
            yield LineExplanation(payer_id, (share,), (reason("amount_equal", item.number),))


def _is_whole(line: BankLineRecorded, explanation: LineExplanation) -> bool:
    """Return True if the amount is explained to the last cent."""
    paid = sum(share.minor for share in explanation.shares) - explanation.netted_minor
    return paid == line.amount_minor and any(each.rule in _EXACT for each in explanation.reasons)


def _distinct(explanations: Iterable[LineExplanation]) -> list[LineExplanation]:
    """Return the best explanation of each outcome, the best outcomes first."""
    best: dict[frozenset[tuple[str, int]], LineExplanation] = {}
    for each in explanations:
        known = best.setdefault(each.paid, each)
        if each.score > known.score:
            best[each.paid] = replace(each, advice_id=each.advice_id or known.advice_id)
    return sorted(best.values(), key=lambda each: (-each.score, len(each.shares), sorted(each.paid)))


def _proposal(explanation: LineExplanation) -> LineProposal:
    return LineProposal(
        customer_id=explanation.payer_id,
        shares=tuple(
            ProposedShare(
                invoice_id=share.item.invoice_id,
                invoice_number=share.item.number,
                amount_minor=share.minor,
                evidence=share.evidence,
            )
            for share in explanation.shares
        ),
        advice_id=explanation.advice_id,
        score=explanation.score,
        reasons=explanation.reasons,
        credits=tuple(
            NettedCredit(payment_id=each.payment_id, amount_minor=each.unapplied_minor)
            for each in explanation.credits
        ),
    )
