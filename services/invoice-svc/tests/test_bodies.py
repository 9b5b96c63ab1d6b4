"""Request bodies: what they take, and that a fault is pointed at where the caller wrote it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from encours.http.problems import faults
from encours.kernel.errors import DomainError, Invalid
from invoice_svc.domain.invoice.amounts import LineInput
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.http.invoice_shapes import CreditBody, DraftBody, DraftPatch, patched
from invoice_svc.http.shapes import TermsBody

DAY = date(2026, 3, 31)


def body(**line: Any) -> dict[str, Any]:
    values = {"description": "work", "quantity": "1", "unit_price": "10.00", "vat_rate": "20"} | line
    return {"entity_id": "ent_" + "0" * 32, "customer_id": "cus_" + "0" * 32, "lines": [values]}


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
    command = DraftBody.model_validate(body(unit_price=written)).to_command("inv_1", DAY, "EUR")
    assert (command.content.lines[0].unit_price, command.currency) == (price, currency)


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
    draft = DraftBody.model_validate(
        body(unit_price={"amount": "1", "currency": "GBP"}) | {"currency": "EUR"}
    )
    with pytest.raises(Invalid) as refusal:
        draft.to_command("inv_1", DAY, "EUR")
    assert refusal.value.errors[0].pointer == "/lines/0/unit_price/currency"


def test_a_patch_changes_what_it_names_and_null_clears_what_may_be_empty() -> None:
    kept = Content(
        supply_on=DAY, lines=(LineInput("work", "1", "10", "20"),), reference="PO 1", salesperson="Ada"
    )
    changed = patched(
        DraftPatch.model_validate({"reference": None, "supply_on": "2026-04-01"}), kept, "EUR", DAY
    )
    assert (changed.reference, changed.salesperson, changed.supply_on) == (None, "Ada", date(2026, 4, 1))
    with pytest.raises(Invalid):
        patched(DraftPatch.model_validate({"lines": None}), kept, "EUR", DAY)


@pytest.mark.parametrize(
    ("currency", "day", "fee"),
    [("EUR", DAY, 4_000), ("EUR", date(2012, 12, 31), 0), ("JPY", DAY, 0), ("KWD", DAY, 0), ("USD", DAY, 0)],
)
def test_a_recovery_fee_that_is_not_given_is_that_of_the_law_which_is_set_in_euro(
    currency: str, day: date, fee: int
) -> None:
    assert TermsBody.model_validate({"days": 30}).to_contract(currency, day).indemnity_minor == fee


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
            written.to_contract("EUR", DAY, place)
        assert refusal.value.status == 422
        assert "VAT" not in refusal.value.detail
        assert refusal.value.errors[0].pointer == place + pointer.removeprefix("/terms")


def test_a_credit_note_is_over_lines_or_over_an_amount_and_not_both() -> None:
    lines, amount = body()["lines"], {"amount": "10.00", "currency": "EUR"}
    for part in ({"lines": lines}, {"amount": amount}, {}):
        CreditBody.model_validate(part).to_command("inv_1", "cre_1", DAY, "EUR")
    both = CreditBody.model_validate({"lines": lines, "amount": amount})
    with pytest.raises(Invalid) as refusal:
        both.to_command("inv_1", "cre_1", DAY, "EUR")
    assert refusal.value.errors[0].pointer == "/amount"
