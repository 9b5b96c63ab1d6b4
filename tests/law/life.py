"""An invoice's life, lived twice: in the books through the services, and as facts of law in a count by days.

The count knows when funds were available, what was credited and which claims were accepted. It knows nothing of
allocations, releases and write-offs, nor of the order in which anything was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal

from dunning_svc.domain.litigation.interest import CashLeft, debt_by_movements, statements
from encours.contracts import Recorded
from encours.contracts.common import Address
from encours.contracts.events.sales.dispute import ResolvedPart
from encours.contracts.settlement import Funds, settlements
from encours.kernel.errors import DomainError
from encours.kernel.money import Money, div_half_up
from encours.legal.interest import NOTHING_DUE, Statement, statement
from encours.legal.packs import law_of
from encours.testing.memory import BooksInMemory
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.dispute.commands import OpenDispute, RaiseDispute, ResolveDispute
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.commands import Content, CreditInvoice, DraftInvoice
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.payment import commands as pay
from invoice_svc.domain.payment import state as payment_state
from invoice_svc.use_cases.money import claims, payments, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import disputes, invoices
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.score.behaviour import PAYMENT_BEHAVIOUR_4, expected_delay
from tests.histories.account import AccountInMemory

ISSUED_ON = date(2025, 4, 7)
DUE_ON = date(2025, 5, 7)
TOTAL = 100_000
FEE = 4_000
ONE_DAY = timedelta(days=1)
LAW = law_of("FR")
ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR")

Outcome = Literal["credited", "rejected", "withdrawn"]


@dataclass
class Facts:
    """Events in law. Amounts in minor units."""

    receipts: dict[str, tuple[date, int]] = field(default_factory=dict)
    """Payments that were not reversed."""
    credits: list[tuple[date, int]] = field(default_factory=list)
    claims: dict[str, tuple[date, int]] = field(default_factory=dict)
    """Open disputes."""
    pending: int = 0
    """Accepted claims that no credit note has answered."""
    free: list[tuple[date, int]] = field(default_factory=list)
    """Credit notes, less what answered claims accepted before."""
    answered: int = 0
    """Amount of the credit notes that had answered claims when these were accepted."""

    def credit(self, day: date, amount: int) -> None:
        """A credit note answers claims that were accepted before; the rest may answer one to come."""
        self.credits.append((day, amount))
        answered = min(amount, self.pending)
        self.pending -= answered
        self.free.append((day, amount - answered))

    def accept(self, dispute: str, part: int | None = None) -> None:
        """A claim, or a part, is answered by credit notes since its opening, each of which answers but once."""
        opened, contested = self.claims.pop(dispute)
        amount = contested if part is None else part
        if amount < contested:
            self.claims[dispute] = (opened, contested - amount)
        since = sum(part for day, part in self.free if day >= opened)
        answered = min(amount, since, sum(part for _, part in self.free) - self.answered)
        pending = min(amount - answered, self.owed)
        self.answered += amount - pending
        self.pending += pending

    @property
    def owed(self) -> int:
        """Amount that was ever owed."""
        return TOTAL - sum(amount for _, amount in self.credits) - self.pending

    def uncovered(self, day: date) -> int:
        """Amount that no funds cover at the end of a day."""
        return max(0, self.owed - sum(amount for on, amount in self.receipts.values() if on <= day))

    def penalties(self, on: date) -> list[tuple[int, int, int, int]]:
        """Days, principal, rate and interest of each run of days that differ in nothing."""
        days = [DUE_ON + timedelta(days=n + 1) for n in range((on - DUE_ON).days)]
        counted = [
            (self.uncovered(day - ONE_DAY), date(day.year, 1 + 6 * (day.month > 6), 1)) for day in days
        ]
        found = []
        for (principal, half_year), run in groupby(counted):
            length = len(list(run))
            rate = next(LAW.rates(half_year, half_year, DUE_ON))[2].value
            if principal:
                found.append((length, principal, rate, div_half_up(principal * rate * length, 3_650_000)))
        return found

    def settled_on(self, today: date) -> date | None:
        """The first day from which nothing is uncovered."""
        if not self.owed:
            return None
        day = today
        while day >= ISSUED_ON - timedelta(days=60) and self.uncovered(day) == 0:
            day -= ONE_DAY
        return day + ONE_DAY if day < today else None

    def score(self, today: date) -> int | None:
        """The score of a customer with this invoice alone."""
        settled_on = self.settled_on(today)
        settled, waiting = [], []
        if settled_on is not None and today - settled_on <= timedelta(365):
            settled = [max(0, (settled_on - DUE_ON).days)]
        elif settled_on is None and self.owed and today > DUE_ON:
            waiting = [(today - DUE_ON).days]
        if not settled and not waiting:
            return None
        share: float = 0.5 ** (expected_delay(settled, waiting, PAYMENT_BEHAVIOUR_4) / 20)
        return round(100 * share)


Act = Callable[["Life", date, int, int], None]
"""A day, a number that makes every choice, an amount in minor units."""


class Life:
    """The books and the facts, step by step. A step that is refused changes neither."""

    def __init__(self) -> None:
        self.books = BooksInMemory()
        self.facts = Facts()
        self.today = ISSUED_ON
        self.serial = 0
        creditor = RegisterEntity(
            "ent_1", "SAS", "FR", "EUR", "Europe/Paris", legal_form="SAS, RCS Paris", siren="552100554",
            vat_id="FR96552100554", address=ADDRESS,
        )  # fmt: skip
        self.do(entities.register, creditor)
        self.do(customers.register, RegisterCustomer("cus_1", "ent_1", "Dupont", "FR", address=ADDRESS))
        content = Content(supply_on=ISSUED_ON, lines=(LineInput("work", "1", "1000.00", "0"),))
        draft = DraftInvoice("inv_1", "ent_1", "cus_1", "FAC", content, issue=True, issued_on=ISSUED_ON)
        assert self.do(invoices.draft, draft)

    def do(self, work: Any, *arguments: Any) -> bool:
        """Run a use case; return whether it was done."""
        try:
            self.books.do(work, *arguments, today=self.today)
        except DomainError:
            return False
        return True

    def step(self, act: Act, days: int, n: int, amount: int) -> None:
        """Let an act happen, dated up to ``days`` ago."""
        on = max(ISSUED_ON, self.today - timedelta(days=days))
        act(self, on, n, amount)

    def wait(self, on: date, n: int, amount: int) -> None:
        self.today += timedelta(days=1 + n % 23)

    def receive(self, on: date, n: int, amount: int) -> None:
        self.serial += 1
        name, received = f"pay_{self.serial}", on - timedelta(days=n % 9)
        receipt = pay.ReceivePayment(name, "ent_1", "cus_1", received, amount, "EUR", "transfer")
        if n % 2:
            receipt = pay.ReceivePayment(
                name, "ent_1", "cus_1", received, amount, "EUR", "transfer", allocations=()
            )
        if self.do(payments.receive, receipt, ("inv_1",)):
            self.facts.receipts[name] = (received, amount)

    def allocate(self, on: date, n: int, amount: int) -> None:
        if name := self._payment(n):
            self.do(payments.allocate, pay.AllocatePayment(name, None), ("inv_1",))

    def instruct(self, on: date, n: int, amount: int) -> None:
        if name := self._payment(n):
            self.do(payments.allocate, pay.AllocatePayment(name, (("inv_1", amount),)))

    def release(self, on: date, n: int, amount: int) -> None:
        if name := self._payment(n):
            self.do(payments.release, pay.ReleasePayment(name, None))

    def restore(self, on: date, n: int, amount: int) -> None:
        """Release and allocate again on the same day."""
        self.release(on, n, amount)
        self.allocate(on, n, amount)

    def reverse(self, on: date, n: int, amount: int) -> None:
        name = self._payment(n)
        if name and self.do(reversals.reverse, pay.ReversePayment(name, on, "returned")):
            del self.facts.receipts[name]

    def charge_back(self, on: date, n: int, amount: int) -> None:
        """Reverse a part of a payment."""
        name, part = self._payment(n), Money(amount, "EUR")
        if name and self.do(reversals.reverse, pay.ReversePayment(name, on, "disputed", part)):
            received_on, whole = self.facts.receipts.pop(name)
            if whole > amount:
                self.facts.receipts[name] = (received_on, whole - amount)

    def credit(self, on: date, n: int, amount: int) -> None:
        self.serial += 1
        if self.do(invoices.credit, CreditInvoice("inv_1", f"cre_{self.serial}", on, amount, "returned")):
            self.facts.credit(on, amount)

    def cancel(self, on: date, n: int, amount: int) -> None:
        """Credit all that is outstanding, now and then."""
        left = fold_as_of(self.books.stream("inv_1"), self.today).outstanding_minor
        if n < 4 and self.do(
            invoices.credit, CreditInvoice("inv_1", f"cre_{n}", self.today, None, "our error")
        ):
            self.facts.credit(self.today, left)

    def dispute(self, on: date, n: int, amount: int) -> None:
        self.serial += 1
        name = f"dis_{self.serial}"
        if self.do(claims.open_dispute, OpenDispute(name, "inv_1", "quality", amount, "broken", None, on)):
            self.facts.claims[name] = (on, amount)

    def accept(self, on: date, n: int, amount: int) -> None:
        if self._resolve(n, "credited"):
            self.facts.accept(self._claim(n))

    def accept_part(self, on: date, n: int, amount: int) -> None:
        name = self._claim(n)
        part = ResolveDispute(name, "credited", self.today, amount_minor=amount)
        if name and self.do(disputes.resolve, part):
            self.facts.accept(name, amount)

    def split(self, on: date, n: int, amount: int) -> None:
        name = self._claim(n)
        rest = self.facts.claims[name][1] - amount if name else 0
        parts = (
            ResolvedPart(outcome="credited", amount_minor=amount, text=None),
            ResolvedPart(outcome="rejected", amount_minor=rest, text=None),
        )
        if rest > 0 and self.do(disputes.resolve, ResolveDispute(name, "split", self.today, parts=parts)):
            self.facts.accept(name, amount)
            del self.facts.claims[name]

    def raise_claim(self, on: date, n: int, amount: int) -> None:
        name = self._claim(n)
        if name and self.do(disputes.raise_amount, RaiseDispute(name, amount, "EUR", "more")):
            opened, contested = self.facts.claims[name]
            self.facts.claims[name] = (opened, contested + amount)

    def reject(self, on: date, n: int, amount: int) -> None:
        if self._resolve(n, "rejected"):
            del self.facts.claims[self._claim(n)]

    def write_off(self, on: date, n: int, amount: int) -> None:
        self.do(invoices.write_off, WriteOffInvoice("inv_1", Money(amount, "EUR"), "lost", None, on))

    def write_back(self, on: date, n: int, amount: int) -> None:
        self.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "found"))

    def _payment(self, n: int) -> str:
        names = sorted(self.facts.receipts)
        return names[n % len(names)] if names else ""

    def _claim(self, n: int) -> str:
        names = sorted(self.facts.claims)
        return names[n % len(names)] if names else ""

    def _resolve(self, n: int, outcome: Outcome) -> bool:
        name = self._claim(n)
        return bool(name) and self.do(disputes.resolve, ResolveDispute(name, outcome, self.today))

    def statement(self, as_of: date, on: date) -> Statement:
        """invoice-svc's statement."""
        state = fold_as_of(self.books.stream("inv_1"), as_of)
        if state.terms is None:
            return NOTHING_DUE
        return statement(settlements([debt_of(state)], self._cash(as_of))["inv_1"], state.terms, on, LAW)

    def litigated(self, as_of: date, on: date) -> Statement | None:
        """dunning-svc's statement, from movements alone; None where nothing is open."""
        counted = [e for e in self.books.ledger.events if e.effective_on <= as_of]
        by_stream: dict[str, list[Recorded]] = {}
        for e in counted:
            by_stream.setdefault(e.stream, []).append(e)
        debt = debt_by_movements(by_stream.get("inv_1", []), ())
        cash = CashLeft()
        for e in counted:
            cash.take(e, {"cus_1"})
        debts = [] if debt is None else [debt]
        return statements(debts, cash.funds("ent_1", "EUR"), on, LAW).get("inv_1")

    def _cash(self, as_of: date) -> Iterator[Funds]:
        for name in {e.stream for e in self.books.ledger.events if e.stream.startswith("pay_")}:
            payment = payment_state.fold_as_of(self.books.stream(name), as_of)
            if payment.unapplied_minor:
                yield Funds(payment.received_on, payment.unapplied_minor)

    def items(self, as_of: date) -> tuple[ExposureItem, ...]:
        """risk-svc's invoices, from the rows of its read model added up as its statements do."""
        return AccountInMemory().items(self.books.ledger.events, as_of)
