"""Allocation of a payment as its remittance advice says (C. civ. 1342-10 al. 1), and what differs from it.

An advice joins a payment by itself if it announces exactly its amount, and its payer or its reference is the payment's.
Each invoice takes what the advice says, at most what is outstanding; credit that the advice nets is used with it. What
cannot be placed remains unapplied: no other rule decides where the debtor has said what it pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from encours.contracts.events import remittance as events
from encours.kernel.money import Money
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.remittance import decide
from invoice_svc.domain.remittance.state import RemittanceAdvice


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open advice for a payment; ``same_payer`` is None if either names no customer."""

    advice: RemittanceAdvice
    same_payer: bool | None


@dataclass(slots=True)
class AdvisedPlan:
    """Shares by payment: of the one that came, and of those that hold netted credit."""

    shares: dict[str, list[Share]] = field(default_factory=dict)
    settled: list[events.AdvisedShare] = field(default_factory=list)
    differences: list[events.AdviceDifference] = field(default_factory=list)


def fitting(payment: Payment, candidates: Iterable[Candidate]) -> RemittanceAdvice | None:
    """Return the one advice that fits the payment; None if none does, or several.

    Advices with the reference of the payment come first; without it the payer has to be the same.
    """
    open_ones = [each for each in candidates if _may_join(payment, each)]
    named = [each for each in open_ones if is_named(decide.stated(each.advice), payment)]
    found = named or [each for each in open_ones if each.same_payer]
    return found[0].advice if len(found) == 1 else None


def _may_join(payment: Payment, candidate: Candidate) -> bool:
    advice, known = candidate.advice, decide.stated(candidate.advice)
    return (
        advice.status(payment.received_on) == "announced"
        and candidate.same_payer is not False
        and payment.advice_id is None
        and (advice.entity_id, known.currency, known.total_minor)
        == (payment.entity_id, payment.currency, payment.amount_minor)
    )


def is_named(advice: events.AdviceReceived, payment: Payment) -> bool:
    """Return True if the payment has the reference of the advice, as its own or in the bank text."""
    key = _plain(advice.reference or "")
    if len(key) < _LEAST_REFERENCE:
        return False
    return key == _plain(payment.external_ref or "") or key in _plain(payment.remittance_text or "")


_LEAST_REFERENCE = 4
"""A shorter reference stands in many texts by chance."""


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()


def plan(
    advice: RemittanceAdvice,
    payment: Payment,
    invoices: Mapping[str, Invoice],
    credits: Mapping[str, Sequence[Payment]],
) -> AdvisedPlan:
    """Return what the payment, and the credit that the advice nets, settle of each invoice.

    ``invoices`` are those of the advice that the payer may pay, ``credits`` the payments that hold the money of each
    credit note. Credit notes are used first, so that no netted credit is left over.
    """
    known = decide.stated(advice)
    room = {
        each: invoice.outstanding_minor + invoice.written_off_minor + invoice.payable_residual_minor
        for each, invoice in invoices.items()
    }
    purses = [_Purse(n, held, -item.amount_minor) for n, item, held in _netted(known, credits)]
    purses.append(_Purse(None, payment, payment.unapplied_minor))
    settled = _settled_before(known, payment)
    made = AdvisedPlan(settled=_shares_before(known, payment, settled))
    for n, item in enumerate(known.items, 1):
        if item.amount_minor <= 0 or item.invoice_id not in room:
            continue
        for purse in purses:
            amount = min(item.amount_minor - settled[n], room[item.invoice_id], purse.left_minor)
            if amount > 0:
                purse.take(made, n, item.invoice_id, amount, known.advice_id)
                room[item.invoice_id] -= amount
                settled[n] += amount
                if purse.item is not None:
                    settled[purse.item] -= amount
    made.differences += _differences(known, payment, settled, room)
    return made


def _settled_before(advice: events.AdviceReceived, payment: Payment) -> dict[int, int]:
    """Return what allocations of the payment that are in force have settled of each item, by whatever rule."""
    standing: dict[str, int] = {}
    for each in payment.allocations:
        invoice_id = each.allocation.invoice_id
        standing[invoice_id] = standing.get(invoice_id, 0) + each.allocation.settled_minor
    settled = {}
    for n, item in enumerate(advice.items, 1):
        part = max(0, min(item.amount_minor, standing.get(item.invoice_id or "", 0)))
        settled[n] = part
        if part:
            standing[item.invoice_id or ""] -= part
    return settled


def as_instructed(advice: RemittanceAdvice, payment: Payment) -> AdvisedPlan:
    """Return what a payment that the caller has allocated settles of its advice; it allocates no more."""
    known = decide.stated(advice)
    settled = _settled_before(known, payment)
    made = AdvisedPlan(settled=_shares_before(known, payment, settled))
    made.differences += [
        events.AdviceDifference(
            item=n,
            kind="allocated_otherwise",
            announced_minor=item.amount_minor,
            settled_minor=settled[n],
        )
        for n, item in enumerate(known.items, 1)
        if settled[n] != item.amount_minor
    ]
    return made


def _shares_before(
    advice: events.AdviceReceived, payment: Payment, settled: Mapping[int, int]
) -> list[events.AdvisedShare]:
    return [
        _share(n, item.invoice_id, payment.payment_id, settled[n])
        for n, item in enumerate(advice.items, 1)
        if item.invoice_id is not None and settled[n]
    ]


