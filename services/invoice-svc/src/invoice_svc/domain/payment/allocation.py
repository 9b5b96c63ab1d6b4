"""Allocation of a payment to invoices (C. civ. 1342-10).

The order is: instructions of the creditor's user; the debtor's indication at payment, in the bank text or in a
remittance advice (:mod:`invoice_svc.domain.remittance.settlement`); the order of the law
(:mod:`invoice_svc.domain.payment.legal_order`). The rest remains unapplied cash of the customer. A contested amount is
no certain debt, so only an instruction or the debtor's own indication settles it. If the indication is unclear, no
other rule applies: the rest remains unapplied until a person allocates it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from encours.contracts.common import Conversion
from encours.contracts.events.money.payment import Allocation
from invoice_svc.domain.invoice.discount import price_minor
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.indication import Indication, indication, says_discount
from invoice_svc.domain.payment.legal_order import LegalOrder, age

Rule = Literal[
    "instructed", "debtor_indication", "advice", "interest_first", "highest_rate", "oldest_due", "pro_rata"
]

BASIS: Mapping[Rule, str] = {
    "instructed": "instruction of the creditor's user",
    "debtor_indication": "C. civ. 1342-10 al. 1",
    "advice": "C. civ. 1342-10 al. 1",
    "interest_first": "C. civ. 1343-1",
    "highest_rate": "C. civ. 1342-10 al. 2",
    "oldest_due": "C. civ. 1342-10 al. 2",
    "pro_rata": "C. civ. 1342-10 al. 2",
}


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a payment for an invoice, with the rule and its evidence.

    ``amount_minor`` is in the payment's currency, and ``settles`` has the amount of an invoice in another one.
    """

    invoice_id: str
    amount_minor: int
    rule: Rule
    evidence: str | None
    settles: Conversion | None = None
    policy: str | None = None
    """Policy from which its place in the order of the law follows."""

    @property
    def settled_minor(self) -> int:
        """Amount that it settles, in the invoice's currency."""
        return self.amount_minor if self.settles is None else self.settles.amount_minor


@dataclass(frozen=True, slots=True)
class Proposal:
    """Shares of a payment, and the words of the debtor that do not identify one invoice."""

    shares: list[Share]
    unclear: tuple[str, ...] = ()


def propose(amount_minor: int, invoices: Sequence[Invoice], text: str | None, order: LegalOrder) -> Proposal:
    """Return shares of the amount on open invoices of one customer and currency, in the order of the rules.

    What was written off, or closed by a tolerance, is paid if the text names it. The price of an invoice is what is
    outstanding less an open discount for early payment. A payer takes the discount who pays exactly the prices of the
    invoices that the text names, or not what is outstanding on them while the text mentions a discount; or who pays
    the price of one invoice alone, or of all.
    """
    by_number = {invoice.number: invoice for invoice in invoices if invoice.number}
    found = indication(text, by_number)
    prices = {each.invoice_id: price_minor(each, order.on) for each in invoices}
    whole = {
        each.invoice_id: each.outstanding_minor + each.written_off_minor + each.payable_residual_minor
        for each in invoices
    }
    named = [by_number[citation.number].invoice_id for citation in found.cited]
    mentioned = says_discount(text) and amount_minor != sum(whole[each] for each in named)
    at_price = mentioned or amount_minor == sum(prices[each] for each in named)
    interest = _by_law(amount_minor, _interest_on(invoices, named, order), order)
    left = amount_minor - sum(share.amount_minor for share in interest)
    indicated = interest + _by_indication(left, by_number, found, prices if at_price else whole)
    if found.unclear:
        return Proposal(indicated, found.unclear)
    left = amount_minor - sum(share.amount_minor for share in indicated)
    taken = {share.invoice_id for share in indicated}
    rest = [invoice for invoice in invoices if invoice.invoice_id not in taken]
    return Proposal(indicated + (_by_price(left, rest, prices) or _by_law(left, rest, order)))


def _interest_on(invoices: Sequence[Invoice], named: Sequence[str], order: LegalOrder) -> list[Invoice]:
    """Return penalty documents on the named invoices that come before these by the policy.

    A debtor cannot pay principal before its interest unless the creditor agrees (C. civ. 1343-1).
    """
    return [
        each
        for each in invoices
        if order.is_interest(each)
        and each.invoice_id not in named
        and any(part.invoice_id in named for part in each.penalises)
    ]


def cited_ids(text: str | None, invoices: Sequence[Invoice]) -> list[str]:
    """Return the ids of the invoices whose numbers the text cites."""
    by_number = {invoice.number: invoice.invoice_id for invoice in invoices if invoice.number}
    return [by_number[citation.number] for citation in indication(text, by_number).cited]


def again(taken: Allocation, invoice: Invoice, unapplied_minor: int) -> Share | None:
    """Return an allocation as a share to be put back, at most what is open and unapplied; ``None`` if nothing is.

    One in another currency is put back whole or not at all.
    """
    open_minor = invoice.outstanding_minor
    if taken.settles is not None:
        fits = taken.settles.amount_minor <= open_minor and taken.amount_minor <= unapplied_minor
        amount = taken.amount_minor if fits else 0
    else:
        amount = min(taken.amount_minor, open_minor, unapplied_minor)
    if amount <= 0:
        return None
    return Share(taken.invoice_id, amount, taken.rule, taken.evidence, taken.settles)


def _by_indication(
    amount_minor: int, by_number: Mapping[str, Invoice], found: Indication, due_minor: Mapping[str, int]
) -> list[Share]:
    shares: list[Share] = []
    for citation in found.cited:
        invoice = by_number[citation.number]
        share = min(amount_minor, due_minor[invoice.invoice_id])
        if share > 0:
            shares.append(Share(invoice.invoice_id, share, "debtor_indication", citation.words))
            amount_minor -= share
    return shares


def _by_price(amount_minor: int, invoices: Sequence[Invoice], prices: Mapping[str, int]) -> list[Share]:
    """Return the shares of a payer who takes discounts, on one invoice or on all; none if the amount is another."""
    discounted = [each for each in invoices if prices[each.invoice_id] < each.outstanding_minor]
    alone = [each for each in invoices if prices[each.invoice_id] == amount_minor]
    certain = [each for each in invoices if not each.disputed_minor]
    if len(alone) == 1 and alone[0] in discounted:
        chosen = alone
    elif discounted and sum(prices[each.invoice_id] for each in certain) == amount_minor:
        chosen = sorted(certain, key=lambda each: (*age(each), each.number or ""))
    else:
        return []
    return [_at_price(each, prices[each.invoice_id]) for each in chosen]


def _at_price(invoice: Invoice, price_minor: int) -> Share:
    if price_minor == invoice.outstanding_minor:
        return Share(invoice.invoice_id, price_minor, "oldest_due", f"due {invoice.due_on}")
    evidence = f"amount less the discount until {invoice.discount_until}"
    return Share(invoice.invoice_id, price_minor, "debtor_indication", evidence)


def _by_law(amount_minor: int, invoices: Sequence[Invoice], order: LegalOrder) -> list[Share]:
    source = order.policy.source
    return [
        Share(part.invoice_id, part.amount_minor, part.rule, part.evidence, policy=source)
        for part in order.parts(amount_minor, invoices)
    ]
