"""Contract conditions in files and bodies are those that the rules take; what cannot be meant is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from encours.contracts.common import EarlyDiscount
from encours.kernel.money import Money
from invoice_svc.domain.terms import ProposedTerms
from invoice_svc.http.terms import TermsBody
from invoice_svc.imports.csv_lines import Defaults, parse_line, read_header
from invoice_svc.imports.events import ImportedCustomer, ImportedInvoice, from_bytes, to_bytes
from invoice_svc.imports.formats.amounts import NumberStyle
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.ndjson_lines import parse_line as parse_ndjson

DEFAULTS = Defaults(currency="EUR", country="FR")
WHOLE = {
    "due_kind": "DAYS_THEN_EOM", "days": 30, "months": 1, "day_of_month": 10, "periodic": True,
    "business_day": "following", "calendar": "country", "penalty_rate": "12.5", "indemnity": "50.00",
    "discount": {"rate": "2", "days": 8, "due_kind": "EOM_THEN_DAYS", "months": 1, "day_of_month": 15},
}  # fmt: skip
PROPOSED = ProposedTerms(
    "DAYS_THEN_EOM", 30, 1_250, Money(5_000, "EUR"), 1, 10, True, "following", "country",
    EarlyDiscount(rate_bps=200, due_kind="EOM_THEN_DAYS", days=8, months=1, day_of_month=15),
)  # fmt: skip
CSV = (
    "invoice_number,issued_on,amount,customer,terms_kind,terms_days,terms_months,terms_day_of_month,terms_business_day,"
    "terms_calendar,penalty_rate,discount_rate,discount_days"
)


def ndjson(kind: str, **members: Any) -> Any:
    return parse_ndjson(msgspec.json.encode({"kind": kind} | members).decode(), DEFAULTS).events[0]


def invoice(**members: Any) -> ImportedInvoice:
    found = ndjson("invoice", number="F1", customer="C1", issued_on="2026-01-15", amount="120.00", **members)
    assert isinstance(found, ImportedInvoice)
    return found


def csv(fields: str, style: NumberStyle = DEFAULTS.style) -> ImportedInvoice:
    found = parse_line(f"F1;2026-01-15;1;C1;{fields}", read_header(CSV.replace(",", ";"), {}, ";"), ";",
                       Defaults("EUR", "FR", style=style)).events[0]  # fmt: skip
    assert isinstance(found, ImportedInvoice)
    return found


def test_a_body_and_an_ndjson_line_say_the_same() -> None:
    body = {name: value for name, value in WHOLE.items() if name not in ("due_kind", "indemnity", "discount")}
    money = {"amount": "50.00", "currency": "EUR"}
    discount = {"rate": "2", "days": 8, "kind": "EOM_THEN_DAYS", "months": 1, "day_of_month": 15}
    named = TermsBody.model_validate(
        body | {"kind": "DAYS_THEN_EOM", "indemnity": money, "discount": discount}
    )
    taken_over = invoice(terms=WHOLE)
    assert taken_over.terms
    assert named.to_terms() == taken_over.terms.proposed() == PROPOSED
    assert from_bytes(to_bytes(taken_over)) == taken_over


def test_a_customer_line_with_days_alone_is_the_event_that_it_was_before() -> None:
    plain = ndjson("customer", external_ref="C1", terms={"due_kind": "NET", "days": 45})
    assert plain == ImportedCustomer(
        ref="C1", name="C1", country="FR", language="fr", due_kind="NET", due_days=45
    )
    assert b"terms" not in to_bytes(plain)
    more = ndjson("customer", external_ref="C1", terms=WHOLE)
    assert (more.due_kind, more.terms.proposed()) == (None, PROPOSED)


def test_a_csv_line_has_the_terms_of_its_invoice_in_the_numbers_of_the_file() -> None:
    assert csv(";;;;;;;;").terms is msgspec.UNSET
    found = csv("EOM_THEN_DAYS;;1;;;;12,5;2;8", NumberStyle(decimal="comma")).terms
    assert found
    assert found.proposed() == ProposedTerms(
        "EOM_THEN_DAYS", 0, 1_250, None, 1, discount=EarlyDiscount(rate_bps=200, days=8)
    )


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ("NET;;;;;;;;", "terms_days"),
        (";30;;32;;;;;", "terms_day_of_month"),
        (";thirty;;;;;;;", "terms_days"),
        ("LATER;30;;;;;;;", "terms_kind"),
        (";30;;;;;150;;", "penalty_rate"),
        (";30;;;sometimes;;;;", "terms_business_day"),
        (";30;;;;;;2.555;8", "discount_rate"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused_by_column(fields: str, column: str) -> None:
    with pytest.raises(Fault) as refused:
        csv(fields)
    assert refused.value.column == column


@pytest.mark.parametrize(
    ("part", "column"),
    [
        ({"days": 366}, "terms.days"),
        ({"months": 25}, "terms.months"),
        ({"day_of_month": 0}, "terms.day_of_month"),
        ({"penalty_rate": "-1"}, "terms.penalty_rate"),
        ({"discount": {"rate": "101", "days": 8}}, "terms.discount.rate"),
        ({"colour": "blue"}, "terms"),
    ],
)
def test_a_line_whose_terms_cannot_be_meant_is_refused_by_member(part: dict[str, Any], column: str) -> None:
    with pytest.raises(Fault) as refused:
        invoice(terms={"due_kind": "NET", "days": 30} | part)
    assert refused.value.column == column
