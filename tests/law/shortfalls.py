"""Payments that are a little short, beside :mod:`tests.law.documents`: what tolerances close, what takes it back."""

from __future__ import annotations

from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.loss.write_off import ReverseWriteOff
from invoice_svc.domain.payment import commands as pay
from invoice_svc.use_cases.folds import PAYMENT
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.sales import disputes, invoices
from tests.law.exchange import Exchange


class Shortfalls(Exchange):
    """The documents with payments that miss what is owed by little."""

    def fall_short(self, n: int, amount: int) -> bool:
        """Pay a bill, or its price, up to a small rest, in one payment or in two."""
        name = self._one(self.bills, n)
        if not name:
            return False
        wanted = self.owed(name) - (amount // 10 if n % 5 == 0 else 0) - 1 - amount % 40
        first = wanted // 2 if n % 3 == 0 else wanted
        return self._pay(name, first) and (first == wanted or self._pay(name, wanted - first))

    def pay_rest(self, n: int, amount: int) -> bool:
        """Pay what a tolerance closed, or a part of it."""
        name = self._short(n)
        return bool(name) and self._pay(name, min(self.owed(name), 1 + amount % 40))

    def take_back(self, n: int, amount: int) -> bool:
        """Release or reverse a payment of a bill that a tolerance closed, or credit an amount of the bill."""
        name = self._short(n)
        if not name:
            return False
        if n % 3 == 0:
            note = CreditInvoice(name, self._new("cre"), self.today, 1 + amount % 40, "returned")
            return self.do(invoices.credit, note) and self._credited(name, 1 + amount % 40)
        paid = [
            number
            for number, purse in enumerate(self.purses)
            for each in self.books.state(PAYMENT, purse).allocations
            if each.allocation.invoice_id == name
        ]
        return (self.release if n % 3 == 1 else self.reverse)(paid[n % len(paid)], amount)

    def _short(self, n: int) -> str:
        return self._one([name for name in self.bills if self.closed(name)[1]], n)

    def undo(self) -> None:
        """Release all cash, reverse all write-offs and reject all claims."""
        for name in self.purses:
            if self.books.state(PAYMENT, name).allocations:
                assert self.do(payments.release, pay.ReleasePayment(name, None))
        for name, bill in self.bills.items():
            while bill.claims:
                assert self.do(disputes.resolve, ResolveDispute(bill.claims.pop(0), "rejected", self.today))
            if bill.lost:
                assert self.do(invoices.reverse_write_off, ReverseWriteOff(name, "undone"))
                self._lose(name, -bill.lost)
                bill.declared = bill.relieved = 0
