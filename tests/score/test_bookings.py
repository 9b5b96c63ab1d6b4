"""Release and re-allocation change no outcome, delay or grade: real commands, folded by the read model of risk-svc.

1,000 random bookings of each test; ``DEEP=1``: 10,000.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from encours.contracts.common import Address
from encours.testing.memory import TODAY, BooksInMemory
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import Content, DraftInvoice
from invoice_svc.domain.payment.commands import AllocatePayment, ReceivePayment, ReleasePayment
from invoice_svc.use_cases.folds import PAYMENT
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.model import Forecast
from risk_svc.domain.score.outcomes import outcomes
from risk_svc.domain.score.shipped import SHIPPED
from tests.histories.account import AccountInMemory

BOOKINGS = 10_000 if "DEEP" in os.environ else 1_000
EACH = 25
"""Bookings on the books of one customer."""
ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR")
CREDITOR = RegisterEntity(
    "ent_1", "SAS", "FR", "EUR", "Europe/Paris", legal_form="SAS, RCS Paris", siren="552100554",
    vat_id="FR96552100554", address=ADDRESS,
)  # fmt: skip
FIRST_BOOKING = TODAY - timedelta(days=30)
Answer = tuple[tuple[InvoiceOutcome, ...], Forecast, list[tuple[str, int]]]
"""Outcomes, forecast with its grade, and the delay of each invoice."""


class Desk:
    """Books with invoices and payments of one customer, on which somebody allocates and releases."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.books, self.account = BooksInMemory(), AccountInMemory()
        self.today = FIRST_BOOKING
        self.bookings = 0
        self.open, self.left = dict[str, int](), dict[str, int]()
        """Open amounts by invoice, unapplied money by payment."""
        self.do(entities.register, CREDITOR)
        self.do(customers.register, RegisterCustomer("cus_1", "ent_1", "Dupont", "FR", address=ADDRESS))
        for days in sorted(dice.sample(range(-400, -35), dice.randrange(1, 7))):
            self.issue(TODAY + timedelta(days=days), dice.randrange(1, 500))

    def do(self, work: Any, *arguments: Any, today: date | None = None) -> None:
        self.books.do(work, *arguments, today=today or self.today)

    def issue(self, on: date, minor: int) -> None:
        name = f"inv_{len(self.open)}"
        content = Content(supply_on=on, lines=(LineInput("work", "1", f"{minor / 100:.2f}", "0"),))
        draft = DraftInvoice(name, "ent_1", "cus_1", "FAC", content, issue=True, issued_on=on)
        self.do(invoices.draft, draft, today=on)
        self.open[name] = minor

    def receive(self, on: date, minor: int) -> None:
        name = f"pay_{len(self.left)}"
        money = ReceivePayment(name, "ent_1", "cus_1", on, minor, "EUR", "transfer", allocations=())
        self.do(payments.receive, money)
        self.left[name] = minor

    def allocate(self, payment: str, invoice: str, minor: int) -> None:
        self.do(payments.allocate, AllocatePayment(payment, ((invoice, minor),)))
        self.bookings += 1
        self.open[invoice] -= minor
        self.left[payment] -= minor

    def release(self, payment: str, *names: str) -> Counter[str]:
        """Release these allocations; return what that takes from each invoice."""
        found = {name: each for name, each in self.standing(payment).items() if name in names}
        self.do(payments.release, ReleasePayment(payment, names))
        self.bookings += 1
        taken = Counter[str]()
        for invoice, minor in found.values():
            taken[invoice] += minor
            self.open[invoice] += minor
            self.left[payment] += minor
        return taken

    def standing(self, payment: str) -> dict[str, tuple[str, int]]:
        """Return invoice and amount of the allocations in force, by their ids."""
        state = self.books.state(PAYMENT, payment)
        found = (each.allocation for each in state.allocations)
        return {each.allocation_id: (each.invoice_id, each.amount_minor) for each in found}

    def allocate_something(self) -> bool:
        """Put a part of a payment on an invoice; return False if there is no money or no debt left."""
        money = [name for name, minor in self.left.items() if minor]
        debts = [name for name, minor in self.open.items() if minor]
        if not money or not debts:
            return False
        payment, invoice = self.dice.choice(money), self.dice.choice(debts)
        most = min(self.left[payment], self.open[invoice])
        self.allocate(payment, invoice, most if self.dice.random() < 0.5 else self.dice.randint(1, most))
        return True

    def release_something(self) -> tuple[str, Counter[str]] | None:
        """Release some allocations of a payment; return it with what that takes from each invoice."""
        paying = [name for name in self.left if self.standing(name)]
        if not paying:
            return None
        payment = self.dice.choice(paying)
        names = list(self.standing(payment))
        return payment, self.release(payment, *self.dice.sample(names, self.dice.randint(1, len(names))))

    def sleep(self) -> None:
        """Let some days pass, up to the day of the question."""
        self.today = min(TODAY, self.today + timedelta(days=self.dice.randrange(3)))

    def answer(self) -> Answer:
        items = self.account.items(self.books.ledger.events, TODAY)
        history = outcomes(items, TODAY)
        found = SHIPPED.forecast_at_end_of(PayerHistory("", history), TODAY.toordinal())
        return history, found, [(each.invoice_id, each.delay(TODAY)) for each in items]


def test_money_that_covers_all_debts_is_judged_by_its_day_however_it_is_booked() -> None:
    dice, done, settled = random.Random(11), 0, set[int | None]()
    while done < BOOKINGS:
        desk = Desk(dice)
        on = TODAY - timedelta(days=dice.randrange(35, 400))
        cuts = sorted({0, sum(desk.open.values()), *(dice.randint(1, sum(desk.open.values())) for _ in "ab")})
        for before, upto in pairwise(cuts):
            desk.receive(on, upto - before)
        reference = desk.answer()
        assert {each.settled for each in reference[0]} == {on.toordinal()}
        while desk.bookings < EACH:
            desk.sleep()
            if dice.random() < 0.4 or not desk.allocate_something():
                desk.release_something()
            assert desk.answer() == reference
        done += desk.bookings
        settled |= {each.settled for each in reference[0]}
    assert len(settled) > 10


def test_what_is_released_and_allocated_again_counts_as_before() -> None:
    """Money of any day and amount, less or more than the debts: only where it is put says what it pays."""
    dice, done, grades = random.Random(12), 0, Counter[str | None]()
    while done < BOOKINGS:
        desk = Desk(dice)
        for _ in range(dice.randrange(1, 4)):
            most = max(1, 2 * sum(desk.open.values()) // 3)
            desk.receive(TODAY - timedelta(days=dice.randrange(35, 400)), dice.randint(1, most))
        for _ in range(dice.randrange(1, 6)):
            desk.allocate_something()
        reference = desk.answer()
        while desk.bookings < EACH:
            if (released := desk.release_something()) is None:
                break
            desk.sleep()
            payment, taken = released
            for invoice, minor in dice.sample(list(taken.items()), len(taken)):
                first = dice.randint(0, minor)
                for part in filter(None, (first, minor - first)):
                    desk.allocate(payment, invoice, part)
            assert desk.answer() == reference
        done += desk.bookings
        grades[reference[1].grade] += 1
    assert len(grades) > 2
