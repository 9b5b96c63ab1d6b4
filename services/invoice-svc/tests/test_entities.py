"""The rules of entities and their number series: given a story, when a command, then events."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.contracts.common import Address
from invoice_svc.domain.entity.commands import AmendEntity, DefineSeries
from invoice_svc.use_cases.folds import ENTITY, INVOICE
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)
FORM = "SAS, capital 10 000 EUR, RCS Paris"
ADDRESS = Address(lines=("1 rue de la Paix",), postal_code="75002", city="Paris", country="FR")


def test_an_entity_begins_with_a_series_for_invoices_and_one_for_credit_notes(firm: Any) -> None:
    series = firm.state(ENTITY, "ent_1").series
    assert {code: (s.document, s.prefix_of(2026)) for code, s in series.items()} == {
        "FAC": ("invoice", "FAC-2026-"),
        "AVO": ("credit_note", "AVO-2026-"),
    }


@pytest.mark.parametrize("prefix", ["FAC-", "F{year}{year}", "FÉ{year}", "F {year}", "A" * 30 + "{year}"])
def test_a_template_that_could_give_an_illegal_or_repeated_number_is_refused(
    make: Any, firm: Any, prefix: str
) -> None:
    with make.refused("invalid-request"):
        firm.do(
            entities.define_series,
            DefineSeries("ent_1", "X", "invoice", prefix, 6),
            firm.ledger.has_given_numbers,
        )


def test_the_form_of_a_number_is_that_of_the_law_of_the_country(make: Any, books: Any) -> None:
    """France: 35 characters. Spain: 60 (SII, Veri*factu)."""
    for country, name in (("FR", "ent_1"), ("ES", "ent_2")):
        books.do(entities.register, make.entity(name, country=country))
    for prefix, code in (("{year}" + "A" * 37, "X"), ("{year}" + "A" * 27, "Y")):
        books.do(
            entities.define_series,
            DefineSeries("ent_2", code, "credit_note", prefix, 12),
            books.ledger.has_given_numbers,
        )
    with make.refused("invalid-request"):
        books.do(
            entities.define_series,
            DefineSeries("ent_1", "X", "credit_note", "{year}" + "A" * 27, 12),
            books.ledger.has_given_numbers,
        )


@pytest.mark.parametrize("prefix", ["FAC-{year}-", "FAC-{year}-1"])
def test_two_series_can_never_give_the_same_number(make: Any, firm: Any, prefix: str) -> None:
    with make.refused("series-overlaps"):
        firm.do(
            entities.define_series,
            DefineSeries("ent_1", "X", "invoice", prefix, 6),
            firm.ledger.has_given_numbers,
        )


def test_nor_one_that_another_series_had_before_or_gives_in_another_year(make: Any, firm: Any) -> None:
    def define(code: str, prefix: str) -> None:
        firm.do(
            entities.define_series,
            DefineSeries("ent_1", code, "invoice", prefix, 1),
            firm.ledger.has_given_numbers,
        )

    define("FAC", "X{year}-")
    with make.refused("series-overlaps"):
        define("NEW", "FAC-{year}-")
    define("FAC", "FAC-{year}-")  # its own: the running number goes on
    with make.refused("series-overlaps"):
        define("FAC", "FAC-{year}-1")  # 1 and 15 then read like 115
    define("FF", "FF{year}")
    with make.refused("series-overlaps"):
        define("GG", "FF20{year}")  # the first of 2026 reads like number 261 of 2020


def test_defining_a_series_as_it_is_or_amending_to_the_same_records_nothing(firm: Any) -> None:
    firm.do(
        entities.define_series,
        DefineSeries("ent_1", "FAC", "invoice", "FAC-{year}-", 6),
        firm.ledger.has_given_numbers,
    )
    firm.do(
        entities.amend, AmendEntity("ent_1", "Lumière SAS", FORM, "552100554", "FR96552100554", ADDRESS, None)
    )
    assert firm.kinds(since=4) == []


def _next_number(firm: Any, number: int, code: str = "FAC") -> None:
    command = DefineSeries("ent_1", code, "invoice", code + "-{year}-", 6, number)
    firm.do(entities.define_series, command, firm.ledger.has_given_numbers)


def test_the_next_number_of_a_series_is_set_once_before_its_first(make: Any, firm: Any) -> None:
    _next_number(firm, 101)
    _next_number(firm, 101)  # as it is
    assert firm.kinds().count("entity.first_number_set") == 1
    with make.refused("next-number-fixed"):
        _next_number(firm, 200)
    firm.do(invoices.draft, make.at_once(make.draft(), date(2026, 6, 1)))
    assert firm.state(INVOICE, "inv_1").number == "FAC-2026-000101"


def test_a_series_that_has_given_a_number_goes_on_from_it(make: Any, issued: Any) -> None:
    with make.refused("next-number-fixed"):
        _next_number(issued, 101)
    _next_number(issued, 101, "NEW")
    assert issued.state(ENTITY, "ent_1").first_numbers == {"NEW": {2026: 101}}
