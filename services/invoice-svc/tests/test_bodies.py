"""Request bodies: what they take, and that a fault is pointed at where the caller wrote it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from pydantic import TypeAdapter, ValidationError

from encours.contracts.events.invoice import InvoiceAmended, InvoiceDrafted
from encours.http.models import ShortText
from encours.http.problems import faults
from encours.kernel.email import is_address
from encours.kernel.errors import DomainError, Invalid
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.entity.decide import DEFAULT_SERIES
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice import decide
from invoice_svc.domain.invoice.commands import DraftInvoice
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.http.common import Email
from invoice_svc.http.imports.bodies import FileParameters
from invoice_svc.http.invoices.bodies import CreditBody, DraftBody, DraftPatch
from invoice_svc.http.terms import TermsBody

DAY = date(2026, 3, 31)
EMAIL: TypeAdapter[str] = TypeAdapter(Email)
NAME: TypeAdapter[str] = TypeAdapter(ShortText)


def body(**line: Any) -> dict[str, Any]:
    values = {"description": "work", "quantity": "1", "unit_price": "10.00", "vat_rate": "20"} | line
    return {"entity_id": "ent_" + "0" * 32, "customer_id": "cus_" + "0" * 32, "lines": [values]}


def draft(command: DraftInvoice) -> InvoiceDrafted:
    entity = Entity(entity_id=command.entity_id, currency="EUR", series={s.code: s for s in DEFAULT_SERIES})
    customer = Customer(customer_id=command.customer_id, entity_id=command.entity_id)
    (event,) = decide.draft(Invoice(), command, entity, customer, DAY)
    assert isinstance(event, InvoiceDrafted)
    return event


@pytest.mark.parametrize(
    ("written", "price", "currency"),
    [
        ("19.99", "19.99", "EUR"),
        (19.99, "19.99", "EUR"),
        (20, "20", "EUR"),
        ({"amount": "19.99", "currency": "GBP"}, "19.99", "GBP"),
    ],
)
def test_a_price_is_a_decimal_in_the_entitys_currency_or_money_that_names_another(
    written: Any, price: str, currency: str
) -> None:
    drafted = draft(DraftBody.model_validate(body(unit_price=written)).to_command("inv_1"))
    assert (drafted.lines[0].unit_price, drafted.currency) == (price, currency)


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ({"unit_price": "ten"}, "/lines/0/unit_price"),
        ({"unit_price": {"amount": "1.001", "currency": "EUR"}}, "/lines/0/unit_price/amount"),
        ({"unit_price": {"amount": "1"}}, "/lines/0/unit_price/currency"),
        ({"quantity": True}, "/lines/0/quantity"),
        ({"quantity": "1e3"}, "/lines/0/quantity"),
        ({"vat_rate": None}, "/lines/0/vat_rate"),
        ({"discount": "5"}, "/lines/0/discount"),
    ],
)
def test_a_fault_is_pointed_at_where_it_was_written(line: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        DraftBody.model_validate(body(**line))
    assert [fault["pointer"] for fault in faults(refusal.value.errors(), place="body")] == [pointer]


def test_prices_of_two_currencies_in_one_invoice_are_refused() -> None:
    two = DraftBody.model_validate(body(unit_price={"amount": "1", "currency": "GBP"}) | {"currency": "EUR"})
    with pytest.raises(Invalid) as refusal:
        draft(two.to_command("inv_1"))
    assert refusal.value.errors[0].pointer == "/lines/0/unit_price/currency"


def test_a_patch_changes_what_it_names_and_null_clears_what_may_be_empty() -> None:
    kept = draft(
        DraftBody.model_validate(body() | {"reference": "PO 1", "salesperson": "Ada"}).to_command("inv_1")
    )
    state = Invoice(
        document="draft", invoice_id="inv_1", customer_id="cus_1", currency="EUR", supply_on=DAY, lines=kept.lines,
        reference="PO 1", salesperson="Ada",
    )  # fmt: skip
    patch = DraftPatch.model_validate({"reference": None, "supply_on": "2026-04-01"}).to_command("inv_1")
    assert patch.salesperson is UNSET
    (changed,) = decide.amend(state, patch, Entity(country="FR"), DAY)
    assert isinstance(changed, InvoiceAmended)
    assert (changed.reference, changed.salesperson, changed.supply_on) == (None, "Ada", date(2026, 4, 1))
    with pytest.raises(Invalid):
        DraftPatch.model_validate({"lines": None}).to_command("inv_1")


@pytest.mark.parametrize(
    ("currency", "day", "fee"),
    [("EUR", DAY, 4_000), ("EUR", date(2012, 12, 31), 0), ("JPY", DAY, 0), ("KWD", DAY, 0), ("USD", DAY, 0)],
)
def test_a_recovery_fee_that_is_not_given_is_that_of_the_law_which_is_set_in_euro(
    currency: str, day: date, fee: int
) -> None:
    settled = TermsBody.model_validate({"days": 30}).to_terms().settled(currency, "FR", day, "")
    assert settled.indemnity_minor == fee


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"indemnity": {"amount": "5000", "currency": "JPY"}}, "/terms/indemnity/currency"),
        ({"penalty_rate": "150"}, "/terms/penalty_rate"),
    ],
)
def test_a_fee_of_another_currency_or_an_impossible_rate_is_pointed_at_where_it_was_written(
    terms: dict[str, Any], pointer: str
) -> None:
    written = TermsBody.model_validate({"days": 30} | terms)
    for place in ("", "/terms"):
        with pytest.raises(DomainError) as refusal:
            written.to_terms(place).settled("EUR", "FR", DAY, place)
        assert refusal.value.status == 422
        assert "VAT" not in refusal.value.detail
        assert refusal.value.errors[0].pointer == place + pointer.removeprefix("/terms")


def test_a_credit_note_is_over_lines_or_over_an_amount_and_not_both() -> None:
    lines, amount = body()["lines"], {"amount": "10.00", "currency": "EUR"}
    for part in ({"lines": lines}, {"amount": amount}, {}):
        CreditBody.model_validate(part).to_command("inv_1", "cre_1")
    both = CreditBody.model_validate({"lines": lines, "amount": amount})
    with pytest.raises(Invalid) as refusal:
        both.to_command("inv_1", "cre_1")
    assert refusal.value.errors[0].pointer == "/amount"


@pytest.mark.parametrize(
    "text",
    ["a b@c.d", ".a@example.com", "a..b@example.com", "a@-b.example", '"a b"@example.com', "é@example.com"],
)
def test_an_address_that_no_reminder_could_be_sent_to_is_refused_at_the_door(text: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(text)


@given(st.emails() | st.text(max_size=40).map(lambda text: f"a@{text}"))
def test_every_address_that_is_taken_is_one_that_mail_can_be_sent_to(text: str) -> None:
    try:
        taken = EMAIL.validate_python(text)
    except ValidationError:
        return
    assert is_address(taken)


def test_a_name_holds_no_encoded_word() -> None:
    """A mail program would show the name of another: =?utf-8?q?Banque?= reads Banque."""
    with pytest.raises(ValidationError):
        NAME.validate_python("=?utf-8?q?Banque?=")
    for name in ("a=b?", "= ?", "Caf\xe9 =", "=="):
        assert NAME.validate_python(name) == name


@pytest.mark.parametrize("text", ["%d%d/%m/%Y", "%Y%Y-%m-%d", "%d/%m", "%", "%m%y%d%S%S", "%Q"])
def test_a_date_format_that_gives_no_day_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        FileParameters(date_format=text).to_command("csv")


@given(st.text(alphabet="dmYyHMSbBjUuwWGVaAcxXzZ%/-. ()[*", max_size=12))
def test_any_date_format_is_taken_or_refused(text: str) -> None:
    try:
        command = FileParameters(date_format=text).to_command("csv")
    except Invalid:
        return
    assert command.options.date_format == text
