"""Payments of one currency on invoices of another, beside :mod:`tests.law.documents`, with rates that change each day.

The naive ledger converts with fractions. It takes rates from the days on which it has published them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from encours.contracts.books import movements
from encours.contracts.events.money.payment import Allocation
from encours.kernel.money import div_half_up
from invoice_svc.domain.payment import commands as pay
from invoice_svc.domain.rate.commands import PublishRates
from invoice_svc.domain.rate.state import rates_id
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, rates
from tests.law.amendments import Amendments

OWN, FOREIGN = "EUR", "USD"
BANK = "0.8765"
"""EUR for one USD, as the bank agrees it however far it is from the published rate."""


def rounded(amount: Fraction) -> int:
    return div_half_up(amount.numerator, amount.denominator)


class Exchange(Amendments):
    """The documents, the rate of each day, and the conversions that stand."""

    def __init__(self, caps: Mapping[str, int] = {}) -> None:
        super().__init__(caps)
        self.rates: dict[date, Fraction] = {}
        self._publish(90)

    def _publish(self, hundredths: int) -> None:
        """Publish the day's rate before anything else happens on it, now and then for a euro instead of a dollar."""
        pair = (FOREIGN, OWN) if hundredths % 3 else (OWN, FOREIGN)
        rate = Fraction(hundredths, 100)
        self.rates[self.today] = rate if hundredths % 3 else 1 / rate
        by_day = ((self.today, f"{hundredths / 100:.2f}"),)
        wanted = PublishRates(rates_id("ent_1", *pair), "ent_1", *pair, "ECB", by_day)
        assert self.do(rates.publish, wanted)

    def wait(self, n: int, amount: int) -> bool:
        super().wait(n, amount)
        self._publish(80 + amount % 40)
        return True

    def convert(self, n: int, amount: int) -> bool:
        """Settle a bill in the other currency, by an amount of either, at the published rate or at the bank's."""
        name = self._one(self.purses, n)
        if not name:
            return False
        purse = self.purses[name]
        (other,) = {OWN, FOREIGN} - {purse.currency}
        bill = self._one(self._bills_of(purse.customer, other), n // 2)
        if not bill:
            return False
        euro = Fraction(BANK) if n % 3 == 0 else self.rate(self.books.state(PAYMENT, name).received_on)
        per_used = euro if other == OWN else 1 / euro
        unapplied = self.books.state(PAYMENT, name).unapplied_minor
        most = min(amount, rounded(unapplied * per_used), self._payable(bill))
        asked = pay.Instruction(bill, most, other)
        settled = most
        if n % 2:
            used = min(amount, unapplied, rounded(self._payable(bill) / per_used))
            asked, settled = pay.Instruction(bill, used, purse.currency), rounded(used * per_used)
        if n % 3 == 0:
            agreed = pay.AgreedRate(FOREIGN, OWN, BANK, "bank", confirmed=True)
            asked = asked._replace(exchange=agreed)
        owed = self.owed(bill)
        done = self.do(payments.allocate, pay.AllocatePayment(name, (asked,)))
        if done:
            self._recover(bill, settled - owed)
        return done

    def settled(self, bill: str, amount: int, currency: str) -> int:
        if self.bills[bill].currency == currency:
            return amount
        euro = self.rate(self.today)
        return rounded(amount / euro if currency == OWN else amount * euro)

    def rate(self, day: date) -> Fraction:
        """Euros for a dollar on a day."""
        return self.rates[max(each for each in self.rates if each <= day)]

    def standing(self) -> Iterator[tuple[str, Allocation]]:
        """Allocations in force, with their purse."""
        for name in self.purses:
            for each in self.books.state(PAYMENT, name).allocations:
                yield name, each.allocation

    def converted(self) -> Counter[str]:
        """Changes of the control account by the conversions that stand: the other side of the conversion account."""
        found: Counter[str] = Counter()
        for name, part in self.standing():
            if part.settles is not None:
                found[self.purses[name].currency] += part.amount_minor
                found[part.settles.currency] -= part.settles.amount_minor
        return found

    def gained(self) -> int:
        """Difference of what was paid on foreign bills, in euro cents, from what they were worth when issued."""
        gain = 0
        for name, part in self.standing():
            if self.bills[part.invoice_id].currency == OWN:
                continue
            paid = part.amount_minor
            if self.purses[name].currency == FOREIGN:
                paid = rounded(paid * self.rate(self.books.state(PAYMENT, name).received_on))
            issued_on = self.books.state(INVOICE, part.invoice_id).issued_on
            assert issued_on is not None
            gain += paid - rounded(part.settled_minor * self.rate(issued_on))
        return gain

    def compare(self) -> None:
        """Hold conversions and differences against the books; each conversion is by its rate, to the cent."""
        for _, part in self.standing():
            if (settles := part.settles) is None:
                continue
            per_used = (
                Fraction(settles.rate) if settles.quote == settles.currency else 1 / Fraction(settles.rate)
            )
            error = abs(part.amount_minor * per_used - settles.amount_minor)
            assert error <= max(Fraction(1, 2), per_used), (part, error)
        booked = sum(moved.exchange_minor for e in self.books.ledger.events for moved in movements(e))
        assert booked == self.gained()
