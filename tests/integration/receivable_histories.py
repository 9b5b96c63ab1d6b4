"""Random histories of receivables, and what a naive replay makes of them.

Written from the rules alone: nothing here shares code with the projection or its queries.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from encours.contracts import Event, encode
from encours.contracts.common import Instalment, Terms
from encours.contracts.events import calendar, entity, invoice, payment
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.ledger.stored import StoredEvent, event_of
from encours.testing.events import event as sample
from tests.integration import naive_insured, naive_money, naive_named
from tests.integration.naive_dues import band, parts
from tests.integration.product_parts import amounts

ENTITY = "ent_" + "e" * 32
DAY_0 = date(2026, 1, 1)
CUSTOMERS = ["cus_" + digit * 32 for digit in "1234"]
NEWER = 500
"""Numbers of acts from it on are those of the third and fourth customer."""
TERMS = Terms(due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4000)


@dataclass
class Books:
    """Just enough memory to write plausible events; `log` is what the ledger would hold."""

    log: list[StoredEvent] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """Positions at which a command was complete."""
    versions: dict[str, int] = field(default_factory=dict)
    today: date = DAY_0
    open: dict[str, int] = field(default_factory=dict)
    owner: dict[str, tuple[str, str]] = field(default_factory=dict)
    disputes: list[tuple[str, str, int]] = field(default_factory=list)
    conceded: dict[str, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    """Issued less credited."""
    planned: dict[str, int] = field(default_factory=dict)
    unlike: dict[str, str] = field(default_factory=dict)
    """Invoices that are penalty documents, or were taken over with their total alone."""
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Memory of acts of other modules, by stream."""
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def id(self, prefix: str) -> str:
        return f"{prefix}_{next(self.serial):032x}"

    def record(self, stream: str, event: Event, effective_on: date) -> None:
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        position = len(self.log) + 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=position)
        number = UUID(int=position)
        owned = "" if stream == calendar.STREAM else ENTITY
        row = {
            "position": position, "stream": stream, "version": version, "type": event.TYPE,
            "schema_version": event.VERSION, "entity": owned, "event_id": number, "effective_on": effective_on,
            "recorded_at": at, "actor": "test", "command_id": number, "reason": None, "correlation_id": None,
            "causation_id": None, "traceparent": None, "data": encode(event),
        }  # fmt: skip
        self.log.append(event_of(row, "random"))


def customer_of(n: int) -> str:
    """Return the customer of an act, by its number."""
    return CUSTOMERS[n % 2 + 2 * (n >= NEWER)]


def issue(b: Books, n: int, day: date, amount: int) -> None:
    invoice_id, customer = b.id("inv"), customer_of(n)
    currency = "USD" if n % 7 == 6 else "EUR"
    b.open[invoice_id] = b.owed[invoice_id] = amount
    b.owner[invoice_id] = customer, currency
    event = invoice.InvoiceIssued(
        invoice_id=invoice_id, customer_id=customer, number=f"F-{len(b.log)}", series=None, issued_on=day,
        supply_on=day, due_on=day + timedelta(days=n % 61), currency=currency, terms=TERMS, reference=None,
        salesperson=None, origin="issued", **amounts(n, amount),
    )  # fmt: skip
    b.record(invoice_id, event, day)


def pay(b: Books, n: int, day: date, amount: int) -> None:
    """A payment by a known payer (or not), put on that payer's open invoices for a share of it."""
    payment_id = b.id("pay")
    customer = None if n % 5 == 4 else customer_of(n)
    currency = "USD" if n % 7 == 6 else "EUR"
    event = payment.PaymentReceived(
        payment_id=payment_id, customer_id=customer, received_on=day, amount_minor=amount, currency=currency,
        method="transfer", remittance_text=None, external_ref=None, origin="issued",
    )  # fmt: skip
    b.record(payment_id, event, day)
    b.payments[payment_id] = {
        "customer": customer, "currency": currency, "amount": amount, "parts": [], "on": day, "left": amount,
    }  # fmt: skip
    if customer is not None and n % 3:
        allocate(b, payment_id, day)


def allocate(b: Books, payment_id: str, day: date) -> None:
    paid = b.payments[payment_id]
    parts = []
    for invoice_id, left in b.open.items():
        part = min(left, paid["left"])
        if part > 0 and b.owner[invoice_id] == (paid["customer"], paid["currency"]):
            parts.append((b.id("alo"), invoice_id, part))
            b.open[invoice_id] -= part
            paid["left"] -= part
    if not parts:
        return
    paid["parts"] += parts
    b.record(payment_id, payment.PaymentAllocated(**_parts(payment_id, paid, parts)), day)
    for allocation_id, invoice_id, part in parts:
        applied = invoice.PaymentApplied(
            invoice_id=invoice_id, customer_id=paid["customer"], currency=paid["currency"], payment_id=payment_id,
            allocation_id=allocation_id, amount_minor=part, received_on=paid["on"],
        )  # fmt: skip
        b.record(invoice_id, applied, day)


