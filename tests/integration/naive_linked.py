"""Promises and placements of several debtors, and the parts of figures about them while debtors are merged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from encours.contracts.events.dunning.placements import InvoicesPlaced, InvoicesRecalled, PlacedInvoice
from encours.contracts.events.dunning.promises import PromiseBroken, PromiseMade
from encours.contracts.events.figure import FigureName
from encours.ledger.stored import StoredEvent
from encours.testing.events import event as sample
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.measures.published import MEASURES, FigureParts
from tests.integration import naive_insured
from tests.integration.insurance_acts import insure
from tests.integration.receivable_histories import CUSTOMERS, Books, items_and_money, replay


def promise_for_both(b: Books, n: int, day: date, amount: int) -> None:
    """The first customer promises to pay invoices of both; what one pays leaves less of the promise for the other."""
    promise_id, invoices = b.id("prm"), _euros(b)[-4:]
    made: dict[str, Any] = {
        "promise_id": promise_id, "customer_id": CUSTOMERS[0], "currency": "EUR", "amount_minor": 2 * amount,
        "invoice_ids": tuple(invoices), "promised_on": day,
    }  # fmt: skip
    b.record(promise_id, sample(PromiseMade, **made, suspended_until=day + timedelta(days=n % 200)), day)
    if n % 3 == 0:
        b.record(promise_id, sample(PromiseBroken, **made, received_minor=0), day + timedelta(days=n % 40))


def place_of_both(b: Books, n: int, day: date, amount: int) -> None:
    """Invoices of both customers are handed over at once, and some may be recalled."""
    placement_id, invoices = b.id("plc"), _euros(b)[-3:]
    given = {"placement_id": placement_id, "customer_id": CUSTOMERS[0]}
    placed = tuple(sample(PlacedInvoice, invoice_id=each) for each in invoices)
    b.record(placement_id, sample(InvoicesPlaced, **given, invoices=placed), day)
    if n % 2:
        back = sample(InvoicesRecalled, **given, invoice_ids=tuple(invoices[: 1 + n % 3]))
        b.record(placement_id, back, day + timedelta(days=n % 25))


def _euros(b: Books) -> list[str]:
    return [invoice_id for invoice_id in b.open if b.owner[invoice_id][1] == "EUR"]


LINKING: dict[FigureName, list[Any]] = {
    "promised": [promise_for_both] * 2,
    "placed": [place_of_both],
    "insured": [insure, insure],
}


def counted(log: list[StoredEvent], asked: FigureQuestion, known_to: int) -> FigureParts:
    """Return the parts of a figure, each debtor with all its records."""
    day = asked.as_of
    merged = any(e.type == "customer.merged" and e.effective_on <= day for e in log[:known_to])
    one, other, *more = ((each,) for each in CUSTOMERS)
    debtors = [one + other, *more] if merged else [one, other, *more]
    own = [records for records in debtors if asked.customer_id in (None, *records)]
    accounts = replay(log, day, known_to)
    mine = [accounts[c, "EUR"] for records in own for c in records if (c, "EUR") in accounts]
    found = {"open": sum(sum(each.bands) for each in mine)}
    if asked.figure == "insured":
        items, money = items_and_money(log, day, known_to)
        cash = [sum(money[c, "EUR"].unapplied for c in of if (c, "EUR") in money) for of in own]
        parts = [naive_insured.insured(log, known_to, items, of, c) for of, c in zip(own, cash, strict=True)]
        found["insured"] = sum(parts)
    else:
        found[asked.figure] = sum(getattr(each, asked.figure) for each in mine)
    return FigureParts({name: found[name] for name in MEASURES[asked.figure].parts or ("insured", "open")})
