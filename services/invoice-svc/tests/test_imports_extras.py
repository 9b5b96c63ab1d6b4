"""Instalments, roles and custom fields in the lines of imported files."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from invoice_svc.domain.custom_field.commands import DefineField
from invoice_svc.domain.customer.ref import registered_with
from invoice_svc.imports import ids
from invoice_svc.imports.commands import EventScope, work_of
from invoice_svc.imports.csv_lines import Defaults, Parsed, parse_line, parse_map, read_header
from invoice_svc.imports.events import ImportedInvoice, ImportedRoles, from_bytes, to_bytes
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.ndjson_lines import parse_line as parse_ndjson
from invoice_svc.imports.refusals import InvalidColumnMap
from invoice_svc.use_cases.folds import CUSTOMER, INVOICE
from invoice_svc.use_cases.parties import custom_fields

DEFAULTS = Defaults(currency="EUR", country="FR")
FIRST, SECOND = date(2026, 2, 28), date(2026, 3, 31)


def csv(columns: str, values: str, column_map: str = "") -> Parsed:
    header = read_header(f"invoice_number,issued_on,amount,customer,{columns}", parse_map(column_map), ",")
    return parse_line(f"F1,2026-01-31,240.00,C1,{values}", header, ",", DEFAULTS)


def invoice_of(parsed: Parsed) -> ImportedInvoice:
    event = parsed.events[0]
    assert isinstance(event, ImportedInvoice)
    assert from_bytes(to_bytes(event)) == event
    return event


COLUMNS = "instalment_1_due_on,instalment_1_amount,instalment_2_due_on,instalment_2_amount"
NDJSON = (
    '{"kind":"invoice","number":"F1","customer":"C1","issued_on":"2026-01-31","amount":"240.00","instalments":['
    '{"due_on":"2026-02-28","amount":"100.00"},{"due_on":"2026-03-31","amount":"140.00"}],"fields":{"channel":"web"}}'
)


@pytest.mark.parametrize(
    "parsed",
    [
        csv(f"{COLUMNS},field.channel", "2026-02-28,100.00,2026-03-31,140.00,web"),
        csv(f"{COLUMNS},Canal", "2026-02-28,100.00,2026-03-31,140.00,web", "field.channel=Canal"),
        parse_ndjson(NDJSON, DEFAULTS),
    ],
    ids=["csv", "csv with a map", "ndjson"],
)
def test_an_invoice_is_taken_over_with_its_instalments_and_fields(firm: Any, parsed: Parsed) -> None:
    firm.do(
        custom_fields.define, DefineField("ent_1", "invoice", "channel", "choice", "Channel", ("web", "shop"))
    )
    event = invoice_of(parsed)
    assert event.instalments == ((FIRST, 10_000), (SECOND, 14_000))
    firm.do(work_of(event, EventScope("ent_1", "cus_1"), ()))
    state = firm.state(INVOICE, ids.invoice_id("ent_1", "F1"))
    assert [(x.due_on, x.amount_minor) for x in state.schedules[-1].instalments] == [*event.instalments]
    assert state.fields == {"channel": "web"}


def test_instalments_that_do_not_add_up_are_refused(firm: Any, make: Any) -> None:
    event = invoice_of(csv(COLUMNS, "2026-02-28,100.00,2026-03-31,139.99"))
    with make.refused("instalments-differ"):
        firm.do(work_of(event, EventScope("ent_1", "cus_1"), ()))


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ("2026-02-28,,,", "instalment_1_amount"),
        (",,,140.00", "instalment_2_due_on"),
        ("2026-02-30,1.00,,", "instalment_1_due_on"),
    ],
)
def test_an_instalment_has_a_day_and_an_amount(values: str, column: str) -> None:
    with pytest.raises(Fault) as caught:
        csv(COLUMNS, values)
    assert caught.value.column == column


def test_a_line_without_instalments_and_fields_has_the_bytes_that_it_had() -> None:
    assert b"instalments" not in to_bytes(invoice_of(csv(COLUMNS, ",,,")))
    assert b"fields" not in to_bytes(invoice_of(csv("field.channel", "")))


def test_a_line_has_roles_and_fields_of_its_customer(firm: Any) -> None:
    firm.do(custom_fields.define, DefineField("ent_1", "customer", "vip", "boolean", "VIP", ()))
    parsed = csv("customer_payer,customer_group,customer_field.vip", "P1,,TRUE")
    roles = parsed.events[-1]
    assert roles == ImportedRoles(customer="C1", valid_from=date(2026, 1, 31), payer="P1")
    assert parsed.customer is not None
    firm.do(work_of(parsed.customer, EventScope("ent_1"), ()))
    assert firm.state(CUSTOMER, registered_with("ent_1", "C1")).fields == {"vip": "true"}
    assert len(csv("customer_payer", "").events) == 1


def test_a_map_names_only_columns_that_an_import_has() -> None:
    assert parse_map("field.channel=Canal,customer_payer=Payeur") == {
        "field.channel": "Canal",
        "customer_payer": "Payeur",
    }
    for target in ("field.", "field.Größe", "fields.channel", "instalment_13_amount"):
        with pytest.raises(InvalidColumnMap):
            parse_map(f"{target}=x")