def _parts(payment_id: str, paid: dict[str, Any], parts: list[tuple[str, str, int]]) -> dict[str, Any]:
    return {
        "payment_id": payment_id, "customer_id": paid["customer"], "currency": paid["currency"],
        "allocations": tuple(
            payment.Allocation(
                allocation_id=allocation_id, invoice_id=invoice_id, amount_minor=part, rule="oldest_due",
                basis="test", evidence=None,
            )
            for allocation_id, invoice_id, part in parts
        ),
    }  # fmt: skip


def release(b: Books, n: int, day: date, amount: int, cause: str = "released") -> None:
    found = [p for p, paid in b.payments.items() if paid["parts"]]
    if found:
        _release(b, found[n % len(found)], day, cause)


def _release(b: Books, payment_id: str, day: date, cause: str) -> None:
    paid = b.payments[payment_id]
    parts, paid["parts"] = paid["parts"], []
    if not parts:
        return
    b.record(payment_id, payment.PaymentReleased(**_parts(payment_id, paid, parts)), day)
    for allocation_id, invoice_id, part in parts:
        b.open[invoice_id] += part
        paid["left"] += part
        undone = invoice.PaymentUnapplied(
            invoice_id=invoice_id, customer_id=paid["customer"], currency=paid["currency"], payment_id=payment_id,
            allocation_id=allocation_id, amount_minor=part, cause=cause,  # type: ignore[arg-type]
        )  # fmt: skip
        b.record(invoice_id, undone, day)


def reverse(b: Books, n: int, day: date, amount: int) -> None:
    if not b.payments:
        return
    payment_id = list(b.payments)[n % len(b.payments)]
    _release(b, payment_id, day, "reversed")
    paid = b.payments.pop(payment_id)
    part = paid["amount"] if n % 3 else min(amount, paid["amount"])
    undone = sample(
        payment.PaymentReversed, payment_id=payment_id, customer_id=paid["customer"], amount_minor=part,
        currency=paid["currency"], reversed_on=day,
    )  # fmt: skip
    b.record(payment_id, undone, day)
    if part < paid["amount"]:
        paid["amount"], paid["left"] = paid["amount"] - part, paid["left"] - part
        b.payments[payment_id] = paid


def identify(b: Books, n: int, day: date, amount: int) -> None:
    for payment_id, paid in b.payments.items():
        if paid["customer"] is None:
            payer = paid["customer"] = customer_of(n)
            event = payment.PaymentIdentified(
                payment_id=payment_id, customer_id=payer, amount_minor=paid["amount"], currency=paid["currency"],
            )  # fmt: skip
            b.record(payment_id, event, max(day, paid["on"]))
            return


def allocate_later(b: Books, n: int, day: date, amount: int) -> None:
    found = [p for p, paid in b.payments.items() if paid["customer"] is not None and paid["left"]]
    if found:
        allocate(b, found[n % len(found)], day)


def credit(b: Books, n: int, day: date, amount: int) -> None:
    found = [i for i, left in b.open.items() if left]
    if found:
        credit_one(b, found[n % len(found)], n, day, amount)


def credit_one(b: Books, invoice_id: str, n: int, day: date, amount: int) -> None:
    """Credit a part of an invoice, as the kind of document that the invoice is."""
    part, kind = min(amount, b.open[invoice_id]), b.unlike.get(invoice_id, "invoice")
    b.open[invoice_id] -= part
    b.owed[invoice_id] -= part
    awaited = min(part, b.conceded.get(invoice_id, 0))
    b.conceded[invoice_id] = b.conceded.get(invoice_id, 0) - awaited
    customer, currency = b.owner[invoice_id]
    event = invoice.InvoiceCredited(
        invoice_id=invoice_id, customer_id=customer, currency=currency, credit_note_id=b.id("cre"),
        number=f"A-{len(b.log)}", series=None, issued_on=day, awaited_minor=awaited, whole=not b.open[invoice_id],
        cause="goods returned", origin="import", **amounts(n, part, kind),
    )  # fmt: skip
    b.record(invoice_id, event, day)


def contest(b: Books, n: int, day: date, amount: int) -> None:
    if not b.open:
        return
    invoice_id = list(b.open)[n % len(b.open)]
    customer, currency = b.owner[invoice_id]
    dispute_id = b.id("dis")
    b.disputes.append((dispute_id, invoice_id, amount))
    event = invoice.ShareDisputed(
        invoice_id=invoice_id,
        customer_id=customer,
        currency=currency,
        dispute_id=dispute_id,
        amount_minor=amount,
    )
    b.record(invoice_id, event, day)


