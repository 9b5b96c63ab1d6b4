"""A firm's documents, lived twice: in the books through the services, and in a ledger that only adds and subtracts.

The naive ledger takes each amount from the command that was accepted. It reads allocations from the payments, to hold
them against the invoices, and knows nothing of events, movements, dates and roundings of credits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from encours.contracts.books import movements
from encours.contracts.common import Purpose, Terms
from encours.contracts.events.invoice import InvoiceDrafted
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from encours.testing.memory import BooksInMemory
from invoice_svc.domain.amounts.adjustments import AdjustmentInput
from invoice_svc.domain.amounts.sums import LineInput, RateAmounts
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import AmendInvoice, Content, CreditInvoice, DraftInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice
from invoice_svc.domain.loss.decide import DeclareUnrecoverable, ProvisionInvoice
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.payment import commands as pay
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.domain.payment.refund import OrderRefund, RecordRefundReturned
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.use_cases.folds import PAYMENT
from invoice_svc.use_cases.money import claims, payments, refunds, reversals, tolerances
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import corrections, credits, invoices
from tests.law.naive import (
    CURRENCIES,
    CUSTOMERS,
    DISCOUNT_TIME,
    RATES,
    SHARE_BPS,
    START,
    Bill,
    Purse,
    Sale,
    closed,
    decimal,
    parts_of,
)

Act = Callable[["Documents", int, int], bool]
"""A number that makes every choice, and an amount in minor units; whether it was done."""


class Documents:
    """The books and the naive ledger, step by step. A step that is refused changes neither."""

    def __init__(self, caps: Mapping[str, int] = {}) -> None:
        self.books = BooksInMemory()
        self.caps = caps
        """Tolerance of residuals by currency, a twentieth of what is billed at most."""
        self.today = START
        self.serial = 0
        self.bills: dict[str, Bill] = {}
        self.purses: dict[str, Purse] = {}
        self.refusal = ""
        """Code of the last refusal."""
        self.account: Counter[str] = Counter()
        """The control account by currency."""
        self.booked: dict[str, Counter[str]] = {name: Counter() for name in ("item", "cash", "account")}
        self.counted = 0
        """Events whose movements are in ``booked``."""
        self.do(entities.register, RegisterEntity("ent_1", "Ltd", "GB", "EUR", "Europe/London"))
        for name in CUSTOMERS:
            self.do(customers.register, RegisterCustomer(name, "ent_1", "Dupont", "FR"))
        for currency, cap in caps.items():
            wanted = SetTolerance("ent_1", currency, "cent", currency, cap, START, share_bps=SHARE_BPS)
            assert self.do(tolerances.set_tolerance, wanted)

    def do(self, work: Any, *arguments: Any) -> bool:
        """Run a use case; return whether it was done."""
        before = len(self.books.ledger.events)
        try:
            self.books.do(work, *arguments, today=self.today)
        except DomainError as refused:
            self.refusal = refused.code
            assert len(self.books.ledger.events) == before
            return False
        return len(self.books.ledger.events) > before

    # What is owed, by the naive ledger

    def paid(self, name: str) -> int:
        """Allocations to the invoice, as the payments have them."""
        return sum(amount for amount, _ in self._paid(name))

    def _paid(self, name: str) -> list[tuple[int, date]]:
        """Return the amounts allocated to the invoice, with the days of their funds."""
        held = (
            (self.books.state(PAYMENT, each).allocations, purse.on) for each, purse in self.purses.items()
        )
        parts = ((part.allocation, on) for standing, on in held for part in standing)
        return [(part.settled_minor, on) for part, on in parts if part.invoice_id == name]

    def outstanding(self, name: str) -> int:
        bill = self.bills[name]
        return bill.total - bill.credited - self.paid(name) - bill.lost - sum(self.closed(name))

    def owed(self, name: str) -> int:
        """Return what is outstanding, and what a tolerance closed and may yet be paid."""
        discounted, residual = self.closed(name)
        return self.outstanding(name) + (0 if discounted else residual)

    def closed(self, name: str) -> tuple[int, int]:
        """Return the discount and the residual that close a paid bill."""
        bill = self.bills[name]
        return closed(bill, self._paid(name), self.caps.get(bill.currency, 0))

    def closed_in(self, currency: str) -> int:
        """Return the discounts and residuals of all bills of a currency."""
        return sum(sum(self.closed(name)) for name, bill in self.bills.items() if bill.currency == currency)

    # Documents

    def wait(self, n: int, amount: int) -> bool:
        self.today += timedelta(days=1 + n % 9)
        return True

    def issue(self, n: int, amount: int) -> bool:
        return self._bill(n, amount)

    def deposit(self, n: int, amount: int) -> bool:
        return self._bill(n, amount // 2 + 1, deposit=True)

    def _bill(self, n: int, amount: int, *, deposit: bool = False) -> bool:
        sale = self._sale(n, amount)
        discount = amount // 10 if n % 3 == 0 else 0
        name, customer, currency = self._new("inv"), CUSTOMERS[n % 2], CURRENCIES[n % 4]
        content = self._content(sale, discount)
        purpose: Purpose = "deposit" if deposit else "invoice"
        draft = DraftInvoice(name, "ent_1", customer, "FAC", content, currency, issue=True, purpose=purpose)
        if not self.do(invoices.draft, draft):
            return False
        self._bill_of(name, Bill(customer, currency, sale, parts_of(sale, discount), deposit=deposit))
        return True

    def final(self, n: int, amount: int) -> bool:
        """Deduct up to two deposits of which nothing is credited; they are not refused unless something is lost."""
        customer, currency = CUSTOMERS[n % 2], "EUR"
        deposits = [
            name
            for name, bill in self.bills.items()
            if (bill.customer, bill.currency, bill.deposit) == (customer, currency, True)
            and not (bill.deducted_by or bill.credited or bill.rebated)
        ][:2]
        sale, name = self._sale(n, amount), self._new("inv")
        content = self._content(sale, 0, tuple(deposits))
        if not deposits:
            return False
        draft = DraftInvoice(name, "ent_1", customer, "FAC", content, currency, issue=True)
        if not self.do(invoices.draft, draft):
            lost = any(self.bills[each].lost for each in deposits)
            assert lost or self.refusal != "deposit-not-deductible", deposits
            return False
        left = self._deducted(sale, deposits, name)
        self._bill_of(name, Bill(customer, currency, sale, left, deducts=tuple(deposits)))
        return True

    def _deducted(self, sale: Sale, deposits: Sequence[str], final: str) -> dict[int, tuple[int, int]]:
        """Return what deposits leave of a sale, which is 0 at least at each rate; the rest is credited on them."""
        left = parts_of(sale)
        for deposit in (self.bills[each] for each in deposits):
            over = 0
            for rate, (net, vat) in deposit.parts.items():
                of_net, of_vat = left.get(rate, (0, 0))
                left_net, left_vat = max(0, of_net - net), max(0, of_vat - vat)
                over += net + vat - (of_net - left_net) - (of_vat - left_vat)
                if rate in left:
                    left[rate] = (left_net, left_vat)
            deposit.credited += over
            deposit.surplus += over
            deposit.deducted_by = final
            self.account[deposit.currency] -= over
        return left

    def _bill_of(self, name: str, bill: Bill) -> None:
        self.bills[name] = bill
        self.account[bill.currency] += bill.total

    def credit(self, n: int, amount: int) -> bool:
        """By amount, or over all that is outstanding."""
        if not (name := self._one(self.bills, n)):
            return False
        wanted = None if n % 4 == 0 else amount
        owed = min(self.outstanding(name), self.bills[name].left - self.bills[name].relieved)
        note = CreditInvoice(name, self._new("cre"), self.today, wanted, "returned")
        return self.do(invoices.credit, note) and self._credited(name, owed if wanted is None else wanted)

    def credit_by_rate(self, n: int, amount: int) -> bool:
        """Net and VAT of one rate, or VAT alone."""
        if not (name := self._one(self.bills, n)):
            return False
        rate, (net, vat) = list(self.bills[name].parts.items())[n % len(self.bills[name].parts)]
        part = RateAmounts(rate, min(net, amount) * (n % 2), min(vat, amount // 5), "S" if rate else "Z")
        note = CreditInvoice(name, self._new("cre"), self.today, None, "rate", parts=(part,))
        return self.do(invoices.credit, note) and self._credited(name, part.net_minor + part.vat_minor)

    def correct(self, n: int, amount: int) -> bool:
        name = self._one(
            {name: bill for name, bill in self.bills.items() if not (bill.deducts or bill.deducted_by)}, n
        )
        if not name:
            return False
        sale = self._sale(n, amount)
        lines = self._content(sale, 0).lines
        changes = AmendInvoice(name, lines=lines, allowances=())
        if not self.do(corrections.correct, CorrectInvoice(name, "wrong price", changes)):
            return False
        self._corrected(name, self._drafted(), sale)
        return True

    def _drafted(self) -> str:
        events = reversed(self.books.ledger.events)
        return next(e.data.invoice_id for e in events if isinstance(e.data, InvoiceDrafted))

    def _corrected(self, name: str, new: str, sale: Sale) -> None:
        bill = self.bills[name]
        self._credited(name, bill.left)
        offer = bill.offer and (bill.offer[0], self.today + DISCOUNT_TIME)
        replacement = Bill(
            bill.customer, bill.currency, sale, parts_of(sale), deposit=bill.deposit, offer=offer
        )
        self._bill_of(new, replacement)

    def claim(self, n: int, amount: int) -> bool:
        if not (name := self._one(self.bills, n)):
            return False
        dispute = self._new("dis")
        opened = OpenDispute(dispute, name, "quality", amount, "broken", None, self.today)
        if done := self.do(claims.open_dispute, opened):
            self.bills[name].claims.append(dispute)
        return done

    # Losses

    def write_off(self, n: int, amount: int) -> bool:
        if not (name := self._one(self.bills, n)):
            return False
        owed, bill = self.outstanding(name), self.bills[name]
        wanted = None if n % 4 == 0 else Money(amount, bill.currency)
        if not self.do(invoices.write_off, WriteOffInvoice(name, wanted, "lost", None, self.today)):
            return False
        self._lose(name, owed if wanted is None else amount)
        return True

    def give_up(self, n: int, amount: int) -> bool:
        """Declare an amount unrecoverable: first of what is written off."""
        if not (name := self._one(self.bills, n)):
            return False
        bill = self.bills[name]
        wanted = None if n % 4 == 0 else Money(amount, bill.currency)
        pool = bill.lost - bill.declared
        asked = self.outstanding(name) + pool if wanted is None else amount
        if not self.do(
            invoices.declare_unrecoverable, DeclareUnrecoverable(name, wanted, "closed", "certificate")
        ):
            return False
        self._lose(name, asked - min(asked, pool))
        bill.declared += asked
        bill.relieved += min(asked, bill.left - bill.relieved)
        return True

    def restore(self, n: int, amount: int) -> bool:
        if not (name := self._one(self.bills, n)):
            return False
        bill = self.bills[name]
        if not self.do(invoices.reverse_write_off, ReverseWriteOff(name, "dividend")):
            return False
        self._lose(name, -bill.lost)
        bill.declared = bill.relieved = 0
        return True

    def provide(self, n: int, amount: int) -> bool:
        name = self._one(self.bills, n)
        return bool(name) and self.do(invoices.provision, ProvisionInvoice(name, None, "doubtful"))

    # Money

    def receive(self, n: int, amount: int) -> bool:
        """Money without an instruction, or for one invoice of anybody."""
        name, customer, currency = self._new("pay"), CUSTOMERS[n % 2], CURRENCIES[n % 4]
        bill = self._one(self._bills_of(customer, currency) if n % 5 else self.bills, n)
        share = min(amount, self._payable(bill)) if bill and n % 7 else amount
        allocations = ((bill, share),) if bill and n % 4 else ()
        owed = self.owed(bill) if allocations else 0
        receipt = pay.ReceivePayment(
            name, "ent_1", customer, self.today, amount, currency, "transfer", allocations=allocations
        )
        if not self.do(payments.receive, receipt):
            return False
        self.purses[name] = Purse(customer, currency, amount, self.today)
        self.account[currency] -= amount
        if allocations:
            self._recover(bill, self.settled(bill, share, currency) - owed)
        return True

    def settled(self, bill: str, amount: int, currency: str) -> int:
        """Amount that a payment of today settles of a bill."""
        return amount

    def rebate(self, n: int, amount: int) -> bool:
        """A credit note without an invoice."""
        sale, customer, currency = self._sale(n, amount // 2 + 1), CUSTOMERS[n % 2], CURRENCIES[n % 4]
        name = self._new("pay")
        note = IssueCreditNote(
            name.replace("pay", "cre"), name, "ent_1", customer, self._content(sale, 0).lines, "rebate", self.today,
            currency=currency, period_from=START, period_until=self.today,
        )  # fmt: skip
        if not self.do(credits.issue, note):
            return False
        purse = Purse(customer, currency, sum(net + vat for net, vat in parts_of(sale).values()), self.today)
        self.purses[name] = purse
        self.account[currency] -= purse.amount
        return True

    def settle(self, n: int, amount: int) -> bool:
        """Allocate by age; what was lost is not paid by that."""
        name = self._one(self.purses, n)
        return bool(name) and self.do(payments.allocate, pay.AllocatePayment(name, None), tuple(self.bills))

    def instruct(self, n: int, amount: int) -> bool:
        if not (name := self._one(self.purses, n)):
            return False
        bill = self._one(self._bills_of(self.purses[name].customer, self.purses[name].currency), n // 2)
        if not bill:
            return False
        unapplied = self.books.state(PAYMENT, name).unapplied_minor
        owed, amount = self.owed(bill), min(amount, unapplied, self._payable(bill))
        done = self.do(payments.allocate, pay.AllocatePayment(name, ((bill, amount),)))
        if done:
            self._recover(bill, amount - owed)
        return done

    def release(self, n: int, amount: int) -> bool:
        name = self._one(self.purses, n)
        return bool(name) and self.do(payments.release, pay.ReleasePayment(name, None))

    def reverse(self, n: int, amount: int) -> bool:
        name = self._one(self.purses, n)
        if not name or not self.do(reversals.reverse, pay.ReversePayment(name, self.today, "AC04")):
            return False
        purse = self.purses.pop(name)
        self.account[purse.currency] += purse.amount - purse.returned
        return True

    def refund(self, n: int, amount: int) -> bool:
        name = self._one(self.purses, n)
        if not name:
            return False
        purse, refund = self.purses[name], self._new("rfd")
        order = OrderRefund(name, refund, Money(amount, purse.currency), "asked")
        if done := self.do(refunds.order_refund, order):
            purse.refunds[refund] = amount
            self.account[purse.currency] += amount
        return done

    def bring_back(self, n: int, amount: int) -> bool:
        name = self._one({name: purse for name, purse in self.purses.items() if purse.refunds}, n)
        if not name:
            return False
        purse = self.purses[name]
        refund = next(iter(purse.refunds))
        if done := self.do(refunds.record_refund_returned, RecordRefundReturned(name, refund, "AC04")):
            self.account[purse.currency] -= purse.refunds.pop(refund)
        return done

    def _bills_of(self, customer: str, currency: str) -> list[str]:
        return [
            name
            for name, bill in self.bills.items()
            if (bill.customer, bill.currency) == (customer, currency)
        ]

    def _payable(self, name: str) -> int:
        return self.owed(name) + self.bills[name].lost

    # Bookkeeping

    def _credited(self, name: str, amount: int) -> bool:
        bill = self.bills[name]
        bill.credited += amount
        self.account[bill.currency] -= amount
        if amount and not bill.left:
            self._free(name)
        return True

    def _free(self, final: str) -> None:
        """Free the deposits that a final invoice still deducts."""
        for deposit in (self.bills[each] for each in self.bills[final].deducts):
            if deposit.deducted_by == final:
                deposit.deducted_by = ""

    def _lose(self, name: str, amount: int) -> None:
        self.bills[name].lost += amount
        self.account[self.bills[name].currency] -= amount

    def _recover(self, name: str, above: int) -> None:
        """Take back losses by the amount paid above the open one; amounts with VAT relief come back first."""
        if above <= 0:
            return
        bill = self.bills[name]
        relieved = min(above, bill.relieved)
        self._lose(name, -above)
        bill.relieved -= relieved
        bill.declared = min(bill.declared - relieved, bill.lost)

    def post(self) -> None:
        """Add the movements of new events, each of which is in the currency of its documents."""
        for event in self.books.ledger.events[self.counted :]:
            for moved in movements(event):
                for name, found in self.booked.items():
                    found[moved.currency] += getattr(moved, f"{name}_minor")
                bill, purse = self.bills.get(moved.invoice_id or ""), self.purses.get(moved.payment_id or "")
                assert bill is None or not moved.item_minor or bill.currency == moved.currency
                assert purse is None or not moved.cash_minor or purse.currency == moved.currency
        self.counted = len(self.books.ledger.events)

    def _new(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}_{self.serial}"

    def _one(self, known: Any, n: int) -> str:
        names = list(known)
        return names[n % len(names)] if names else ""

    def _sale(self, n: int, amount: int) -> Sale:
        return tuple((amount // (i + 1) + 1, RATES[(n + i) % 3]) for i in range(1 + n % 3))

    def _content(
        self, sale: Sale, discount: int, deposits: tuple[str, ...] = (), terms: Terms | None = None
    ) -> Content:
        lines = tuple(LineInput("work", "1", decimal(price), decimal(rate)) for price, rate in sale)
        rebate = AdjustmentInput("allowance", "agreed", decimal(discount), vat_rate=decimal(sale[0][1]))
        adjustments = (rebate,) if discount else ()
        return Content(self.today, lines, terms, adjustments=adjustments, deposits=deposits)
