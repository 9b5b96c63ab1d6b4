"""Delays counted from the events one by one; what covers what is left to the settlement that the books share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from encours.contracts.settlement import DueSchedule, Funds, InvoiceDebt, Settlement, settlements
from encours.ledger.stored import StoredEvent
from tests.integration.naive_money import CASH, OWING, SETTLING


@dataclass
class NaiveDebt:
    """An invoice as the events tell it."""

    issued: Any
    owed: int
    contested: int = 0
    open: int = 0
    conceded: int = 0
    paid: dict[str, int] = field(default_factory=dict)
    schedules: list[DueSchedule] = field(default_factory=list)


@dataclass
class Account:
    """A customer in one currency."""

    debts: dict[str, NaiveDebt] = field(default_factory=dict)
    cash: dict[str, int] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)

    def funded(self, payment: str, day: date) -> None:
        self.days[payment] = min(day, self.days.get(payment, day))

    def receive(self, payment: str, minor: int) -> None:
        self.cash[payment] = self.cash.get(payment, 0) + minor

    def put(self, data: Any, minor: int) -> None:
        debt = self.debts[data.invoice_id]
        debt.paid[data.payment_id] = debt.paid.get(data.payment_id, 0) + minor
        debt.open -= minor
        self.receive(data.payment_id, -minor)


def outcomes(log: list[StoredEvent], as_of: date, known_to: int, currency: str) -> list[tuple[Any, ...]]:
    """Customer, due date, owed, not covered, days of settlement and uncovered after 90 days, day of issue: of each
    instalment. Penalty documents are none.
    """
    accounts = _accounts(log, as_of, known_to, currency)
    return sorted(
        (row for customer, account in accounts.items() for row in _rows(customer, account)), key=repr
    )


def funds(log: list[StoredEvent], as_of: date, known_to: int, currency: str) -> dict[str, list[Funds]]:
    """The money that covers each invoice."""
    found: dict[str, list[Funds]] = {}
    for account in _accounts(log, as_of, known_to, currency).values():
        for invoice_id, settled in _settled(account).items():
            found[invoice_id] = [
                each for part in _parts(settled) if part.owed_minor > 0 for each in part.funds
            ]
    return found


def _accounts(log: list[StoredEvent], as_of: date, known_to: int, currency: str) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    # Schedules count in the order of the ledger; all else adds up in any order, once the invoices are there.
    events = sorted(log[:known_to], key=lambda event: event.type != "invoice.issued")
    for event in events:
        data: Any = event.recorded().data
        if event.effective_on <= as_of and getattr(data, "currency", None) == currency:
            if (customer := getattr(data, "customer_id", None)) is not None:
                _add(accounts.setdefault(customer, Account()), event, data)
            if event.type == "payment.reassigned":
                left = accounts.setdefault(data.from_customer_id, Account())
                left.receive(data.payment_id, -data.amount_minor)
        elif event.type == "invoice.issued" and data.currency == currency:
            accounts.setdefault(data.customer_id, Account()).debts[data.invoice_id] = NaiveDebt(data, 0)
    return accounts


def _add(account: Account, event: StoredEvent, data: Any) -> None:
    match event.type:
        case "invoice.issued":
            account.debts[data.invoice_id] = NaiveDebt(data, data.total_minor, open=data.total_minor)
        case "invoice.credited":
            debt = account.debts[data.invoice_id]
            debt.owed -= data.total_minor - data.awaited_minor
            debt.open -= data.total_minor
            debt.contested -= data.awaited_minor
            debt.conceded -= data.awaited_minor
        case "invoice.share_disputed":
            account.debts[data.invoice_id].contested += data.amount_minor
        case "invoice.share_undisputed":
            debt = account.debts[data.invoice_id]
            debt.contested += data.awaiting_credit_minor - data.amount_minor
            debt.owed -= data.awaiting_credit_minor
            debt.conceded += data.awaiting_credit_minor
        case "invoice.rescheduled":
            schedule = DueSchedule(event.effective_on, data.instalments)
            account.debts[data.invoice_id].schedules.append(schedule)
        case "payment.received" | "payment.identified":
            account.receive(data.payment_id, data.amount_minor)
            account.funded(data.payment_id, event.effective_on)
        case "payment.reassigned":
            account.receive(data.payment_id, data.amount_minor)
            account.funded(data.payment_id, data.received_on)
        case "payment.credit_note_issued":
            account.receive(data.payment_id, data.total_minor)
            account.funded(data.payment_id, event.effective_on)
        case "payment.reversed":
            account.receive(data.payment_id, -data.amount_minor)
        case "invoice.payment_applied":
            account.put(data, data.amount_minor)
            account.funded(data.payment_id, data.received_on)
        case "invoice.payment_unapplied":
            account.put(data, -data.amount_minor)
        case kind if (sign := CASH.get(kind)) is not None:
            account.receive(data.payment_id, sign * data.amount_minor)
        case kind if (sign := SETTLING.get(kind) or OWING.get(kind)) is not None:
            minor = sign * (data.written_off_minor if kind == "invoice.unrecoverable" else data.amount_minor)
            debt = account.debts[data.invoice_id]
            debt.open += minor
            debt.owed += minor if kind in OWING else 0


def _settled(account: Account) -> Mapping[str, Settlement]:
    debts = []
    for invoice_id, debt in account.debts.items():
        paid = [
            Funds(account.days[p], minor) for p, minor in debt.paid.items() if minor > 0 and p in account.days
        ]
        given_up = debt.owed + debt.conceded - sum(part.amount_minor for part in paid) - debt.open
        debts.append(
            InvoiceDebt(
                invoice_id, debt.issued.due_on, debt.owed, debt.contested - debt.conceded, given_up, tuple(paid),
                schedules=tuple(debt.schedules),
            )
        )  # fmt: skip
    spare = [Funds(account.days[p], m) for p, m in account.cash.items() if m > 0 and p in account.days]
    return settlements(debts, spare)


def _parts(settled: Settlement) -> Sequence[Settlement]:
    return settled.periods[0].parts if settled.periods else (settled,)


def _rows(customer: str, account: Account) -> list[tuple[Any, ...]]:
    found = []
    for invoice_id, settled in _settled(account).items():
        issued = account.debts[invoice_id].issued
        for part in _parts(settled):
            if part.owed_minor > 0 and issued.purpose != "penalty":
                unpaid = part.uncovered_before(part.due_on + timedelta(days=91))
                found.append(
                    (
                        customer,
                        part.due_on,
                        part.owed_minor,
                        part.uncovered_minor,
                        part.settled_on,
                        unpaid,
                        issued.issued_on,
                    )
                )
    return found
