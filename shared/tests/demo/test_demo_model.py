"""The demo's year: real invoices untouched, a cash side that adds up and is the same on every machine."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from functools import cache
from typing import Any

import msgspec

from encours.demo.load import FIRST_DAY, LAST_DAY
from encours.demo.model import CURRENCY, generate
from encours.demo.source import invoices_csv, raw_csv, retail_invoices
from encours.kernel.money import parse_amount

FINGERPRINT = "c5fa49608ce73d14"


@cache
def lines() -> list[dict[str, Any]]:
    return list(generate(retail_invoices(), LAST_DAY))


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [line for line in lines() if line["kind"] == kind]


def pence(text: str) -> int:
    return parse_amount(text, CURRENCY)


def test_all_real_invoices_are_there_to_the_penny() -> None:
    invoices = retail_invoices()
    assert len(invoices) == len({invoice.number for invoice in invoices}) == 18_532
    assert len({invoice.customer for invoice in invoices}) == 4_338
    assert sum(invoice.total_minor for invoice in invoices) == 891_140_790
    assert min(invoice.issued_on for invoice in invoices) == FIRST_DAY
    assert invoices_csv(invoices).count(b"\n") == 18_533


def test_only_four_totals_are_rounded_before_they_are_sent() -> None:
    raw = [row.split(",")[3] for row in raw_csv().splitlines()[1:]]
    sent = [invoice.amount for invoice in retail_invoices()]
    assert [(was, now) for was, now in zip(raw, sent, strict=True) if was != now] == [
        ("2042.761", "2042.76"),
        ("222.831", "222.83"),
        ("400.68100000000004", "400.68"),
        ("15.001", "15.00"),
    ]
    assert any(len(amount) > 12 for amount in sent), "binary noise is left in"


def test_the_same_seed_gives_the_same_year_on_every_machine() -> None:
    whole = b"".join(msgspec.json.encode(line, order="sorted") for line in lines())
    assert hashlib.sha256(whole).hexdigest().startswith(FINGERPRINT)


def test_every_kind_of_event_happens() -> None:
    counts = Counter(line["kind"] for line in lines())
    assert counts["entity"] == 1
    assert counts["customer"] == 4_338
    assert counts["payment"] > 15_000
    assert (
        min(counts[kind] for kind in ("credit_note", "dispute", "dispute_resolved", "payment_reversed")) > 50
    )


def test_addresses_cannot_reach_anybody() -> None:
    assert all(line["email"].endswith(".example") for line in of_kind("customer") if "email" in line)
    codes = {line["address"]["postal_code"] for line in of_kind("customer")}
    assert all(code.startswith(("ZZ99 ", "99")) for code in codes), "not codes of post that is delivered"


def test_facts_lie_within_the_year_and_after_their_invoice() -> None:
    issued = {invoice.number: invoice.issued_on for invoice in retail_invoices()}
    for kind, day in (("credit_note", "issued_on"), ("dispute", "opened_on")):
        for line in of_kind(kind):
            assert issued[line["invoice"]] < date.fromisoformat(line[day]) <= LAST_DAY
    received = {line["reference"]: line["received_on"] for line in of_kind("payment")}
    assert len(received) == len(of_kind("payment"))
    assert all(line["on"] > received[line["reference"]] for line in of_kind("payment_reversed"))


def test_no_customer_pays_much_more_than_it_owes() -> None:
    """Paying twice happens (the rest stays unapplied cash), inventing money does not."""
    owed: Counter[str] = Counter()
    customer_of = {}
    for invoice in retail_invoices():
        owed[invoice.customer] += invoice.total_minor
        customer_of[invoice.number] = invoice.customer
    for line in of_kind("credit_note"):
        owed[customer_of[line["invoice"]]] -= pence(line["amount"])
    undone = {line["reference"] for line in of_kind("payment_reversed")}
    paid: Counter[str] = Counter()
    for line in of_kind("payment"):
        if line["reference"] not in undone:
            paid[line["customer"]] += pence(line["amount"])
    over = [customer for customer in owed if paid[customer] > owed[customer]]
    assert len(over) < 80
    assert sum(paid.values()) < sum(owed.values())
