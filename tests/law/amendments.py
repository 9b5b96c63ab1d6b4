"""Acts on documents after their issue, beside :mod:`tests.law.documents`.

Rebates that cite invoices, discounts, corrections of final invoices and by drafts, and claims that are rejected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from encours.contracts.common import EarlyDiscount, Terms
from encours.contracts.events.invoice import InvoiceCredited
from encours.kernel.money import Money, div_half_up
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.domain.invoice.commands import (
    AmendInvoice,
    CancelInvoice,
    CreditInvoice,
    DraftInvoice,
    IssueInvoice,
)
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice
from invoice_svc.domain.invoice.credit.sums import left_to_credit
from invoice_svc.domain.payment import commands as pay
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, reversals
from invoice_svc.use_cases.sales import corrections, credits, disputes, invoices
from tests.law.documents import Documents
from tests.law.naive import CURRENCIES, CUSTOMERS, DISCOUNT_TIME, Bill, Purse, Sale, parts_of


class Amendments(Documents):
    """The documents, and drafts of corrections that wait for their issue."""

    def __init__(self, caps: Mapping[str, int] = {}) -> None:
        super().__init__(caps)
        self.waiting: dict[str, tuple[str, Sale]] = {}
        """Id and sale of a draft, by the invoice that it corrects."""

    def offer(self, n: int, amount: int) -> bool:
        """Issue an invoice with a discount for early payment."""
        sale, name = self._sale(n, amount), self._new("inv")
        customer, currency = CUSTOMERS[n % 2], CURRENCIES[n % 4]
        rate = (100, 1_000, 3_333)[n % 3]
        terms = Terms(
            due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000,
            discount=EarlyDiscount(rate_bps=rate, days=DISCOUNT_TIME.days),
        )  # fmt: skip
        content = self._content(sale, 0, terms=terms)
        if not self.do(
            invoices.draft, DraftInvoice(name, "ent_1", customer, "FAC", content, currency, issue=True)
        ):
            return False
        offered = rate, self.today + DISCOUNT_TIME
        self._bill_of(name, Bill(customer, currency, sale, parts_of(sale), offer=offered))
        return True

    def pay_price(self, n: int, amount: int) -> bool:
        """Pay what an offer asks for, a part of it, or all in two payments, so that a reversal may leave the price."""
        name = self._one({name: bill for name, bill in self.bills.items() if bill.offer}, n)
        if not name:
            return False
        bill = self.bills[name]
        assert bill.offer is not None
        discount = div_half_up((bill.total - bill.credited) * bill.offer[0], 10_000)
        price = self.outstanding(name) - discount
        parts = ((price,), (price // 2,), (discount, price), (discount, price))[n % 4]
        return all(self._pay(name, part) for part in parts)

    def _pay(self, name: str, amount: int) -> bool:
        bill, purse, owed = self.bills[name], self._new("pay"), self.owed(name)
        receipt = pay.ReceivePayment(
            purse,
            "ent_1",
            bill.customer,
            self.today,
            amount,
            bill.currency,
            "transfer",
            allocations=((name, amount),),
        )
        if amount <= 0 or not self.do(payments.receive, receipt):
            return False
        self.purses[purse] = Purse(bill.customer, bill.currency, amount, self.today)
        self.account[bill.currency] -= amount
        self._recover(name, amount - owed)
        return True

    def charge_back(self, n: int, amount: int) -> bool:
        """Reverse a part; what is left of the payment stays where it was."""
        name = self._one(self.purses, n)
        if not name:
            return False
        purse, serial = self.purses[name], self._new("rvl")
        part = Money(amount // 4 + 1, purse.currency)
        command = pay.ReversePayment(name, self.today, "disputed", part, reference=serial, reversal_id=serial)
        if done := self.do(reversals.reverse, command):
            purse.returned += part.amount_minor
            self.account[purse.currency] += part.amount_minor
        return done

    def reassign(self, n: int, amount: int) -> bool:
        """Move a payment to the other customer, unapplied."""
        name = self._one(self.purses, n)
        if not name:
            return False
        purse = self.purses[name]
        (other,) = set(CUSTOMERS) - {purse.customer}
        if done := self.do(payments.reassign, pay.ReassignPayment(name, other, "wrong name", ())):
            purse.customer = other
        return done

    def bounce(self, n: int, amount: int) -> bool:
        """Reverse a payment of an offer, or credit what is outstanding of one."""
        name = self._one({name: bill for name, bill in self.bills.items() if bill.offer}, n)
        if not name:
            return False
        if n % 3 == 0:
            owed = min(self.outstanding(name), self.bills[name].left - self.bills[name].relieved)
            note = CreditInvoice(name, self._new("cre"), self.today, None, "returned")
            return self.do(invoices.credit, note) and self._credited(name, owed)
        paid = [
            purse
            for purse in self.purses
            for each in self.books.state(PAYMENT, purse).allocations
            if each.allocation.invoice_id == name
        ]
        return bool(paid) and self.reverse(list(self.purses).index(paid[n % len(paid)]), amount)

    def accept(self, n: int, amount: int) -> bool:
        """Accept a claim, with its credit note, whose amount is that which earlier ones have left of the claim."""
        name = self._one({name: bill for name, bill in self.bills.items() if bill.claims}, n)
        if not name:
            return False
        before = len(self.books.ledger.events)
        note = CreditInvoice("", self._new("cre"), self.today, None, "accepted")
        if not self.do(
            disputes.resolve, ResolveDispute(self.bills[name].claims[0], "credited", self.today, credit=note)
        ):
            return False
        self.bills[name].claims.pop(0)
        notes = [e.data for e in self.books.ledger.events[before:] if isinstance(e.data, InvoiceCredited)]
        return self._credited(name, sum(each.total_minor for each in notes))

    def reject(self, n: int, amount: int) -> bool:
        name = self._one({name: bill for name, bill in self.bills.items() if bill.claims}, n)
        if not name or not self.do(
            disputes.resolve, ResolveDispute(self.bills[name].claims[0], "rejected", self.today)
        ):
            return False
        self.bills[name].claims.pop(0)
        return True

    def rebate_on(self, n: int, amount: int) -> bool:
        """Issue a credit note of its own that cites an invoice, or two."""
        first = self._one(self.bills, n)
        if not first:
            return False
        bill, name = self.bills[first], self._new("pay")
        others = [each for each in self._bills_of(bill.customer, bill.currency) if each != first]
        cited = (first, *others[: n % 2])
        lines = self._content(((amount // 3 + 1, bill.sale[0][1]),), 0).lines
        note = IssueCreditNote(
            name.replace("pay", "cre"), name, "ent_1", bill.customer, lines, "rebate", self.today,
            currency=bill.currency, invoice_ids=cited,
        )  # fmt: skip
        if not self.do(credits.issue, note):
            return False
        states = {each: self.books.state(INVOICE, each) for each in cited}
        shares = {each: state.rebated_minor - self.bills[each].rebated for each, state in states.items()}
        total = sum(shares.values())
        net = amount // 3 + 1
        assert net <= total <= net + self._most_vat(cited, net, bill.sale[0][1])
        for each, share in shares.items():
            self.bills[each].rebated += share
        self.purses[name] = Purse(bill.customer, bill.currency, total, self.today)
        self.account[bill.currency] -= total
        return True

    def _most_vat(self, cited: Sequence[str], net: int, rate: int) -> int:
        """Return the VAT that a rebate may have: the last of a rate's net takes the last of its VAT."""
        net_left = 0
        for state in (self.books.state(INVOICE, each) for each in cited):
            discounts = state.discount.vat if state.discount else ()
            net_left += sum(part.net_minor for part in left_to_credit(state) if part.rate_bps == rate)
            net_left -= sum(share.net_minor for share in discounts if share.rate_bps == rate)
        billed = sum(self.bills[each].parts.get(rate, (0, 0))[1] for each in cited)
        return div_half_up(net * rate, 10_000) if net_left else billed

    def correct_final(self, n: int, amount: int) -> bool:
        """Correct a final invoice, with its deposits or without them."""
        name = self._one({name: bill for name, bill in self.bills.items() if bill.deducts}, n)
        if not name:
            return False
        bill, sale = self.bills[name], self._sale(n, amount)
        known = all(self.bills[each].credited == self.bills[each].surplus for each in bill.deducts)
        kept = () if n % 2 or not known else bill.deducts
        if any(self.bills[each].rebated or self.bills[each].surplus for each in kept):
            kept = ()
        changes = AmendInvoice(name, lines=self._content(sale, 0).lines, allowances=(), deposits=kept)
        if not self.do(corrections.correct, CorrectInvoice(name, "wrong price", changes)):
            return False
        self._credited(name, bill.left)
        self._free(name)
        new = self._drafted()
        left = self._deducted(sale, kept, new)
        self._bill_of(new, Bill(bill.customer, bill.currency, sale, left, deducts=kept))
        return True

    def draft_correction(self, n: int, amount: int) -> bool:
        name = self._one(
            {name: bill for name, bill in self.bills.items() if not (bill.deducts or bill.deducted_by)}, n
        )
        if not name:
            return False
        sale = self._sale(n, amount)
        changes = AmendInvoice(name, lines=self._content(sale, 0).lines, allowances=())
        if not self.do(corrections.correct, CorrectInvoice(name, "wrong price", changes, issue=False)):
            return False
        self.waiting[name] = self._drafted(), sale
        return True

    def issue_correction(self, n: int, amount: int) -> bool:
        """Issue the draft, or cancel it."""
        name = self._one(self.waiting, n)
        if not name:
            return False
        new, sale = self.waiting[name]
        if n % 4 == 0:
            self.waiting.pop(name)
            return self.do(invoices.cancel, CancelInvoice(new))
        if not self.do(invoices.issue, IssueInvoice(new)):
            return False
        self.waiting.pop(name)
        self._corrected(name, new, sale)
        return True
