"""A firm's documents, lived twice: in the books through the services, and in a ledger that only adds and subtracts.

The naive ledger takes each amount from the command that was accepted. It reads allocations from the payments, to hold
them against the invoices, and knows nothing of events, movements, dates and roundings of credits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from encours.contracts.books import movements
from encours.contracts.events.invoice import InvoiceCredited
from encours.kernel.errors import DomainError
from encours.kernel.money import Money, div_half_up
from encours.testing.memory import BooksInMemory
from invoice_svc.domain.amounts.adjustments import AdjustmentInput
from invoice_svc.domain.amounts.sums import LineInput, RateAmounts
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import AmendInvoice, Content, CreditInvoice, DraftInvoice
from invoice_svc.domain.invoice.correction import CorrectInvoice, correction_id
from invoice_svc.domain.loss.decide import DeclareUnrecoverable, ProvisionInvoice
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.payment import commands as pay
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.domain.payment.refund import OrderRefund, RecordRefundReturned
from invoice_svc.use_cases import corrections, credits, customers, disputes, entities, invoices, payments
from invoice_svc.use_cases.folds import PAYMENT

START = date(2026, 1, 5)
RATES = (0, 550, 2_000)
CUSTOMERS = ("cus_1", "cus_2")
CURRENCIES = ("EUR", "EUR", "EUR", "USD")
Sale = tuple[tuple[int, int], ...]
"""Lines: price in minor units, and rate."""


@dataclass
class Bill:
    """An invoice, in minor units; net and VAT by rate are those that it adds."""

    customer: str
    currency: str
    sale: Sale
    parts: dict[int, tuple[int, int]]
    deposit: bool = False
    final: bool = False
    deducted: bool = False
    credited: int = 0
    lost: int = 0
    """Written off, and of that declared unrecoverable, and of that with VAT relief."""
    declared: int = 0
    relieved: int = 0
    claims: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(net + vat for net, vat in self.parts.values())


@dataclass
class Purse:
    """Money of a customer: a payment, or a credit note without an invoice."""

    customer: str
    currency: str
    amount: int
    refunds: dict[str, int] = field(default_factory=dict)


Act = Callable[["Documents", int, int], bool]
"""A number that makes every choice, and an amount in minor units; whether it was done."""


def parts_of(sale: Sale, discount: int = 0) -> dict[int, tuple[int, int]]:
    """Net and VAT by rate; the discount is at the rate of the first line."""
    nets: Counter[int] = Counter()
    for price, rate in sale:
        nets[rate] += price
    nets[sale[0][1]] -= discount
    return {rate: (net, div_half_up(net * rate, 10_000)) for rate, net in nets.items()}


class Documents:
    """The books and the naive ledger, step by step. A step that is refused changes neither."""

    def __init__(self) -> None:
        self.books = BooksInMemory()
        self.today = START
        self.serial = 0
        self.bills: dict[str, Bill] = {}
        self.purses: dict[str, Purse] = {}
        self.account: Counter[str] = Counter()
        """The control account by currency."""
        self.booked: dict[str, Counter[str]] = {name: Counter() for name in ("item", "cash", "account")}
        self.counted = 0
        """Events whose movements are in ``booked``."""
        self.do(entities.register, RegisterEntity("ent_1", "Ltd", "GB", "EUR", "Europe/London"))
        for name in CUSTOMERS:
            self.do(customers.register, RegisterCustomer(name, "ent_1", "Dupont", "FR"))

    def do(self, work: Any, *arguments: Any) -> bool:
        """Run a use case; return whether it was done."""
        before = len(self.books.ledger.events)
        try:
            self.books.do(work, *arguments, today=self.today)
        except DomainError:
            assert len(self.books.ledger.events) == before
            return False
        return len(self.books.ledger.events) > before

    # What is owed, by the naive ledger

    def paid(self, name: str) -> int:
        """Allocations to the invoice, as the payments have them."""
        return sum(amount for invoice, amount in self._allocations() if invoice == name)

    def _allocations(self) -> Iterator[tuple[str, int]]:
        for purse in self.purses:
            for standing in self.books.state(PAYMENT, purse).allocations:
                yield standing.allocation.invoice_id, standing.allocation.settled_minor

    def outstanding(self, name: str) -> int:
        bill = self.bills[name]
        return bill.total - bill.credited - self.paid(name) - bill.lost

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
        draft = DraftInvoice(
            name,
            "ent_1",
            customer,
            "FAC",
            content,
            currency,
            issue=True,
            purpose="deposit" if deposit else "invoice",
        )
        if not self.do(invoices.draft, draft):
            return False
        bill = Bill(customer, currency, sale, parts_of(sale, discount), deposit=deposit)
        self.bills[name] = bill
        self.account[currency] += bill.total
        return True

    def final(self, n: int, amount: int) -> bool:
        """A final invoice deducts up to two deposits of the customer, of which nothing was credited or lost."""
        customer, currency = CUSTOMERS[n % 2], "EUR"
        deposits = [
            name
            for name, bill in self.bills.items()
            if (bill.customer, bill.currency, bill.deposit) == (customer, currency, True)
            and not (bill.deducted or bill.credited or bill.lost)
        ][:2]
        sale, name = self._sale(n, amount), self._new("inv")
        content = self._content(sale, 0, tuple(deposits))
        if not deposits or not self.do(
            invoices.draft, DraftInvoice(name, "ent_1", customer, "FAC", content, currency, issue=True)
        ):
            return False
        left = parts_of(sale)
        for deposit in (self.bills[each] for each in deposits):
            over = 0
            for rate, (net, vat) in deposit.parts.items():
                of_net, of_vat = left.get(rate, (0, 0))
                left_net, left_vat = max(0, of_net - net), max(0, of_vat - vat)
                over += net + vat - (of_net - left_net) - (of_vat - left_vat)
                if rate in left:
                    left[rate] = (left_net, left_vat)
            deposit.credited, deposit.deducted = over, True
            self.account[currency] -= over
        self.bills[name] = Bill(customer, currency, sale, left, final=True)
        self.account[currency] += self.bills[name].total
        return True

    def credit(self, n: int, amount: int) -> bool:
        """By amount, or over all that is outstanding."""
        if not (name := self._one(self.bills, n)):
            return False
        wanted = None if n % 4 == 0 else amount
        owed = self.outstanding(name)
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
            {name: bill for name, bill in self.bills.items() if not (bill.final or bill.deducted)}, n
        )
        if not name:
            return False
        bill, new, sale = self.bills[name], correction_id(name), self._sale(n, amount)
        lines = self._content(sale, 0).lines
        changes = AmendInvoice(name, lines=lines, allowances=())
        if not self.do(corrections.correct, CorrectInvoice(name, "wrong price", changes)):
            return False
        self._credited(name, bill.total - bill.credited)
        self.bills[new] = Bill(bill.customer, bill.currency, sale, parts_of(sale), deposit=bill.deposit)
        self.account[bill.currency] += self.bills[new].total
        return True

    def claim(self, n: int, amount: int) -> bool:
        if not (name := self._one(self.bills, n)):
            return False
        dispute = self._new("dis")
        opened = OpenDispute(dispute, name, "quality", amount, "broken", None, self.today)
        if done := self.do(disputes.open_dispute, opened):
            self.bills[name].claims.append(dispute)
        return done

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
        bill.relieved += asked
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
        owed = self.outstanding(bill) if allocations else 0
        receipt = pay.ReceivePayment(
            name, "ent_1", customer, self.today, amount, currency, "transfer", allocations=allocations
        )
        if not self.do(payments.receive, receipt):
            return False
        self.purses[name] = Purse(customer, currency, amount)
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
        purse = Purse(customer, currency, sum(net + vat for net, vat in parts_of(sale).values()))
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
        owed, amount = self.outstanding(bill), min(amount, unapplied, self._payable(bill))
        done = self.do(payments.allocate, pay.AllocatePayment(name, ((bill, amount),)))
        if done:
            self._recover(bill, amount - owed)
        return done

    def release(self, n: int, amount: int) -> bool:
        name = self._one(self.purses, n)
        return bool(name) and self.do(payments.release, pay.ReleasePayment(name, None))

    def reverse(self, n: int, amount: int) -> bool:
        name = self._one(self.purses, n)
        if not name or not self.do(payments.reverse, pay.ReversePayment(name, self.today, "AC04")):
            return False
        purse = self.purses.pop(name)
        self.account[purse.currency] += purse.amount
        return True

    def refund(self, n: int, amount: int) -> bool:
        name = self._one(self.purses, n)
        if not name:
            return False
        purse, refund = self.purses[name], self._new("rfd")
        order = OrderRefund(name, refund, Money(amount, purse.currency), "asked")
        if done := self.do(payments.order_refund, order):
            purse.refunds[refund] = amount
            self.account[purse.currency] += amount
        return done

    def bring_back(self, n: int, amount: int) -> bool:
        name = self._one({name: purse for name, purse in self.purses.items() if purse.refunds}, n)
        if not name:
            return False
        purse = self.purses[name]
        refund = next(iter(purse.refunds))
        if done := self.do(payments.record_refund_returned, RecordRefundReturned(name, refund, "AC04")):
            self.account[purse.currency] -= purse.refunds.pop(refund)
        return done

    def _bills_of(self, customer: str, currency: str) -> list[str]:
        return [
            name
            for name, bill in self.bills.items()
            if (bill.customer, bill.currency) == (customer, currency)
        ]

    def _payable(self, name: str) -> int:
        return self.outstanding(name) + self.bills[name].lost

    # Bookkeeping

    def _credited(self, name: str, amount: int) -> bool:
        self.bills[name].credited += amount
        self.account[self.bills[name].currency] -= amount
        return True

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

    def _content(self, sale: Sale, discount: int, deposits: tuple[str, ...] = ()) -> Content:
        lines = tuple(LineInput("work", "1", _decimal(price), _decimal(rate)) for price, rate in sale)
        rebate = AdjustmentInput("allowance", "agreed", _decimal(discount), vat_rate=_decimal(sale[0][1]))
        return Content(self.today, lines, adjustments=(rebate,) if discount else (), deposits=deposits)


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
