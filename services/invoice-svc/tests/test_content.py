"""Content of an invoice: mentions that the seller's country requires, reasons for no VAT, and what a draft states."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.common import Exemption, Particulars
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.domain.invoice.content import MENTIONS
from invoice_svc.domain.invoice.refusals import InvoiceIncomplete
from invoice_svc.domain.legal import rows_of
from invoice_svc.domain.legal.content import mentions_of, required_mentions
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.http.invoices.bodies import DraftBody, DraftPatch
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)


def line(category: Any, rate: str = "0") -> LineInput:
    return LineInput("work", "1", "100", rate, vat_category=category)


def abroad(books: Any, make: Any, country: str, **buyer: Any) -> Any:
    """A firm of a country about which only its name is known."""
    nothing: dict[str, Any] = {"legal_form": None, "siren": None, "vat_id": None, "address": None}
    books.do(entities.register, make.entity(country=country, **nothing))
    books.do(customers.register, make.customer(**({"address": None} | buyer)))
    return books


def missing(books: Any, make: Any, *lines: LineInput, on: date = TODAY, **particulars: Any) -> set[str]:
    """Pointers of what an invoice of these lines lacks."""
    content = Content(TODAY, lines, particulars=Particulars(**particulars))
    try:
        books.do(invoices.draft, make.at_once(make.draft(content=content), on), today=on)
    except InvoiceIncomplete as refusal:
        return {fault.pointer for fault in refusal.errors}
    return set()


SELLER = {"/entity/address", "/entity/vat_id"}


@pytest.mark.parametrize(
    ("country", "on", "pointers"),
    [
        ("FR", TODAY, SELLER | {"/entity/legal_form", "/entity/siren", "/customer/address"}),
        ("FR", date(2027, 9, 1), SELLER | {"/entity/legal_form", "/entity/siren", "/customer/address", "/nature"}),
        ("DE", TODAY, SELLER | {"/customer/address"}),
        ("BE", TODAY, SELLER | {"/customer/address"}),
        ("ES", TODAY, SELLER | {"/customer/address"}),
        ("IE", TODAY, SELLER | {"/customer/address"}),
        ("GB", TODAY, set()),
    ],
)  # fmt: skip
def test_all_that_the_sellers_country_requires_is_named_at_once(
    books: Any, make: Any, country: str, on: date, pointers: set[str]
) -> None:
    assert missing(abroad(books, make, country), make, line("S", "20"), on=on) == pointers


@pytest.mark.parametrize(
    ("lines", "particulars", "pointers"),
    [
        ([line("E")], {}, {"/exemptions"}),
        ([line("E")], {"exemptions": (Exemption(category="E", text="art. 261", code=None),)}, set()),
        ([line("AE")], {}, {"/entity/vat_id", "/customer/vat_id"}),
        ([line("K")], {}, {"/entity/vat_id", "/customer/vat_id", "/delivery/address"}),
        ([line("G")], {}, {"/entity/vat_id"}),
        ([line("O")], {}, set()),
        ([line("O"), line("Z")], {}, {"/lines"}),
        ([line("Z")], {}, set()),
    ],
)
def test_a_category_without_vat_needs_its_reason_and_the_vat_ids_of_the_parties(
    books: Any, make: Any, lines: list[LineInput], particulars: dict[str, Any], pointers: set[str]
) -> None:
    assert missing(abroad(books, make, "GB"), make, *lines, **particulars) == pointers


@pytest.mark.parametrize(
    ("country", "reason"),
    [("FR", "Autoliquidation"), ("DE", "Steuerschuldnerschaft des Leistungsempfängers"), ("BE", "Reverse charge")],
)  # fmt: skip
def test_the_reason_of_a_reverse_charge_is_in_the_words_of_the_sellers_law(
    books: Any, make: Any, country: str, reason: str
) -> None:
    books.do(entities.register, make.entity(country=country))
    books.do(customers.register, make.customer(vat_id="DE811569869"))
    assert missing(books, make, line("AE")) == set()
    state = books.state(INVOICE, "inv_1")
    assert InvoiceOut.of(state, 1, TODAY)["vat_breakdown"] == [
        {
            "category": "AE",
            "rate": "0.00",
            "net": {"amount": "100.00", "currency": "EUR"},
            "vat": {"amount": "0.00", "currency": "EUR"},
            "exemption": reason,
        }
    ]


def test_the_tables_name_known_mentions_with_their_sources() -> None:
    rows = rows_of("content.csv")
    assert {row["mention"] for row in rows} <= MENTIONS
    assert all(row["source"] for row in rows)
    assert len(rows) == len({(row["country"], row["mention"]) for row in rows})


def test_a_country_without_lines_of_its_own_has_those_of_all() -> None:
    assert required_mentions("XX", TODAY).keys() == {each.mention for each in mentions_of("XX")}
    assert "seller_siren" not in required_mentions("XX", TODAY)


FULL: dict[str, Any] = {
    "lines": [
        {
            "description": "Pneu", "quantity": "4", "unit_price": "89.90", "vat_rate": "20",
            "allowances": [{"reason": "Fidélité", "percent": "10"}],
        },
        {"description": "Reprise", "quantity": "-1", "unit_price": "50", "vat_rate": "20"},
    ],
    "allowances": [{"reason": "Remise", "amount": {"amount": "10.00", "currency": "EUR"}, "vat_rate": "20"}],
    "charges": [{"reason": "Port", "percent": "5", "base": "100.00", "vat_rate": "20"}],
    "nature": "goods", "vat_on_debits": True, "buyer_reference": "SERVICE-7", "contract": "C-12",
    "delivery": {"name": "Dépôt", "address": {"lines": ["2 quai"], "postal_code": "69001", "city": "Lyon"}},
    "supply_from": "2026-06-01", "supply_until": "2026-06-30",
}  # fmt: skip


def draft_of(make: Any, **fields: Any) -> Any:
    ids = {"entity_id": "ent_" + "1" * 32, "customer_id": "cus_" + "1" * 32}
    asked = DraftBody.model_validate(ids | {"reference": "PO-1"} | fields).to_command("inv_1")
    return replace(asked, entity_id="ent_1", customer_id="cus_1")


def test_what_a_draft_states_is_shown_with_its_totals_and_the_rule_of_their_rounding(
    make: Any, firm: Any
) -> None:
    firm.do(invoices.draft, make.at_once(draft_of(make, **FULL), TODAY))
    shown = InvoiceOut.of(firm.state(INVOICE, "inv_1"), 1, TODAY)
    amounts = {name: value["amount"] for name, value in shown["totals"].items() if name != "rule"}
    assert amounts == {
        "lines": "273.64", "allowances": "10.00", "charges": "5.00", "net": "268.64", "vat": "53.73",
        "total": "322.37", "prepaid": "0.00", "payable": "322.37",
    }  # fmt: skip
    assert "BR-CO-10" in shown["totals"]["rule"]
    assert shown["lines"][0]["allowances"][0] == {
        "reason": "Fidélité",
        "amount": {"amount": "35.96", "currency": "EUR"},
        "percent": "10.00",
        "base": {"amount": "359.60", "currency": "EUR"},
    }
    assert shown["charges"][0]["vat_rate"] == "20.00"
    stated = ("nature", "vat_on_debits", "buyer_reference", "contract", "reference", "supply_from")
    assert [shown[name] for name in stated] == ["goods", True, "SERVICE-7", "C-12", "PO-1", "2026-06-01"]
    assert (shown["delivery"]["name"], shown["delivery"]["address"]["city"]) == ("Dépôt", "Lyon")


def test_a_patch_changes_what_it_names_and_calculates_the_rest_again(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, draft_of(make, **FULL))
    before = firm.state(INVOICE, "inv_1")

    def patched(**fields: Any) -> Any:
        firm.do(invoices.amend, DraftPatch.model_validate(fields).to_command("inv_1"))
        return firm.state(INVOICE, "inv_1")

    assert patched(nature="goods") == before
    state = patched(nature="mixed", delivery=None, charges=None)
    assert (state.particulars.nature, state.particulars.delivered_to) == ("mixed", None)
    assert state.particulars.contract == "C-12"
    assert (state.net_minor, len(state.adjustments)) == (26_364, 1)
    halved = [{"reason": "Moitié", "percent": "50", "vat_rate": "20"}]
    state = patched(allowances=halved)
    assert state.net_minor == 13_682
    state = patched(lines=[{"description": "Pneu", "quantity": "1", "unit_price": "10", "vat_rate": "20"}])
    assert state.net_minor == 500


def test_a_period_that_ends_before_it_begins_is_refused(make: Any, firm: Any) -> None:
    with make.refused("invalid-request"):
        firm.do(invoices.draft, draft_of(make, **FULL | {"supply_until": "2026-05-31"}))