def _share(item: int, invoice_id: str, payment_id: str, amount_minor: int) -> events.AdvisedShare:
    return events.AdvisedShare(
        item=item, invoice_id=invoice_id, payment_id=payment_id, amount_minor=amount_minor
    )


class _Purse:
    """Money from which items are settled: unapplied cash of the payment, or of a credit note of the advice."""

    def __init__(self, item: int | None, payment: Payment, limit_minor: int) -> None:
        self.item = item
        self.payment_id = payment.payment_id
        self.left_minor = min(limit_minor, payment.unapplied_minor)

    def take(self, made: AdvisedPlan, n: int, invoice_id: str, amount_minor: int, advice_id: str) -> None:
        """Settle an amount of an item."""
        self.left_minor -= amount_minor
        shares = made.shares.setdefault(self.payment_id, [])
        before = next((each for each in shares if each.invoice_id == invoice_id), None)
        if before is not None:
            shares.remove(before)
        total = amount_minor + (before.amount_minor if before else 0)
        shares.append(Share(invoice_id, total, "advice", advice_id))
        made.settled.append(_share(n, invoice_id, self.payment_id, amount_minor))


def _netted(
    advice: events.AdviceReceived, credits: Mapping[str, Sequence[Payment]]
) -> Iterable[tuple[int, events.AdvisedItem, Payment]]:
    """Yield the credit notes of the advice with each payment that holds their money, each payment once."""
    used: set[str] = set()
    for n, item in enumerate(advice.items, 1):
        for held in credits.get(item.credit_note_id or "", ()):
            if held.payment_id not in used:
                used.add(held.payment_id)
                yield n, item, held


def _differences(
    advice: events.AdviceReceived, payment: Payment, settled: Mapping[int, int], room: Mapping[str, int]
) -> Iterable[events.AdviceDifference]:
    if advice.total_minor != payment.amount_minor:
        yield events.AdviceDifference(
            item=None,
            kind="amount",
            announced_minor=advice.total_minor,
            settled_minor=payment.amount_minor,
        )
    off_the_debt = _off_the_debt(advice, settled)
    for n, item in enumerate(advice.items, 1):
        missing = abs(item.amount_minor) - abs(settled[n]) - off_the_debt.get(n, 0)
        if missing > 0:
            yield events.AdviceDifference(
                item=n,
                kind=_kind(item, room),
                announced_minor=item.amount_minor,
                settled_minor=settled[n],
            )


def _off_the_debt(advice: events.AdviceReceived, settled: Mapping[int, int]) -> dict[int, int]:
    """Return what a credit note took off an invoice of the advice before any money came, by item of either."""
    found: dict[int, int] = {}
    for n, note in enumerate(advice.items, 1):
        if note.credit_note_id is None or note.invoice_id is None:
            continue
        rest = -note.amount_minor + settled[n]
        for m, item in enumerate(advice.items, 1):
            if item.invoice_id == note.invoice_id and item.amount_minor > 0:
                part = min(rest, item.amount_minor - settled[m] - found.get(m, 0))
                if part > 0:
                    found[m] = found.get(m, 0) + part
                    found[n] = found.get(n, 0) + part
                    rest -= part
    return found


def _kind(item: events.AdvisedItem, room: Mapping[str, int]) -> events.DifferenceKind:
    if item.amount_minor < 0:
        return "credit_unavailable" if item.credit_note_id else "document_unknown"
    if item.invoice_id is None:
        return "document_unknown"
    if item.invoice_id not in room:
        return "not_payable"
    return "cash_short" if room[item.invoice_id] else "outstanding_less"


def joined(
    advice: RemittanceAdvice, payment: Payment, made: AdvisedPlan, customer_id: str | None
) -> events.AdviceJoined:
    """Return the event that joins the payment to the advice."""
    known = decide.stated(advice)
    return events.AdviceJoined(
        advice_id=known.advice_id,
        customer_id=customer_id,
        payment_id=payment.payment_id,
        currency=known.currency,
        settled_minor=sum(each.amount_minor for each in made.settled),
        shares=tuple(made.settled),
        differences=tuple(made.differences),
    )


def note_of(advice: RemittanceAdvice, made: AdvisedPlan) -> str | None:
    """Return what differs from the advice in words; None if nothing does."""
    if not made.differences:
        return None
    known = decide.stated(advice)
    parts = [_words(each, known) for each in made.differences[:_MOST_NAMED]]
    more = len(made.differences) - len(parts)
    return (
        f"Remittance advice {known.advice_id} differs: "
        + "; ".join(parts)
        + (f"; and {more} more." if more else ".")
    )


_MOST_NAMED = 5
_WORDS: dict[events.DifferenceKind, str] = {
    "document_unknown": "no document of that number is known",
    "not_payable": "the payer does not pay this invoice, or it is not open in this currency",
    "outstanding_less": "less is outstanding",
    "cash_short": "the payment has no more cash",
    "credit_unavailable": "the credit note leaves no more credit",
    "allocated_otherwise": "the payment was allocated as instructed",
    "amount": "the payment is of another amount",
}


def _words(difference: events.AdviceDifference, advice: events.AdviceReceived) -> str:
    announced, settled = (
        Money(minor, advice.currency) for minor in (difference.announced_minor, difference.settled_minor)
    )
    if difference.item is None:
        return f"{announced} announced, {settled} received"
    item = advice.items[difference.item - 1]
    name = item.written or item.invoice_id or item.credit_note_id
    return f"{name}: {announced} announced, {settled} settled, {_WORDS[difference.kind]}"
