"""Every value is taken exactly or refused with the column and what to change."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from encours.contracts.common import Address
from encours.http.models import LongText, ShortText
from encours.kernel.money import format_amount
from invoice_svc.imports import values
from invoice_svc.imports.csv_lines import CsvHeader, Defaults, Parsed, parse_line, parse_map, read_header
from invoice_svc.imports.events import (
    ImportedCustomer,
    ImportedDispute,
    ImportedInvoice,
    ImportedPayment,
    ImportedResolution,
    from_bytes,
    to_bytes,
)
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.ndjson_lines import parse_line as parse_ndjson
from invoice_svc.imports.refusals import InvalidColumnMap

DEFAULTS = Defaults(currency="EUR", country="FR")
COLUMNS = "number,issued,due,amount,customer,disputed,settled"
MAP = parse_map(
    "invoice_number=number,issued_on=issued,due_on=due,amount=amount,customer=customer,disputed=disputed,settled_on=settled"
)


def header() -> CsvHeader:
    return read_header(COLUMNS, MAP, ",")


def line(text: str, defaults: Defaults = DEFAULTS) -> Parsed:
    return parse_line(text, header(), ",", defaults)


def fault_of(text: str, defaults: Defaults = DEFAULTS) -> Fault:
    with pytest.raises(Fault) as caught:
        line(text, defaults)
    return caught.value


def test_a_line_is_an_invoice_its_dispute_and_its_settlement() -> None:
    parsed = line("F1,2013-01-02,2013-02-01,55.94,C1,Yes,2013-01-15")
    assert parsed.events == (
        ImportedInvoice(
            number="F1", customer="C1", issued_on=date(2013, 1, 2), due_on=date(2013, 2, 1), currency="EUR",
            total_minor=5594,
        ),
        ImportedDispute(
            ref="F1", invoice="F1", opened_on=date(2013, 1, 2), currency="EUR", text="marked as disputed in the file"
        ),
        ImportedResolution(ref="F1", on=date(2013, 1, 15), outcome="withdrawn", text="settled in full"),
        ImportedPayment(
            ref="settlement F1", customer="C1", received_on=date(2013, 1, 15), currency="EUR", amount_minor=5594,
            allocations=(("F1", 5594),),
        ),
    )  # fmt: skip
    assert parsed.customer == ImportedCustomer(ref="C1", name="C1", country="FR", language="fr")


def test_a_dispute_without_settlement_stays_open() -> None:
    kinds = [type(event) for event in line("F1,2013-01-02,,55.94,C1,yes,").events]
    assert kinds == [ImportedInvoice, ImportedDispute]


@pytest.mark.parametrize(
    ("country", "said", "language"),
    [("", "", "fr"), ("GB", "", "en"), ("GB", "de", "de"), ("BE", "fr", "fr")],
)
def test_a_customer_is_written_to_in_the_language_of_its_own_country_unless_the_file_says_so(
    country: str, said: str, language: str
) -> None:
    columns = "invoice_number,issued_on,amount,customer,customer_country,customer_language"
    parsed = parse_line(f"F1,2013-01-02,1,C1,{country},{said}", read_header(columns, {}, ","), ",", DEFAULTS)
    assert parsed.customer is not None
    assert (parsed.customer.country, parsed.customer.language) == (country or "FR", language)


def test_dates_come_in_the_format_that_is_said() -> None:
    parsed = line("F1,1/2/2013,2/1/2013,1,C1,No,", Defaults("EUR", "FR", "%m/%d/%Y"))
    assert parsed.events[0] == ImportedInvoice(
        number="F1",
        customer="C1",
        issued_on=date(2013, 1, 2),
        due_on=date(2013, 2, 1),
        currency="EUR",
        total_minor=100,
    )


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("F1,2013-01-02,,55.94,C1,No", "wrong-column-count", None),
        ("F1,2013-01-02,,55.94,C1,No,,x", "wrong-column-count", None),
        (",2013-01-02,,55.94,C1,No,", "missing-value", "number"),
        ("F1,2013-01-02,,55.94,,No,", "missing-value", "customer"),
        ("F1,,,55.94,C1,No,", "missing-value", "issued"),
        ("F1,2013-02-30,,55.94,C1,No,", "invalid-date", "issued"),
        ("F1,20130203,,55.94,C1,No,", "invalid-date", "issued"),
        ("F1,1301-02-03,,55.94,C1,No,", "date-out-of-range", "issued"),
        ("F1,2013-01-02,2013-01-01,55.94,C1,No,", "due-before-issue", "due"),
        ("F1,2013-01-02,,55.94,C1,No,2013-01-01", "settled-before-issue", "settled"),
        ("F1,2013-01-02,,55.94,C1,perhaps,", "invalid-value", "disputed"),
        ("F1,2013-01-02,,,C1,No,", "missing-value", "amount"),
        ('F1,2013-01-02,,"55,94",C1,No,', "invalid-amount", "amount"),
        ("F1,2013-01-02,,1e3,C1,No,", "invalid-amount", "amount"),
        ("F1,2013-01-02,,-55.94,C1,No,", "amount-not-positive", "amount"),
        ("F1,2013-01-02,,0.00,C1,No,", "amount-not-positive", "amount"),
        ("F1,2013-01-02,,12345678901234567890,C1,No,", "amount-too-large", "amount"),
        ("F1,2013-01-02,,55.945,C1,No,", "ambiguous-amount", "amount"),
        ("F1,2013-01-02,,55.9456,C1,No,", "too-many-decimals", "amount"),
        ("F1,2013-01-02,,1.000,C1,No,", "ambiguous-amount", "amount"),
        ("F1,2013-01-02,,400.68100000000004,C1,No,", "too-many-decimals", "amount"),
        ('F1,"2013"-01-02,,1,C1,No,', "malformed-line", None),
        (f"{'9' * 61},2013-01-02,,1,C1,No,", "value-too-long", "number"),
        ("F\x07,2013-01-02,,1,C1,No,", "invalid-value", "number"),
        ('"F\n1",2013-01-02,,1,C1,No,', "invalid-value", "number"),
        ('F1,2013-01-02,,1,"C\r\n1",No,', "invalid-value", "customer"),
    ],
)
def test_a_line_that_cannot_be_taken_says_which_column_and_why(
    text: str, code: str, column: str | None
) -> None:
    fault = fault_of(text)
    assert (fault.code, fault.column) == (code, column)
    assert fault.detail


def test_floating_point_error_is_rounded_with_a_note() -> None:
    parsed = line("F1,2013-01-02,,22.200000000000003,C1,No,")
    assert isinstance(parsed.events[0], ImportedInvoice)
    assert parsed.events[0].total_minor == 2220
    assert parsed.note == (
        "22.200000000000003 was read as 22.20: a floating-point error of the exporting system was rounded off."
    )


@given(st.integers(min_value=1, max_value=10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_exact_amount_is_taken_exactly(minor: int, code: str) -> None:
    assert values.amount(format_amount(minor, code), code, "amount") == (minor, None)


@given(st.integers(min_value=1, max_value=10**9))
def test_what_a_binary_float_makes_of_cents_is_read_as_those_cents(minor: int) -> None:
    assert values.amount(f"{minor / 100:.17f}", "EUR", "amount")[0] == minor


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_a_fault(text: str) -> None:
    with contextlib.suppress(Fault):
        assert values.amount(text, "EUR", "amount")[0] > 0


def test_a_column_map_is_checked_against_targets_and_header() -> None:
    with pytest.raises(InvalidColumnMap) as unknown:
        parse_map("invoice_number=a,colour=b,amount")
    assert [error.pointer for error in unknown.value.errors] == ["map", "map"]
    with pytest.raises(InvalidColumnMap) as missing:
        read_header("a,b,c", {"invoice_number": "a", "amount": "nowhere"}, ",")
    assert "'nowhere' (for amount) is not a column of the file" in missing.value.detail
    assert "Map a column to customer" in missing.value.detail
    with pytest.raises(InvalidColumnMap):
        read_header("number,number,issued_on,amount,customer", {"invoice_number": "number"}, ",")


def test_columns_named_like_targets_need_no_map() -> None:
    assert read_header("customer,amount,issued_on,invoice_number", {}, ",").indexes["customer"] == 0


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("[1]", "invalid-value", None),
        ("{", "malformed-line", None),
        ('{"kind":"wish"}', "unknown-kind", "kind"),
        ('{"number":"F1"}', "unknown-kind", "kind"),
        ('{"kind":"invoice","number":"F1"}', "missing-value", None),
        (
            '{"kind":"invoice","number":"F1","customer":"C","issued_on":"2013-01-02","amount":5}',
            "invalid-value",
            "amount",
        ),
        (
            '{"kind":"invoice","number":"F1","customer":"C","issued_on":"2013-01-02","amount":"5","x":1}',
            "unknown-field",
            None,
        ),
        (
            '{"kind":"invoice","number":"F1","customer":"C","issued_on":"2013-01-02","amount":"5","currency":"EURO"}',
            "unknown-currency",
            "currency",
        ),
        (
            '{"kind":"payment","reference":"P","received_on":"2013-01-02","amount":"-5"}',
            "amount-not-positive",
            "amount",
        ),
        (
            '{"kind":"payment","reference":"P","customer":"C","received_on":"2013-01-02","amount":"5",'
            '"allocations":[{"invoice":"F1","amount":"6"}]}',
            "amounts-differ",
            "allocations",
        ),
        ('{"kind":"customer","external_ref":"C","email":"not an address"}', "invalid-value", "email"),
        (
            '{"kind":"customer","external_ref":"C","email":"a@b.example\\r\\nBcc: x@y.example"}',
            "invalid-value",
            "email",
        ),
        ('{"kind":"entity","name":"N","time_zone":"Mars/Phobos"}', "invalid-value", "time_zone"),
        (
            '{"kind":"dispute_resolved","reference":"D","on":"2013-01-02","outcome":"paid"}',
            "invalid-value",
            "outcome",
        ),
        ('{"kind":"customer","external_ref":"\\ud800"}', "malformed-line", None),
        ('{"kind":"customer","external_ref":"C1","name":"A\\nB"}', "invalid-value", "name"),
        ('{"kind":"customer","external_ref":"A\\tB"}', "invalid-value", "external_ref"),
        ('{"kind":"customer","external_ref":"C1","siren":"12"}', "invalid-value", "siren"),
        ('{"kind":"customer","external_ref":"C1","vat_id":"?"}', "invalid-value", "vat_id"),
        ('{"kind":"customer","external_ref":"C1","phone":"none"}', "invalid-value", "phone"),
        ("[" * 5000, "invalid-value", None),
    ],
)
def test_an_ndjson_line_that_cannot_be_taken_says_why(text: str, code: str, column: str | None) -> None:
    with pytest.raises(Fault) as caught:
        parse_ndjson(text, DEFAULTS)
    assert (caught.value.code, caught.value.column) == (code, column)


def test_a_free_text_keeps_its_lines() -> None:
    text = '{"kind":"payment","reference":"P1","received_on":"2026-01-12","amount":"1","remittance_text":"A\\r\\nB"}'
    (event,) = parse_ndjson(text, DEFAULTS).events
    assert isinstance(event, ImportedPayment)
    assert event.text == "A\r\nB"


@given(st.text(min_size=1, max_size=20), st.sampled_from(["\n", "\t", "\x00", "\x85", "\u2028", ""]))
def test_a_file_and_the_api_take_the_same_texts(text: str, inside: str) -> None:
    written = f"a{text}{inside}a"
    for kind, of_a_file in ((ShortText, values.text), (LongText, values.long_text)):
        try:
            TypeAdapter(kind).validate_python(written)
        except ValidationError:
            with pytest.raises(Fault):
                of_a_file(written, "x", limit=200)
        else:
            assert of_a_file(written, "x", limit=200) == written


@given(st.text(max_size=120))
def test_any_text_is_an_event_or_a_fault(text: str) -> None:
    with contextlib.suppress(Fault):
        assert parse_ndjson(text, DEFAULTS).events


def test_events_are_kept_as_they_are() -> None:
    for event in line("F1,2013-01-02,2013-02-01,55.94,C1,Yes,2013-01-15").events:
        assert from_bytes(to_bytes(event)) == event


@pytest.mark.parametrize(("said", "country"), [("", "BE"), (',"country":"FR"', "FR")])
def test_a_customer_line_brings_its_postal_address_in_its_own_country_unless_it_says_so(
    said: str, country: str
) -> None:
    address = f'{{"lines":["12 rue de la Paix"],"postal_code":"75002","city":"Paris"{said}}}'
    line = f'{{"kind":"customer","external_ref":"C","country":"BE","address":{address}}}'
    (event,) = parse_ndjson(line, DEFAULTS).events
    assert isinstance(event, ImportedCustomer)
    assert event.address == Address(
        lines=("12 rue de la Paix",), postal_code="75002", city="Paris", country=country
    )
    assert from_bytes(to_bytes(event)) == event


@pytest.mark.parametrize(
    ("address", "column"),
    [
        ('{"lines":[],"postal_code":"75002","city":"Paris"}', "address.lines"),
        ('{"lines":["x"],"postal_code":"","city":"Paris"}', "address.postal_code"),
        ('{"lines":["x"],"postal_code":"1","city":"Paris","country":"france"}', "address.country"),
        ('{"lines":["x"],"city":"Paris"}', "address"),
    ],
)
def test_an_address_that_no_letter_would_find_is_rejected(address: str, column: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_ndjson(f'{{"kind":"customer","external_ref":"C","address":{address}}}', DEFAULTS)
    assert caught.value.column == column


def test_a_customer_taken_over_before_there_were_addresses_is_the_same_event_still() -> None:
    (event,) = parse_ndjson('{"kind":"customer","external_ref":"C"}', DEFAULTS).events
    assert b"address" not in to_bytes(event)
