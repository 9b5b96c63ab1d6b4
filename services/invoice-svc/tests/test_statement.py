"""Statement of account: each movement of an account has its word, and CSV runs no formula."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

from encours import contracts
from encours.contracts import golden
from encours.contracts.books import movements, moving
from encours.reading.pages import Page
from encours.testing.history import recorded
from invoice_svc.http.statements.answers import KINDS, csv_of

PAGE = Page(limit=10, columns=("entry_key",), descending=False, nullable=False, last=None, check="")


def test_each_kind_of_movement_on_an_account_has_a_word() -> None:
    moved = {
        entry.kind
        for name in moving("account")
        for entry in movements(recorded(golden.example(contracts.event_class(name))))
        if entry.account_minor
    }
    assert moved <= KINDS.keys()
    assert len(moved) > 10


def test_a_reference_that_a_spreadsheet_would_run_is_inert_in_csv() -> None:
    row: dict[str, Any] = {
        "customer_id": "cus_1", "effective_on": date(2026, 3, 31), "kind": "received", "document": " =1;+1",
        "number": None, "invoice_id": None, "payment_id": "pay_1", "due_on": None, "currency": "EUR",
        "amount_minor": -12_345, "balance_minor": 655, "position": 7, "entry_key": "1",
    }  # fmt: skip
    (line,) = csv.DictReader(io.StringIO(bytes(csv_of(PAGE, [row]).body).decode()))
    assert line == {
        "customer_id": "cus_1", "effective_on": "2026-03-31", "kind": "payment", "document": "' =1;'+1", "due_on": "",
        "currency": "EUR", "debit": "", "credit": "123.45", "balance": "6.55", "position": "7",
    }  # fmt: skip
