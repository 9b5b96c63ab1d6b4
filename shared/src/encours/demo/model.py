"""Customers of the demo and their payment behaviour: seeded, so that every machine makes the same year.

What is drawn, and how often, stands in README.md beside this file. Amounts are integers in pence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from encours.demo import words
from encours.demo.source import RetailInvoice
from encours.kernel.money import format_amount
from encours.kernel.terms import DueKind, DueRule, due_date

SEED = 20101201
CURRENCY = "GBP"
COUNTRY = "GB"
MAX_NAMED = 40
TERMS: tuple[tuple[DueKind, int, int], ...] = (
    ("NET", 30, 60),
    ("NET", 45, 12),
    ("NET", 60, 8),
    ("NET", 14, 8),
    ("DAYS_THEN_EOM", 45, 6),
    ("EOM_THEN_DAYS", 45, 6),
)
HABITS = (("prompt", 45), ("on_time", 25), ("slow", 18), ("chronic", 9), ("defaulter", 3))
DELAY_DAYS = {
    "prompt": (-22, -6),
    "on_time": (-4, 2),
    "slow": (3, 25),
    "chronic": (20, 75),
    "defaulter": (3, 25),
}
LEAST_DAYS_TO_PAY = 2

ENTITY = {
    "kind": "entity",
    "name": "Halfpenny Lane Gifts Ltd",
    "country": COUNTRY,
    "currency": CURRENCY,
    "time_zone": "Europe/London",
    "legal_form": "Ltd",
}


def pick(rng: Random, weighted: tuple[tuple[str, int], ...]) -> str:
    """One of the names, by weight."""
    return rng.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """The generated side of a customer code."""

    ref: str
    name: str
    language: str
    email: str | None
    address: dict[str, Any]
    rule: DueRule
    habit: str
    monthly: bool
    stops_on: date | None
    """First day on which a defaulter pays nothing."""


def customer(rng: Random, ref: str, invoices: int) -> DemoCustomer:
    """A customer's name, terms and habits."""
    language = "fr" if rng.random() < 0.32 else "en"
    second, form = (words.SECOND_FR, words.FORM_FR) if language == "fr" else (words.SECOND_EN, words.FORM_EN)
    name = f"{rng.choice(words.FIRST)} {rng.choice(second)} {rng.choice(form)}"
    kind, days, _ = rng.choices(TERMS, [weight for *_, weight in TERMS])[0]
    habit = pick(rng, HABITS)
    return DemoCustomer(
        ref=ref,
        name=name,
        language=language,
        email=f"accounts@{_slug(name)}-{ref}.example" if rng.random() < 0.97 else None,
        address=_address(ref, language),
        rule=DueRule(kind, days),
        habit=habit,
        monthly=invoices > 4 and rng.random() < 0.15,
        stops_on=date(2011, 6, 1) + timedelta(days=rng.randrange(150)) if habit == "defaulter" else None,
    )


def _address(ref: str, language: str) -> dict[str, Any]:
    """Drawn apart, so that customers keep the habits they had before they had addresses."""
    rng = Random(f"{SEED}:{ref}:address")  # noqa: S311 - a model, not a secret
    french = language == "fr"
    city, postal_code = rng.choice(words.TOWN_FR if french else words.TOWN_EN)
    street = rng.choice(words.STREET_FR if french else words.STREET_EN)
    return {"lines": [f"{rng.randint(1, 120)} {street}"], "postal_code": postal_code, "city": city}


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())


@dataclass(slots=True)
class Debt:
    """An invoice and what is left to pay of it, from when on."""

    number: str
    issued_on: date
    due_on: date
    total_minor: int
    left_minor: int
    payable_on: date
    """Not before: a contested invoice waits for its resolution."""


