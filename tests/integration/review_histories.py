"""Random documents of a creditor, some with defects, and a recount of what a review has to find in them.

The recount goes through the events one by one and knows nothing of tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from random import Random
from typing import Any, NamedTuple

from encours.contracts import Event, Recorded
from encours.contracts.common import CitedDelivery
from encours.contracts.events.invoice import InvoiceCancelled, InvoiceCredited, InvoiceIssued
from encours.contracts.events.money.payment import CreditNoteIssued
from encours.contracts.events.parties.customer import CustomerMerged, CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered, SeriesDefined
from encours.contracts.events.sales.order import (
    DeliveryCancelled,
    OrderBilled,
    OrderClosed,
    OrderDelivered,
    OrderPlaced,
)
from encours.contracts.events.sales.quote import QuoteAccepted, QuoteDrafted
from encours.contracts.events.sales.recurring import RecurringAgreed, RecurringBilled
from encours.contracts.parties import Merging, Survivors, merge_of
from encours.kernel.ids import derived_id
from encours.testing.events import credited, drafted, event, issued, sums
from encours.testing.history import History

ENTITY = derived_id("ent", "review")
CUSTOMERS = tuple(derived_id("cus", "review", n) for n in range(4))
START = date(2026, 1, 5)
AFTER_DAYS = 20


class Expected(NamedTuple):
    """A finding, as far as the recount tells it."""

    kind: str
    documents: frozenset[str]
    amount_minor: int | None
    found_on: date


@dataclass
class Books:
    """The events in order, and the recount at a pair of dates."""

    history: History = field(default_factory=lambda: History(today=START))

    @property
    def events(self) -> list[Recorded]:
        """All events, by position."""
        return self.history.events

    def days(self) -> Iterator[tuple[date, list[Event]]]:
        """Yield the events in runs of one business date."""
        for on, run in groupby(self.events, key=lambda e: e.effective_on):
            yield on, [e.data for e in run]

    def is_of_several_records(self, finding: Expected) -> bool:
        """Return True for duplicates that were billed to different records of a customer."""
        issues = (each for each in _issues(self.events) if each.invoice_id in finding.documents)
        return finding.kind == "duplicate_invoice" and len({each.customer_id for each in issues}) > 1

    def recount(self, position: int, as_of: date) -> set[Expected]:
        """Return what the events up to a position, with dates up to a day, leave to be looked at."""
        known = [e for e in self.events[:position] if e.effective_on <= as_of]
        return {
            *_duplicates(known),
            *_not_billed(known, as_of),
            *_gaps(known),
            *_credit(known),
            *_late(known),
        }


def _issues(known: list[Recorded]) -> list[InvoiceIssued]:
    return [e.data for e in known if isinstance(e.data, InvoiceIssued)]


def _debtors(known: list[Recorded]) -> Survivors:
    return Survivors((merge_of(e, e.data) for e in known if isinstance(e.data, Merging)), date.max)


def _duplicates(known: list[Recorded]) -> Iterator[Expected]:
    left: dict[str, int] = {}
    for e in known:
        if isinstance(e.data, InvoiceIssued):
            left[e.data.invoice_id] = e.data.total_minor
        elif isinstance(e.data, InvoiceCredited):
            left[e.data.invoice_id] -= e.data.total_minor
    standing = [invoice for invoice in _issues(known) if left[invoice.invoice_id] > 0]
    debtors = _debtors(known)
    for basis in ("supply_on", "reference"):
        groups: dict[Any, list[InvoiceIssued]] = defaultdict(list)
        for invoice in standing:
            if getattr(invoice, basis) is not None:
                groups[debtors.of(invoice.customer_id), invoice.total_minor, getattr(invoice, basis)].append(
                    invoice
                )
        for group in groups.values():
            if len(group) > 1 and (basis == "supply_on" or len({each.supply_on for each in group}) > 1):
                yield Expected(
                    "duplicate_invoice",
                    frozenset(each.invoice_id for each in group),
                    group[0].total_minor * (len(group) - 1),
                    sorted(each.issued_on for each in group)[1],
                )


def _not_billed(known: list[Recorded], as_of: date) -> Iterator[Expected]:
    numbered = {each.invoice_id for each in _issues(known)}
    after = timedelta(days=AFTER_DAYS + 1)
    cancelled = {e.data.delivery_id for e in known if isinstance(e.data, DeliveryCancelled)}
    billed = {
        delivery_id: e.data.invoice_id
        for e in known
        if isinstance(e.data, OrderBilled)
        for delivery_id in e.data.delivery_ids
    }
    closed = {e.stream for e in known if isinstance(e.data, OrderClosed)}
    delivered = {
        e.stream for e in known if isinstance(e.data, OrderDelivered) and e.data.delivery_id not in cancelled
    }
    for e in known:
        found_on, data = e.effective_on + after, e.data
        if isinstance(data, RecurringAgreed):
            yield from _periods(known, data, as_of)
        if found_on > as_of:
            continue
        if isinstance(data, OrderDelivered) and data.delivery_id not in cancelled:
            invoice_id = billed.get(data.delivery_id)
            if invoice_id not in numbered:
                documents = {e.stream, data.delivery_id, *([invoice_id] if invoice_id else [])}
                yield Expected("delivery_not_billed", frozenset(documents), data.net_minor, found_on)
        elif isinstance(data, RecurringBilled) and data.invoice_id not in numbered:
            documents = {e.stream, data.invoice_id}
            yield Expected("period_not_billed", frozenset(documents), data.total_minor, found_on)
        elif isinstance(data, QuoteAccepted):
            lost = data.order_id in closed and data.order_id not in delivered
            if lost or (data.invoice_id is not None and data.invoice_id not in numbered):
                documents = {e.stream, data.invoice_id or data.order_id or ""}
                yield Expected("quote_not_billed", frozenset(documents), data.total_minor, found_on)


def _periods(known: list[Recorded], agreed: RecurringAgreed, as_of: date) -> Iterator[Expected]:
    """The first month without an invoice: rules bill the first of each month."""
    mine = [e.data for e in known if isinstance(e.data, RecurringBilled) and e.stream == agreed.recurring_id]
    first = agreed.starts_on if not mine else _next_month(mine[-1].period)
    if first + timedelta(days=AFTER_DAYS + 1) <= as_of:
        yield Expected(
            "period_not_billed",
            frozenset({agreed.recurring_id}),
            agreed.total_minor,
            first + timedelta(days=AFTER_DAYS + 1),
        )


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _gaps(known: list[Recorded]) -> Iterator[Expected]:
    last = 0
    for invoice in _issues(known):
        if invoice.series is None:
            continue
        running = int(invoice.number.rpartition("-")[2])
        between = range(last + 1, running)
        taken = {
            int(each.number.rpartition("-")[2])
            for each in _issues(known)
            if each.series is None and each.number.startswith("FAC-2026-")
        }
        if set(between) - taken:
            yield Expected("number_gap", frozenset(), None, invoice.issued_on)
        last = running


def _credit(known: list[Recorded]) -> Iterator[Expected]:
    standing = _debtors(known)
    for debtor in {standing.of(customer_id) for customer_id in CUSTOMERS}:
        own = standing.records(debtor)
        notes = [
            e.data
            for e in known
            if isinstance(e.data, InvoiceCredited | CreditNoteIssued) and e.data.customer_id in own
        ]
        credits = sum(note.total_minor for note in notes)
        sales = sum(each.total_minor for each in _issues(known) if each.customer_id in own)
        if credits > sales:
            yield Expected(
                "credit_above_sales",
                frozenset(note.credit_note_id for note in notes),
                credits - sales,
                max(note.issued_on for note in notes),
            )


def _late(known: list[Recorded]) -> Iterator[Expected]:
    """France: at the supply (CGI 289 I-3)."""
    for invoice in _issues(known):
        if invoice.series is not None and invoice.issued_on > invoice.supply_on:
            yield Expected(
                "late_issue", frozenset({invoice.invoice_id}), invoice.total_minor, invoice.issued_on
            )


def random_books(seed: int, acts: int) -> Books:
    """Return a year of documents by a seed."""
    firm = _Firm(Random(seed))
    for n in range(acts):
        if n == acts // 2:
            firm.add(event(CustomerMerged, customer_id=CUSTOMERS[2], into_id=CUSTOMERS[3]))
        firm.act()
    return firm.books


class _Firm:
    """Acts of a creditor; each picks one kind of document, now and then with its defect."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.books, self.today, self.running = chance, Books(), START, 3
        self.quoted: dict[str, date] = {}
        self.orders: list[str] = []
        self.open: list[tuple[str, CitedDelivery]] = []
        self.rules: dict[str, date] = {}
        self.drafts: list[tuple[str, str, CitedDelivery | None]] = []
        self.numbers: set[str] = set()
        self.notes = 0
        self.invoices: list[InvoiceIssued] = []
        self.add(event(EntityRegistered, entity_id=ENTITY, country="FR"))
        self.add(event(SeriesDefined, entity_id=ENTITY, code="FAC", prefix="FAC-{year}-"))
        self.add(
            event(SeriesDefined, entity_id=ENTITY, code="AVO", prefix="AVO-{year}-", document="credit_note")
        )
        for customer_id in CUSTOMERS:
            self.add(event(CustomerRegistered, customer_id=customer_id, entity_id=ENTITY))

    def id(self, prefix: str) -> str:
        return derived_id(prefix, "review", len(self.books.events))

    def add(self, data: Event) -> None:
        self.books.history.add(data, entity=ENTITY, on=self.today)

    def defect(self) -> bool:
        return self.chance.random() < 0.17

    def act(self) -> None:
        self.today += timedelta(days=self.chance.choice((0, 1, 1, 2)))
        acts = (
            self.invoice,
            self.invoice,
            self.deliver,
            self.bill,
            self.recur,
            self.quote,
            self.credit,
            self.finish,
        )
        self.chance.choice(acts)()

    def issue(self, invoice_id: str, customer_id: str, total_minor: int, **fields: Any) -> None:
        """Give the next number, or by a defect one after a gap; another system's numbers fill some gaps."""
        self.running += 3 if self.defect() else 1
        made = issued(
            total_minor,
            invoice_id=invoice_id,
            customer_id=customer_id,
            number=f"FAC-2026-{self.running:06d}",
            issued_on=self.today,
            **({"series": "FAC", "origin": "issued", "purpose": "invoice", "supply_on": self.today} | fields),
        )
        self.numbers.add(made.number)
        self.invoices.append(made)
        self.add(made)

    def invoice(self) -> None:
        customer_id, total = self.chance.choice(CUSTOMERS), 1_000 * self.chance.randint(1, 60)
        again_to = self.chance.choice(CUSTOMERS[2:]) if customer_id in CUSTOMERS[2:] else customer_id
        if self.chance.random() < 0.1:
            number = f"FAC-2026-{self.running - self.chance.randint(0, 2):06d}"
            if self.running > 3 and number not in self.numbers:
                self.numbers.add(number)
                taken = issued(
                    total, invoice_id=self.id("inv"), customer_id=customer_id, number=number, series=None,
                    origin="import", purpose="invoice", issued_on=self.today, supply_on=self.today,
                )  # fmt: skip
                self.invoices.append(taken)
                self.add(taken)
            return
        late = timedelta(days=self.chance.randint(1, 50)) if self.defect() else timedelta()
        reference = f"PO-{self.chance.randint(1, 5)}" if self.chance.random() < 0.4 else None
        self.issue(self.id("inv"), customer_id, total, supply_on=self.today - late, reference=reference)
        if self.defect():
            again = self.invoices[-1]
            self.issue(
                self.id("inv"),
                again_to,
                total,
                supply_on=again.supply_on,
                reference=self.chance.choice((reference, None)),
            )

    def deliver(self) -> None:
        customer_id, order_id, delivery_id = self.chance.choice(CUSTOMERS), self.id("ord"), self.id("dlv")
        self.add(event(OrderPlaced, order_id=order_id, customer_id=customer_id, number=order_id))
        self.add(
            event(
                OrderDelivered,
                order_id=order_id,
                customer_id=customer_id,
                delivery_id=delivery_id,
                net_minor=5_000,
            )
        )
        if self.chance.random() < 0.2:
            self.add(
                event(DeliveryCancelled, order_id=order_id, customer_id=customer_id, delivery_id=delivery_id)
            )
        else:
            cited = CitedDelivery(
                order_id=order_id, order_number=order_id, reference=None, delivery_id=delivery_id,
                note_number="B-1", delivered_on=self.today,
            )  # fmt: skip
            self.open.append((customer_id, cited))

    def bill(self) -> None:
        if not self.open:
            return
        customer_id, cited = self.open.pop(0)
        if self.defect():
            return
        invoice_id = self.id("inv")
        self.draft(invoice_id, customer_id, cited)
        self.add(
            event(
                OrderBilled, order_id=cited.order_id, customer_id=customer_id, invoice_id=invoice_id,
                delivery_ids=(cited.delivery_id,),
            )
        )  # fmt: skip

    def draft(self, invoice_id: str, customer_id: str, cited: CitedDelivery | None = None) -> None:
        self.add(drafted(6_000, invoice_id=invoice_id, customer_id=customer_id))
        self.drafts.append((invoice_id, customer_id, cited))

    def finish(self) -> None:
        """Issue drafts, or by a defect cancel them or leave them."""
        for invoice_id, customer_id, cited in self.drafts:
            if self.defect():
                if self.chance.random() < 0.5:
                    self.add(event(InvoiceCancelled, invoice_id=invoice_id, customer_id=customer_id))
                continue
            fields = {} if cited is None else {"supply_on": cited.delivered_on, "deliveries": (cited,)}
            self.issue(invoice_id, customer_id, 1_000 * self.chance.randint(100, 999), **fields)
        self.drafts.clear()

    def recur(self) -> None:
        if not self.rules or self.chance.random() < 0.2:
            recurring_id, starts_on = self.id("rec"), _next_month(self.today)
            self.add(
                event(
                    RecurringAgreed,
                    recurring_id=recurring_id,
                    customer_id=self.chance.choice(CUSTOMERS),
                    starts_on=starts_on,
                    **sums(7_000),
                )
            )
            self.rules[recurring_id] = starts_on
        for recurring_id, period in list(self.rules.items()):
            if period <= self.today and not self.defect():
                invoice_id = self.id("inv")
                self.draft(invoice_id, CUSTOMERS[0])
                self.add(
                    event(
                        RecurringBilled, recurring_id=recurring_id, customer_id=CUSTOMERS[0], period=period,
                        invoice_id=invoice_id, total_minor=7_000,
                    )
                )  # fmt: skip
                self.rules[recurring_id] = _next_month(period)

    def quote(self) -> None:
        customer_id, quote_id = self.chance.choice(CUSTOMERS), self.id("quo")
        self.add(
            event(
                QuoteDrafted, quote_id=quote_id, customer_id=customer_id, number=quote_id,
                valid_until=self.today + timedelta(days=30), **sums(8_000),
            )
        )  # fmt: skip
        order_id = invoice_id = None
        if self.chance.random() < 0.5:
            order_id = self.id("ord")
            self.add(event(OrderPlaced, order_id=order_id, customer_id=customer_id, number=order_id))
        else:
            invoice_id = self.id("inv")
            self.draft(invoice_id, customer_id)
        self.add(
            event(
                QuoteAccepted, quote_id=quote_id, customer_id=customer_id, total_minor=8_000,
                led_to="order" if order_id else "invoice", invoice_id=invoice_id, order_id=order_id,
            )
        )  # fmt: skip
        if order_id is not None and self.chance.random() < 0.5:
            self.add(event(OrderClosed, order_id=order_id, customer_id=customer_id))

    def credit(self) -> None:
        """Credit an invoice in part or whole, or by a defect more than was ever sold."""
        name = self.id("cre")
        if self.invoices and self.chance.random() < 0.8:
            invoice = self.chance.choice(self.invoices)
            self.invoices.remove(invoice)
            part = 1 if self.chance.random() < 0.7 else 2
            self.add(
                credited(
                    invoice.total_minor // part, invoice_id=invoice.invoice_id, customer_id=invoice.customer_id,
                    credit_note_id=name, number=f"A-{len(self.books.events)}", series=None, origin="import",
                    issued_on=self.today,
                )
            )  # fmt: skip
        else:
            self.notes += 1
            self.add(
                event(
                    CreditNoteIssued, payment_id=self.id("pay"), customer_id=CUSTOMERS[3], credit_note_id=name,
                    number=f"AVO-2026-{self.notes:06d}", series="AVO", issued_on=self.today, **sums(900_000),
                )
            )  # fmt: skip
