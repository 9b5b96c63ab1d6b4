"""Acceptance on a real file of 2,466 settled invoices that nobody here wrote (not shipped: no licence stated)."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from encours.testing.system import System
from tests.e2e.takeover import Takeover

FILE = Path(__file__).parents[3] / "shared/data/ar_ibm/WA_Fn-UseC_-Accounts-Receivable.csv"
MAP = (
    "invoice_number=invoiceNumber,issued_on=InvoiceDate,due_on=DueDate,amount=InvoiceAmount,customer=customerID,"
    "disputed=Disputed,settled_on=SettledDate"
)

pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"ACCEPTANCE NOT RUN: {FILE} is absent")


def iso(text: str) -> str:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC).date().isoformat()


def test_every_invoice_is_settled_to_the_cent_at_its_own_dates(system: System) -> None:
    with FILE.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    takeover = Takeover.into(system, "sandbox")
    options = ("--ledger", takeover.ledger, "--map", MAP, "--date-format", "%m/%d/%Y", "--currency", "EUR")
    taken = system.json("import", str(FILE), *options)
    assert (taken["lines"], taken["accepted"], taken["rejected"]) == (2466, 2466, 0)

    # Twelve invoices of the file were settled after this day: on it they are open, as they were.
    clock = system.json("clock", "advance", takeover.ledger, "--to", "2014-01-01")
    assert (clock["today"], clock["events_until"]) == ("2014-01-01", "2014-01-09")
    system.wait_caught_up(takeover.ledger)
    later = sorted(row["invoiceNumber"] for row in rows if iso(row["SettledDate"]) > "2014-01-01")
    open_ = [invoice for invoice in takeover.invoices() if invoice["outstanding"]["amount"] != "0.00"]
    assert sorted(invoice["number"] for invoice in open_) == later

    system.encours("clock", "advance", takeover.ledger, "--to", "2014-01-09")
    system.wait_caught_up(takeover.ledger)
    invoices = takeover.invoices()
    assert len(invoices) == 2466
    assert sum(Decimal(invoice["total"]["amount"]) for invoice in invoices) == Decimal("147703.18")
    assert {invoice["status"]["settlement"] for invoice in invoices} == {"paid"}

    found = Counter((e["type"], e["effective_on"]) for e in takeover.events())
    wanted = Counter(("invoice.issued", iso(row["InvoiceDate"])) for row in rows)
    wanted += Counter(("invoice.payment_applied", iso(row["SettledDate"])) for row in rows)
    disputed = [row for row in rows if row["Disputed"] == "Yes"]
    wanted += Counter(("dispute.opened", iso(row["InvoiceDate"])) for row in disputed)
    wanted += Counter(("dispute.resolved", iso(row["SettledDate"])) for row in disputed)
    assert {key: found[key] for key in wanted} == dict(wanted)

    again = system.json("import", str(FILE), *options)
    assert (again["duplicates"], again["accepted"], again["pending"]) == (2466, 0, 0)
