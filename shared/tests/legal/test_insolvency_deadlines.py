"""Last days of the declaration of claims, counted by hand."""

from __future__ import annotations

from datetime import date

import pytest

from encours.legal.insolvency import claim_deadline_rule


@pytest.mark.parametrize(
    ("published_on", "creditor", "last_day"),
    [
        ("2026-03-12", "FR", "2026-05-12"),
        ("2026-03-01", "FR", "2026-05-04"),  # 1 May is a holiday, and a Friday
        ("2025-12-31", "FR", "2026-03-02"),  # 28 February is a Saturday
        ("2026-03-12", "DE", "2026-07-13"),  # 12 July is a Sunday
        ("2026-03-12", "RE", "2026-07-13"),
        ("2031-01-08", "FR", "2031-03-08"),  # a Saturday of a year whose holidays are not on file
    ],
)
def test_claims_are_declared_within_two_months_and_four_from_abroad(
    published_on: str, creditor: str, last_day: str
) -> None:
    rule = claim_deadline_rule("FR", date(2026, 3, 1))
    assert rule is not None
    assert rule.last_day(date.fromisoformat(published_on), creditor).isoformat() == last_day
    assert "R622-24" in rule.source


def test_a_country_or_day_that_is_not_on_file_has_no_deadline() -> None:
    assert claim_deadline_rule("DE", date(2026, 3, 1)) is None
    assert claim_deadline_rule("FR", date(2005, 12, 31)) is None
