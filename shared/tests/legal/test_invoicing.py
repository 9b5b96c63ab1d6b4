"""Numbers of invoices and the last day of their issue, by the law of each country."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from encours.legal import packs
from encours.legal.invoicing import SupplyScope
from encours.legal.packs import invoicing_law_of

COUNTRIES = sorted(path.stem for path in (Path(packs.__file__).parent / "packs").glob("*.toml"))


@pytest.mark.parametrize(
    ("country", "scope", "supplied_on", "last_day"),
    [
        ("FR", "usual", date(2026, 3, 10), date(2026, 3, 10)),
        ("FR", "periodic", date(2026, 2, 10), date(2026, 2, 28)),
        ("FR", "intra_eu", date(2026, 12, 31), date(2027, 1, 15)),
        ("DE", "usual", date(2026, 8, 31), date(2027, 2, 28)),
        ("DE", "periodic", date(2026, 1, 15), date(2026, 7, 15)),
        ("DE", "intra_eu", date(2026, 1, 15), date(2026, 2, 15)),
        ("BE", "usual", date(2026, 1, 31), date(2026, 2, 15)),
        ("ES", "usual", date(2026, 3, 1), date(2026, 4, 15)),
        ("IE", "intra_eu", date(2026, 3, 1), date(2026, 4, 15)),
        ("GB", "usual", date(2026, 3, 1), date(2026, 3, 31)),
        ("US", "usual", date(2026, 3, 1), None),
        ("FR", "usual", date(2012, 12, 31), None),
    ],
)
def test_an_invoice_is_issued_by_the_day_of_the_law(
    country: str, scope: SupplyScope, supplied_on: date, last_day: date | None
) -> None:
    """FR: CGI 289 I-3. DE: UStG 14 (2), 14a (3). BE: royal decree 1 art. 4. ES: RD 1619/2012 art. 11. IE: S.I. 639/2010
    reg. 23. GB: VAT Regulations 1995 reg. 13 (5)."""
    found = invoicing_law_of(country).deadline(supplied_on, scope)
    assert (found and found.last_day(supplied_on)) == last_day


def test_gaps_are_forbidden_to_be_explained_or_allowed_by_country() -> None:
    rules = {country: invoicing_law_of(country).number_rule(date(2026, 3, 1)) for country in COUNTRIES}
    assert {country: rule.gaps for country, rule in rules.items()} == {
        "BE": "to_explain",
        "DE": "allowed",
        "ES": "forbidden",
        "FR": "forbidden",
        "GB": "to_explain",
        "IE": "to_explain",
    }
    assert [country for country, rule in rules.items() if rule.chronological] == ["FR"]
    assert [country for country, rule in rules.items() if rule.own_series_for_credit_notes] == ["ES"]
    assert all(rule.source for rule in rules.values())


def test_a_number_has_the_characters_and_the_length_of_its_country() -> None:
    french, spanish, unknown = (
        invoicing_law_of(country).number_rule(date(2026, 3, 1)) for country in ("FR", "ES", "US")
    )
    assert [french.is_well_formed(number) for number in ("FAC-2026/1_a+", "FAC 1", "FAC.1", "é", "F" * 36)] == [
        True, False, False, False, False,
    ]  # fmt: skip
    assert (spanish.is_well_formed("F" * 60), spanish.is_well_formed("F" * 61)) == (True, False)
    assert (unknown.gaps, unknown.max_length) == ("to_explain", 35)
