"""A past of orders at random, and a naive count of what a limit policy says of each, from the events alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from encours.contracts import Event
from encours.contracts.events.invoice import InvoiceDrafted, InvoiceIssued, PaymentApplied
from encours.contracts.events.loss import InvoiceProvisioned, InvoiceWrittenOff
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.ids import derived_id
from encours.testing.events import applied, drafted, event, issued, received

ENTITY = derived_id("ent", "past")
FIRST = date(2025, 1, 6)
CUSTOMERS = tuple(derived_id("cus", "past", n) for n in range(4))
Happened = tuple[date, Event]


def past(seed: int, days: int = 240) -> list[Happened]:
    """Customers that order, pay late, in part or never; what stays open long is written off or provided for."""
    dice = random.Random(seed)
    made: list[Happened] = [(FIRST, event(EntityRegistered, entity_id=ENTITY))]
    made += [(FIRST, event(CustomerRegistered, customer_id=each, entity_id=ENTITY)) for each in CUSTOMERS]
    number = 0
    for after in range(1, days):
        day = FIRST + timedelta(days=after)
        for index, customer in enumerate(CUSTOMERS):
            if dice.random() > 0.12:
                continue
            number += 1
            made += _order(dice, f"{seed}-{number}", customer, day, pays=dice.random() > 0.06 * (index + 1))
    return sorted(made, key=lambda each: each[0])


def _order(dice: random.Random, name: str, customer: str, day: date, *, pays: bool) -> Iterator[Happened]:
    invoice, minor = derived_id("inv", "past", name), dice.randrange(100_00, 900_00)
    own = {"invoice_id": invoice, "customer_id": customer}
    if dice.random() < 0.5:
        yield day - timedelta(days=dice.randrange(3)), drafted(minor, **own)
    due_on = day + timedelta(days=30)
    yield day, issued(minor, **own, number=f"F-{name}", issued_on=day, supply_on=day, due_on=due_on)
    paid_on = due_on + timedelta(days=dice.randrange(-15, 50))
    if pays or dice.random() < 0.3:
        part = minor if pays else minor // 3
        payment, when = {"payment_id": derived_id("pay", name)}, {"received_on": paid_on}
        yield paid_on, received(part, **payment, **when, customer_id=customer)
        yield paid_on, applied(part, **own, **payment, **when, allocation_id=derived_id("alo", name))
    if not pays:
        given_up = due_on + timedelta(days=60)
        kind = dice.choice((InvoiceWrittenOff, InvoiceProvisioned))
        yield given_up, event(kind, **own, amount_minor=minor // 2)


@dataclass
class Debt:
    """An invoice as the count keeps it."""

    customer: str
    day: date
    due_on: date
    total: int
    net: int
    paid: int = 0
    written_off: int = 0
    provision: int = 0

    @property
    def left(self) -> int:
        return self.total - self.paid - self.written_off


@dataclass
class NaivePolicy:
    """A share of what was billed in a year, a highest amount, a longest delay before an order is refused or held."""

    share_bps: int
    cap: int
    max_days: int
    hold_days: int | None = None


@dataclass
class Count:
    """The verdicts by order, and all invoices."""

    verdicts: dict[str, str] = field(default_factory=dict)
    debts: dict[str, Debt] = field(default_factory=dict)

    def refused(self) -> list[Debt]:
        return [self.debts[each] for each, verdict in self.verdicts.items() if verdict == "refuse"]


def counted(happened: Sequence[Happened], policy: NaivePolicy, first: date, last: date) -> Count:
    """Go through the events once, with the invoices that are not refused."""
    found, drafts = Count(), dict[str, tuple[str, int]]()
    for day, each in happened:
        match each:
            case InvoiceDrafted():
                drafts[each.invoice_id] = each.customer_id, each.total_minor
            case InvoiceIssued():
                drafts.pop(each.invoice_id, None)
                if first <= day <= last:
                    found.verdicts[each.invoice_id] = _verdict(found, drafts, each, policy)
                found.debts[each.invoice_id] = Debt(
                    each.customer_id, day, each.due_on, each.total_minor, each.net_minor or 0
                )
            case PaymentApplied():
                found.debts[each.invoice_id].paid += each.amount_minor
            case InvoiceWrittenOff():
                found.debts[each.invoice_id].written_off += each.amount_minor
            case InvoiceProvisioned():
                found.debts[each.invoice_id].provision = each.amount_minor
            case _:
                pass
    return found


def _verdict(
    found: Count, drafts: dict[str, tuple[str, int]], order: InvoiceIssued, policy: NaivePolicy
) -> str:
    day = order.issued_on
    own = [
        debt
        for name, debt in found.debts.items()
        if debt.customer == order.customer_id and found.verdicts.get(name) != "refuse"
    ]
    billed = sum(debt.total for debt in own if (day - debt.day).days < 365)
    limit = min(billed * policy.share_bps // 10_000, policy.cap)
    owed = sum(debt.left for debt in own)
    owed += sum(minor for customer, minor in drafts.values() if customer == order.customer_id)
    late = max(((day - debt.due_on).days for debt in own if debt.left > 0), default=0)
    held = policy.hold_days is not None and late > policy.hold_days
    return "refuse" if owed + order.total_minor > limit or late > policy.max_days or held else "accept"