@dataclass(slots=True)
class Year:
    """The lines of one customer."""

    rng: Random
    customer: DemoCustomer
    until: date
    lines: list[tuple[date, dict[str, Any]]] = field(default_factory=list)
    contests: bool = False
    payments: int = 0

    def add(self, on: date, /, **line: Any) -> bool:
        """Keep a line, unless it lies beyond the demo's last day."""
        if on > self.until:
            return False
        self.lines.append((on, line))
        return True


def generate(invoices: list[RetailInvoice], until: date) -> Iterator[dict[str, Any]]:
    """NDJSON lines of everything that the data set does not have: creditor, customers, then events by date."""
    by_customer: dict[str, list[RetailInvoice]] = {}
    for invoice in invoices:
        by_customer.setdefault(invoice.customer, []).append(invoice)
    customers: list[dict[str, Any]] = []
    events: list[tuple[date, dict[str, Any]]] = []
    for ref, own in by_customer.items():
        rng = Random(f"{SEED}:{ref}")  # noqa: S311 - a model, not a secret
        who = customer(rng, ref, len(own))
        customers.append(_customer_line(who, min(invoice.issued_on for invoice in own), len(own)))
        events += one_year(Year(rng, who, until), own)
    yield ENTITY
    yield from customers
    yield from (line for _, line in sorted(events, key=lambda event: event[0]))


def _customer_line(who: DemoCustomer, first_on: date, invoices: int) -> dict[str, Any]:
    line: dict[str, Any] = {
        "kind": "customer",
        "external_ref": who.ref,
        "name": who.name,
        "country": "FR" if who.language == "fr" else COUNTRY,
        "language": who.language,
        "address": who.address,
        "segment": "key" if invoices > 40 else "regular" if invoices > 4 else "occasional",
        "registered_on": first_on.isoformat(),
        "terms": {"due_kind": who.rule.kind, "days": who.rule.days},
    }
    return line if who.email is None else line | {"email": who.email}


def one_year(year: Year, invoices: list[RetailInvoice]) -> list[tuple[date, dict[str, Any]]]:
    """Returns, disputes and payments of one customer, with their dates."""
    debts = [_debt(year, invoice) for invoice in sorted(invoices, key=lambda i: (i.issued_on, i.number))]
    for transfer_on, together in _transfers(year, debts):
        if year.customer.stops_on is None or transfer_on < year.customer.stops_on:
            _pay(year, transfer_on, together)
    return year.lines


