"""Customers in files: their custom fields, and the roles of other customers around them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from invoice_svc.domain.custom_field.commands import DefineField
from invoice_svc.domain.customer.ref import registered_with
from invoice_svc.imports.commands import EventScope, work_of
from invoice_svc.imports.csv_lines import Defaults
from invoice_svc.imports.events import (
    ImportedCustomer,
    ImportedEvent,
    ImportedRoles,
    from_bytes,
    order_of,
    to_bytes,
)
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.ndjson_lines import parse_line
from invoice_svc.use_cases.folds import CUSTOMER
from invoice_svc.use_cases.parties import custom_fields

DEFAULTS = Defaults(currency="EUR", country="FR")


def event_of(text: str) -> ImportedEvent:
    (event,) = parse_line(text, DEFAULTS).events
    assert from_bytes(to_bytes(event)) == event
    return event


def test_a_customer_line_brings_values_of_custom_fields(firm: Any, make: Any) -> None:
    firm.do(
        custom_fields.define,
        DefineField("ent_1", "customer", "channel", "choice", "Channel", ("web", "shop")),
    )
    firm.do(custom_fields.define, DefineField("ent_1", "customer", "vip", "boolean", "VIP", ()))
    event = event_of('{"kind":"customer","external_ref":"C","fields":{"channel":"web","vip":true}}')
    firm.do(work_of(event, EventScope("ent_1"), ()))
    assert firm.state(CUSTOMER, registered_with("ent_1", "C")).fields == {"channel": "web", "vip": "true"}
    other = event_of('{"kind":"customer","external_ref":"D","fields":{"colour":"red"}}')
    with make.refused("custom-field-values-invalid"):
        firm.do(work_of(other, EventScope("ent_1"), ()))


def test_a_roles_line_names_other_customers_by_their_codes_from_a_day_on(firm: Any) -> None:
    event = event_of(
        '{"kind":"customer_roles","customer":"C","payer":"D","group":"E","valid_from":"2026-06-05"}'
    )
    assert isinstance(event, ImportedRoles)
    named = {}
    for ref in ("C", "D", "E"):
        customer = ImportedCustomer(ref=ref, name=ref, country="FR", language="fr")
        firm.do(work_of(customer, EventScope("ent_1"), ()))
        named[ref] = registered_with("ent_1", ref)
    firm.do(work_of(event, EventScope("ent_1", named["C"], {}, named), ()))
    (roles,) = firm.state(CUSTOMER, named["C"]).roles
    assert (roles.valid_from, roles.payer_id, roles.billed_id, roles.group_id) == (
        date(2026, 6, 5), named["D"], None, named["E"],
    )  # fmt: skip


def test_roles_of_two_days_are_two_events_that_come_with_the_customers() -> None:
    first, second = (
        order_of(
            event_of(f'{{"kind":"customer_roles","customer":"C","payer":"D","valid_from":"2026-01-0{n}"}}')
        )
        for n in (1, 2)
    )
    assert first.key != second.key
    assert first.rank == order_of(event_of('{"kind":"customer","external_ref":"C"}')).rank


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('{"kind":"customer","external_ref":"C","fields":{"Not a code":"x"}}', "fields"),
        ('{"kind":"customer","external_ref":"C","fields":{"channel":""}}', "fields.channel"),
        ('{"kind":"customer_roles","customer":"C","payer":"D"}', None),
        ('{"kind":"customer_roles","customer":"C","payer":"D","valid_from":"5 June"}', "valid_from"),
    ],
)
def test_a_line_that_cannot_be_taken_names_its_column(text: str, column: str | None) -> None:
    with pytest.raises(Fault) as caught:
        parse_line(text, DEFAULTS)
    assert caught.value.column == column