def settle_dispute(b: Books, n: int, day: date, amount: int) -> None:
    if not b.disputes:
        return
    dispute_id, invoice_id, share = b.disputes.pop(n % len(b.disputes))
    customer, currency = b.owner[invoice_id]
    awaiting = min(share, max(0, b.open[invoice_id] - b.conceded.get(invoice_id, 0))) if amount % 3 else 0
    b.conceded[invoice_id] = b.conceded.get(invoice_id, 0) + awaiting
    event = invoice.ShareUndisputed(
        invoice_id=invoice_id, customer_id=customer, currency=currency, dispute_id=dispute_id, amount_minor=share,
        outcome="credited" if awaiting else "rejected", awaiting_credit_minor=awaiting,
    )  # fmt: skip
    b.record(invoice_id, event, day)


def reschedule(b: Books, n: int, day: date, amount: int) -> None:
    """Instalments of what was ever owed, on which nobody may agree twice on one date."""
    if not b.open:
        return
    invoice_id = list(b.open)[n % len(b.open)]
    customer, currency = b.owner[invoice_id]
    owed = b.owed[invoice_id] - b.conceded.get(invoice_id, 0)
    first = min(amount, owed // 2)
    amounts = [first, *([first // 3] if n % 2 else []), owed - first - (first // 3 if n % 2 else 0)]
    event = InvoiceRescheduled(
        invoice_id=invoice_id, customer_id=customer, currency=currency, cause="asked for time", agreed_by=None,
        evidence_sha256=None, instalments=tuple(
            Instalment(due_on=day + timedelta(days=n % 50 + 35 * at), amount_minor=minor)
            for at, minor in enumerate(amounts)
        ),
    )  # fmt: skip
    b.record(invoice_id, event, day)


def plan(b: Books, n: int, day: date, amount: int) -> None:
    """A payment plan takes an invoice in, or ends."""
    if not b.open:
        return
    invoice_id = list(b.open)[n % len(b.open)]
    customer, currency = b.owner[invoice_id]
    if planned := b.planned.pop(invoice_id, 0):
        ended = invoice.InvoiceUnplanned(
            invoice_id=invoice_id, customer_id=customer, currency=currency, plan_id="pln_1", amount_minor=planned,
            outcome="broken",
        )  # fmt: skip
        b.record(invoice_id, ended, day)
    elif b.open[invoice_id]:
        b.planned[invoice_id] = b.open[invoice_id]
        begun = invoice.InvoicePlanned(
            invoice_id=invoice_id, customer_id=customer, currency=currency, plan_id="pln_1",
            amount_minor=b.open[invoice_id], interest="runs",
        )  # fmt: skip
        b.record(invoice_id, begun, day)


def open_day(b: Books, n: int, day: date, amount: int) -> None:
    b.today += timedelta(days=1 + n % 40)
    b.record(calendar.STREAM, calendar.DayOpened(day=b.today, late=False), b.today)


ACTS = [
    issue, issue, issue, pay, pay, release, reverse, identify, allocate_later, credit, contest, settle_dispute,
    reschedule, reschedule, plan, open_day, open_day,
]  # fmt: skip


def steps_with(*others: Any) -> st.SearchStrategy[list[tuple[Any, int, int, int]]]:
    """Histories of these acts beside the usual ones."""
    minor = st.integers(1, 50).map(lambda x: x * 1000)
    each = st.tuples(st.sampled_from([*ACTS, *others]), st.integers(0, 1000), st.integers(-40, 60), minor)
    return st.lists(each, min_size=5, max_size=40)


steps = steps_with()


def history(acts: list[tuple[Any, int, int, int]]) -> Books:
    books = Books()
    registered = entity.EntityRegistered(
        entity_id=ENTITY, name="Encours SAS", country="FR", currency="EUR", time_zone="Europe/Paris", legal_form=None,
        siren=None, vat_id=None, address=None, iban=None,
    )  # fmt: skip
    books.record(ENTITY, registered, DAY_0)
    for number, customer_id in enumerate(CUSTOMERS, 1):
        debtor = CustomerRegistered(
            customer_id=customer_id, entity_id=ENTITY, name=f"Été {number}", external_ref=f"C{number}", country="FR",
            language="fr", email=None, phone=None, siren=None, vat_id=None, address=None, segment="A",
            salesperson=f"sales-{number}",
        )  # fmt: skip
        books.record(customer_id, debtor, DAY_0)
    books.ends.append(len(books.log))
    for act, n, days, amount in acts:
        act(books, n, books.today + timedelta(days=days), amount)
        books.ends.append(len(books.log))
    return books


@dataclass
class Expected:
    bands: list[int] = field(default_factory=lambda: [0] * 6)
    disputed: int = 0
    conceded: int = 0
    overdue: int = 0
    on_plan: int = 0
    unapplied: int = 0
    account: int = 0
    promised: int = 0
    placed: int = 0
    insured: int = 0


Items = dict[str, dict[str, Any]]
Accounts = dict[tuple[str, str], Expected]
"""By customer and currency. Payments of unknown payers are the customer ''."""


def items_and_money(log: list[StoredEvent], as_of: date, known_to: int) -> tuple[Items, Accounts]:
    """Return what is open of each invoice, with the event of its issue, and the cash and account of each customer."""
    items, found = Items(), Accounts()

    def of(customer: str | None, currency: str) -> Expected:
        return found.setdefault((customer or "", currency), Expected())

    for fact in log:
        data: Any = fact.recorded().data
        if fact.type == "invoice.issued":
            items[data.invoice_id] = {
                "fact": data, "open": 0, "disputed": 0, "conceded": 0, "settled": 0, "planned": 0, "dues": None,
            }  # fmt: skip
        if fact.position > known_to or fact.effective_on > as_of:
            continue
        match fact.type:
            case "invoice.issued":
                items[data.invoice_id]["open"] += data.total_minor
                of(data.customer_id, data.currency).account += data.total_minor
            case "invoice.credited":
                items[data.invoice_id]["open"] -= data.total_minor
                items[data.invoice_id]["disputed"] -= data.awaited_minor
                items[data.invoice_id]["conceded"] -= data.awaited_minor
                of(data.customer_id, data.currency).account -= data.total_minor
            case "invoice.payment_applied":
                items[data.invoice_id]["open"] -= data.amount_minor
                items[data.invoice_id]["settled"] += data.amount_minor
            case "invoice.payment_unapplied":
                items[data.invoice_id]["open"] += data.amount_minor
                items[data.invoice_id]["settled"] -= data.amount_minor
            case "invoice.rescheduled":
                items[data.invoice_id]["dues"] = [(d.due_on, d.amount_minor) for d in data.instalments]
            case "invoice.planned":
                items[data.invoice_id]["planned"] += data.amount_minor
            case "invoice.unplanned":
                items[data.invoice_id]["planned"] -= data.amount_minor
            case "invoice.share_disputed":
                items[data.invoice_id]["disputed"] += data.amount_minor
            case "invoice.share_undisputed":
                items[data.invoice_id]["disputed"] -= data.amount_minor - data.awaiting_credit_minor
                items[data.invoice_id]["conceded"] += data.awaiting_credit_minor
            case "payment.received":
                of(data.customer_id, data.currency).unapplied += data.amount_minor
                of(data.customer_id, data.currency).account -= data.amount_minor
            case "payment.identified":
                for customer, sign in (("", -1), (data.customer_id, 1)):
                    of(customer, data.currency).unapplied += sign * data.amount_minor
                    of(customer, data.currency).account -= sign * data.amount_minor
            case "payment.allocated":
                of(data.customer_id, data.currency).unapplied -= sum(a.amount_minor for a in data.allocations)
            case "payment.released":
                of(data.customer_id, data.currency).unapplied += sum(a.amount_minor for a in data.allocations)
            case "payment.reversed":
                of(data.customer_id, data.currency).unapplied -= data.amount_minor
                of(data.customer_id, data.currency).account += data.amount_minor
            case _:
                naive_money.add(fact, data, items, of)
    return items, found


def replay(log: list[StoredEvent], as_of: date, known_to: int) -> Accounts:
    """Return all figures of each customer."""
    items, found = items_and_money(log, as_of, known_to)
    named = naive_named.parts(log, as_of, known_to, items)
    for invoice_id, item in items.items():
        expected = found.setdefault((item["fact"].customer_id, item["fact"].currency), Expected())
        disputed = max(0, min(item["open"], item["disputed"]))
        conceded = max(0, min(item["open"], item["conceded"]))
        expected.disputed += disputed
        expected.promised += named[invoice_id].promised
        expected.placed += named[invoice_id].placed
        expected.conceded += conceded
        expected.on_plan += max(0, min(item["open"] - disputed, item["planned"]))
        for due_on, left in parts(item):
            expected.bands[band(as_of, due_on)] += left
        for due_on, left in parts(item | {"open": item["open"] - conceded}):
            expected.overdue += left if band(as_of, due_on) else 0
    for (customer, currency), expected in found.items():
        if currency == "EUR" and customer:
            expected.insured = naive_insured.insured(log, known_to, items, (customer,), expected.unapplied)
    return {key: e for key, e in found.items() if any(e.bands) or e.unapplied or e.account}
