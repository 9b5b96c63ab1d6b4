"""Custom fields: a value is of the kind of its field, which is for good."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.contracts.events.parties.field import FieldKind
from encours.kernel.errors import DomainError
from encours.testing.memory import BooksInMemory
from invoice_svc.domain.custom_field.commands import DefineField
from invoice_svc.domain.customer.commands import SetFields
from invoice_svc.domain.invoice.commands import IssueInvoice
from invoice_svc.domain.invoice.fields import SetInvoiceFields
from invoice_svc.http.customers.answers import CustomerOut
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import CUSTOMER, INVOICE
from invoice_svc.use_cases.parties import custom_fields, customers, entities
from invoice_svc.use_cases.sales import invoices


def field(kind: FieldKind, code: str = "", label: str = "Label", *choices: str) -> DefineField:
    return DefineField("ent_1", "customer", code or kind, kind, label, choices)


@pytest.fixture
def firm(books: BooksInMemory, make: Any) -> BooksInMemory:
    """A creditor with a customer and a field of each kind."""
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer())
    for kind in ("text", "number", "date", "boolean"):
        books.do(custom_fields.define, field(kind))
    books.do(custom_fields.define, field("choice", "channel", "Sales channel", "shop", "web"))
    return books


@pytest.mark.parametrize(
    ("code", "value", "kept"),
    [
        ("text", "anything", "anything"),
        ("number", "-12.50", "-12.50"),
        ("date", "2026-02-28", "2026-02-28"),
        ("boolean", True, "true"),
        ("channel", "web", "web"),
        ("text", True, None),
        ("number", "12,5", None),
        ("number", "many", None),
        ("date", "2026-02-29", None),
        ("date", "20260228", None),
        ("boolean", "true", None),
        ("channel", "phone", None),
        ("unknown", "x", None),
    ],
)
def test_a_value_is_of_the_kind_of_its_field(
    firm: BooksInMemory, code: str, value: str | bool, kept: str | None
) -> None:
    command = SetFields("cus_1", {code: value})
    if kept is None:
        with pytest.raises(DomainError) as refused:
            firm.do(customers.set_fields, command)
        assert [fault.pointer for fault in refused.value.errors] == [f"/fields/{code}"]
    else:
        firm.do(customers.set_fields, command)
        shown = CustomerOut.of(firm.state(CUSTOMER, "cus_1"), 1, date(2026, 6, 30))
        assert shown["fields"] == {code: kept}


def test_values_that_are_left_out_stay_and_null_removes_one(firm: BooksInMemory) -> None:
    firm.do(customers.set_fields, SetFields("cus_1", {"text": "a", "number": "1"}))
    firm.do(customers.set_fields, SetFields("cus_1", {"text": None, "channel": "shop"}))
    assert firm.state(CUSTOMER, "cus_1").fields == {"number": "1", "channel": "shop"}
    before = len(firm.ledger.events)
    firm.do(customers.set_fields, SetFields("cus_1", {"channel": "shop", "text": None}))
    assert len(firm.ledger.events) == before


def test_a_kind_is_for_good_and_choices_are_only_added(firm: BooksInMemory, make: Any) -> None:
    with make.refused("custom-field-fixed"):
        firm.do(custom_fields.define, field("date", "number"))
    with make.refused("custom-field-fixed"):
        firm.do(custom_fields.define, field("choice", "channel", "Sales channel", "web", "phone"))
    with make.refused("invalid-request"):
        firm.do(custom_fields.define, field("choice", "other"))
    firm.do(custom_fields.define, field("choice", "channel", "Channel", "shop", "web", "phone"))
    firm.do(customers.set_fields, SetFields("cus_1", {"channel": "phone"}))


def test_values_of_an_invoice_are_of_the_kind_of_its_own_fields_and_stay_after_the_issue(
    firm: BooksInMemory, make: Any
) -> None:
    firm.do(custom_fields.define, DefineField("ent_1", "invoice", "project", "text", "Project"))
    firm.do(invoices.draft, make.draft())
    firm.do(custom_fields.set_on_invoice, SetInvoiceFields("inv_1", {"project": "Lyon"}))
    firm.do(invoices.issue, IssueInvoice("inv_1", date(2026, 6, 1)))
    count = len(firm.ledger.events)
    firm.do(custom_fields.set_on_invoice, SetInvoiceFields("inv_1", {"project": "Lyon"}))
    assert len(firm.ledger.events) == count
    shown = InvoiceOut.of(firm.state(INVOICE, "inv_1"), 3, date(2026, 6, 30))
    assert (shown["fields"], shown["number"]) == ({"project": "Lyon"}, "FAC-2026-000001")
    with pytest.raises(DomainError) as caught:
        firm.do(custom_fields.set_on_invoice, SetInvoiceFields("inv_1", {"channel": "web"}))
    assert [error.pointer for error in caught.value.errors] == ["/fields/channel"]
    firm.do(custom_fields.set_on_invoice, SetInvoiceFields("inv_1", {"project": None}))
    assert firm.state(INVOICE, "inv_1").fields == {}