def _debt(year: Year, invoice: RetailInvoice) -> Debt:
    rng, issued_on, total = year.rng, invoice.issued_on, invoice.total_minor
    payable_on = issued_on + timedelta(days=LEAST_DAYS_TO_PAY)
    debt = Debt(invoice.number, issued_on, due_date(issued_on, year.customer.rule), total, total, payable_on)
    chance = rng.random()
    if chance < 0.04:
        share = 100 if rng.random() < 0.2 else rng.randint(10, 60)
        returned_on = issued_on + timedelta(days=rng.randint(3, 12))
        _credit(year, debt, returned_on, max(1, total * share // 100), "goods returned")
    elif chance < 0.065:
        _dispute(year, debt)
    return debt


def _credit(year: Year, debt: Debt, on: date, minor: int, cause: str) -> None:
    year.contests = True
    debt.left_minor -= minor
    debt.payable_on = max(debt.payable_on, on + timedelta(days=1))
    year.add(
        on,
        kind="credit_note",
        number=f"CN{debt.number}",
        invoice=debt.number,
        issued_on=on.isoformat(),
        amount=format_amount(minor, CURRENCY),
        cause=cause,
    )


def _dispute(year: Year, debt: Debt) -> None:
    rng = year.rng
    year.contests = True
    on = debt.issued_on + timedelta(days=rng.randint(4, 20))
    minor = max(1, debt.total_minor * rng.randint(30, 100) // 100)
    category = rng.choice(sorted(words.DISPUTES["en"]))
    end = on + timedelta(days=rng.randint(10, 45))
    outcome = pick(rng, (("credited", 45), ("rejected", 30), ("withdrawn", 25)))
    opened = year.add(
        on,
        kind="dispute",
        reference=f"D{debt.number}",
        invoice=debt.number,
        opened_on=on.isoformat(),
        category=category,
        amount=format_amount(minor, CURRENCY),
        text=words.DISPUTES[year.customer.language][category],
    )
    resolved = opened and year.add(
        end, kind="dispute_resolved", reference=f"D{debt.number}", on=end.isoformat(), outcome=outcome
    )
    if resolved and outcome == "credited":
        _credit(year, debt, end, minor, f"dispute: {category}")
    debt.payable_on = max(debt.payable_on, end + timedelta(days=1))


def _transfers(year: Year, debts: list[Debt]) -> list[tuple[date, list[Debt]]]:
    """Return the days on which money is sent, with the invoices that it is for."""
    rng, (low, high) = year.rng, DELAY_DAYS[year.customer.habit]
    wished = [
        (max(debt.payable_on, debt.due_on + timedelta(days=rng.randint(low, high))), debt)
        for debt in debts
        if debt.left_minor > 0
    ]
    if not year.customer.monthly:
        return sorted(((on, [debt]) for on, debt in wished), key=lambda transfer: transfer[0])
    pay_day = rng.randint(1, 28)
    together: dict[date, list[Debt]] = {}
    for on, debt in wished:
        day = on.replace(day=pay_day)
        day = day if day >= on else (on.replace(day=1) + timedelta(days=32)).replace(day=pay_day)
        together.setdefault(day, []).append(debt)
    return sorted(together.items())


def _pay(year: Year, on: date, debts: list[Debt]) -> None:
    rng = year.rng
    amount = sum(debt.left_minor for debt in debts)
    chance = rng.random()
    if chance < 0.04 and amount > 100:
        first = amount * rng.randint(40, 80) // 100
        _transfer(year, on, debts, first)
        _transfer(year, on + timedelta(days=rng.randint(10, 40)), debts, amount - first)
    elif chance < 0.043 and not year.contests:
        _transfer(year, on, debts, amount)
        _transfer(year, on + timedelta(days=rng.randint(1, 9)), debts, amount)
    elif chance < 0.049:
        _come_undone(year, on, debts, amount)
    else:
        _transfer(year, on, debts, amount)


def _come_undone(year: Year, on: date, debts: list[Debt], amount: int) -> None:
    method, cause = year.rng.choice(
        (("cheque", "bounced cheque"), ("direct_debit", "returned debit, no funds"))
    )
    reference = _transfer(year, on, debts, amount, method=method)
    back = on + timedelta(days=year.rng.randint(3, 10))
    again = year.rng.random() < 0.8
    if reference is None:
        return
    returned = year.add(back, kind="payment_reversed", reference=reference, on=back.isoformat(), cause=cause)
    if returned and again:
        _transfer(year, back + timedelta(days=year.rng.randint(15, 40)), debts, amount)


def _transfer(
    year: Year, on: date, debts: list[Debt], amount: int, *, method: str = "transfer"
) -> str | None:
    """One payment; its reference, or nothing when it comes after the demo's end."""
    rng, who = year.rng, year.customer
    year.payments += 1
    reference = f"BK{who.ref}-{year.payments:04d}"
    named = rng.random() < 0.72 or year.contests
    texts = (words.WITH_NUMBERS if named else words.WITHOUT_NUMBERS)[who.language]
    text = rng.choice(texts).format(
        numbers=" ".join(debt.number for debt in debts[:MAX_NAMED]),
        name=who.name.upper(),
        month=on.strftime("%m/%Y"),
    )
    kept = year.add(
        on,
        kind="payment",
        reference=reference,
        customer=who.ref,
        received_on=on.isoformat(),
        amount=format_amount(amount, CURRENCY),
        method=method,
        remittance_text=text,
    )
    return reference if kept else None
