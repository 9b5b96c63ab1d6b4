"""The text in which numbers are shown: beside the legal number, by the day of issue, and fixed with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from invoice_svc.domain.entity.commands import SetNumberDisplay
from invoice_svc.domain.entity.display import filled, shown_as
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


def display(template: str | None, valid_from: date = JUNE, code: str = "FAC") -> SetNumberDisplay:
    return SetNumberDisplay("ent_1", code, template, valid_from)


@pytest.mark.parametrize(
    ("template", "customer_ref", "reference", "shown"),
    [
        (None, "C7", "PO 1", "FAC-1"),
        ("{customer_ref}/{number}", "C7", None, "C7/FAC-1"),
        ("{customer_ref}/{number}", None, None, "FAC-1"),
        ("{number} - {reference}", None, "PO 1", "FAC-1 - PO 1"),
        ("{number} - {reference}", None, None, "FAC-1"),
        ("No {number}", None, None, "No FAC-1"),
        ("#{number} {reference}", None, "PO 1", "#FAC-1 PO 1"),
        ("#{number} {reference}", None, None, "#FAC-1"),
        ("{customer_ref} {number}", "{number}", None, "(number) FAC-1"),
    ],
)
def test_a_text_is_filled_in_and_what_is_missing_is_left_out(
    template: str | None, customer_ref: str | None, reference: str | None, shown: str
) -> None:
    display = filled(template, customer_ref=customer_ref, reference=reference)
    assert shown_as(display, "FAC-1") == shown
    assert shown_as(display, None) is None, "a draft has no number"


@pytest.mark.parametrize(
    "template", ["number", "{number}{number}", "{number} {name}", "{number} {", "}{number}"]
)
def test_a_template_has_the_number_once_and_known_fields(make: Any, firm: Any, template: str) -> None:
    with make.refused("invalid-request"):
        firm.do(entities.set_number_display, display(template))


def test_a_series_that_is_not_there_has_none(make: Any, firm: Any) -> None:
    with make.refused("series-not-found"):
        firm.do(entities.set_number_display, display("{number}", code="XYZ"))


def test_an_invoice_keeps_the_text_of_its_day_whatever_changes_later(make: Any, firm: Any) -> None:
    firm.do(customers.register, make.customer("cus_2", external_ref="C7"))
    firm.do(entities.set_number_display, display("{customer_ref}/{number}"))
    firm.do(entities.set_number_display, display("{customer_ref}/{number}"))
    firm.do(entities.set_number_display, display(None, JULY))
    assert firm.kinds().count("entity.number_display_set") == 2
    firm.do(invoices.draft, make.at_once(make.draft(customer_id="cus_2"), date(2026, 6, 10)))
    firm.do(entities.set_number_display, display("{number}!"))
    state = firm.state(INVOICE, "inv_1")
    shown = InvoiceOut.of(state, 1, JULY)
    assert (shown["number"], shown["display_number"]) == (state.number, f"C7/{state.number}")
