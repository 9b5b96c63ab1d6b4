"""Identifiers: accepted by their check digits, refused with the reason, at HTTP and in files alike.

The vectors are values of the test files of python-stdnum 2.2 and schwifty 2026.10.1; where a file lists a number among
the wrong ones, the column ``expected`` says ``invalid``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from encours.http.problems import faults
from encours.testing.memory import BooksInMemory
from invoice_svc.domain import identifiers
from invoice_svc.domain.customer.commands import AmendCustomer
from invoice_svc.domain.identifiers import InvalidIdentifier
from invoice_svc.http.customers.bodies import CustomerBody, CustomerPatch
from invoice_svc.http.entities.bodies import EntityBody
from invoice_svc.imports.csv_lines import Defaults
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.ndjson_lines import parse_line
from invoice_svc.use_cases.parties import customers, entities

CHECKS: dict[str, Callable[[str], str]] = {
    "siren": identifiers.checked_siren,
    "siret": identifiers.checked_siret,
    "fr_tva": lambda text: identifiers.checked_vat_id(text if text.startswith("FR") else f"FR{text}"),
    "eu_vat": identifiers.checked_vat_id,
    "iban": identifiers.checked_iban,
    "iban_bban": identifiers.checked_iban,
    "bic": identifiers.checked_bic,
}
ROWS = list(csv.DictReader((Path(__file__).parent / "identifier_vectors.csv").read_text().splitlines()))


def reason(check: Callable[[str], str], text: str) -> str:
    with pytest.raises(InvalidIdentifier) as caught:
        check(text)
    return str(caught.value)


@pytest.mark.parametrize("kind", CHECKS)
def test_the_published_vectors_are_judged_as_published(kind: str) -> None:
    rows = [row for row in ROWS if row["kind"] == kind]
    assert rows
    for row in rows:
        if row["expected"] == "invalid":
            assert reason(CHECKS[kind], row["value"]).endswith("."), row
        else:
            found = CHECKS[kind](row["value"])
            assert (found.isalnum(), found) == (True, found.upper()), row


@pytest.mark.parametrize(
    ("check", "text", "compact"),
    [
        (identifiers.checked_siren, "552 100 554", "552100554"),
        (identifiers.checked_siret, "356 000 000 00048", "35600000000048"),
        (identifiers.checked_vat_id, "fr 96.552.100.554", "FR96552100554"),
        (identifiers.checked_vat_id, "GB 980 7806 84", "GB980780684"),
        (identifiers.checked_vat_id, "CHE-107.787.577 IVA", "CHE107787577IVA"),
        (identifiers.checked_vat_id, "US 12", "US12"),
        (identifiers.checked_lei, "9695 00KCGF3SUYJHPV70", "969500KCGF3SUYJHPV70"),
        (identifiers.checked_iban, "fr76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189"),
        (identifiers.checked_bic, "bnpafrpp", "BNPAFRPP"),
    ],
)
def test_an_identifier_is_kept_in_its_compact_form(
    check: Callable[[str], str], text: str, compact: str
) -> None:
    assert check(text) == compact


def test_a_refusal_says_which_digits_are_wrong() -> None:
    assert "check digit" in reason(identifiers.checked_siren, "552100555")
    assert "14 digits" in reason(identifiers.checked_siret, "552100554")
    assert "RIB" in reason(identifiers.checked_iban, "FR0630006000011234567890188")
    assert "check digits of the IBAN" in reason(identifiers.checked_iban, "FR7730006000011234567890189")
    assert "too long or too short" in reason(identifiers.checked_iban, "FR763000600001123456789018")
    assert "check digit" in reason(identifiers.checked_lei, "969500KCGF3SUYJHPV71")


WRONG = {"siren": "552100555", "vat_id": "FR97552100554"}


def test_a_request_is_refused_with_the_reason_for_each_field() -> None:
    sent = {"entity_id": "ent_" + "0" * 32, "name": "Dupont", **WRONG}
    with pytest.raises(ValidationError) as caught:
        CustomerBody.model_validate(sent)
    found = {fault["pointer"]: fault["detail"] for fault in faults(caught.value.errors(), place="body")}
    assert set(found) == {"/siren", "/vat_id"}
    assert "check digit" in found["/siren"]
    with pytest.raises(ValidationError) as caught:
        EntityBody.model_validate({"name": "Lumière", **WRONG, "iban": "FR7730006000011234567890189"})
    pointers = {fault["pointer"] for fault in faults(caught.value.errors(), place="body")}
    assert pointers == {"/siren", "/vat_id", "/iban"}


@pytest.mark.parametrize(("field", "value"), WRONG.items())
def test_a_line_of_a_file_is_refused_with_the_same_reason(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CustomerPatch.model_validate({field: value})
    (at_http,) = faults(caught.value.errors(), place="body")
    line = json.dumps({"kind": "customer", "external_ref": "C1", field: value})
    with pytest.raises(Fault) as refused:
        parse_line(line, Defaults(currency="EUR", country="FR"))
    assert (refused.value.column, refused.value.detail) == (field, at_http["detail"])


def test_identifiers_of_two_companies_are_refused(books: BooksInMemory, make: Any) -> None:
    books.do(entities.register, make.entity())
    with make.refused("identifiers-contradict"):
        books.do(customers.register, make.customer(siren="552100554", siret="73282932000074"))
    with make.refused("identifiers-contradict"):
        books.do(customers.register, make.customer(siret="73282932000074", vat_id="FR96552100554"))
    # Monaco: the prefix FR, and no SIREN in the number.
    books.do(customers.register, make.customer(siren="552100554", vat_id="FR53000004605"))
    with make.refused("identifiers-contradict"):
        books.do(customers.amend, AmendCustomer("cus_1", siret="73282932000074"))
    books.do(customers.amend, AmendCustomer("cus_1", siren="732829320", siret="73282932000074"))
