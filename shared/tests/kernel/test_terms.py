from datetime import date

import pytest

from encours.kernel.terms import DueKind, DueRule, due_date


@pytest.mark.parametrize(
    ("kind", "days", "due"),
    [
        ("NET", 30, date(2026, 2, 19)),
        ("DAYS_THEN_EOM", 45, date(2026, 3, 31)),
        ("EOM_THEN_DAYS", 45, date(2026, 3, 17)),
        ("NET", 0, date(2026, 1, 20)),
    ],
)
def test_the_two_readings_of_end_of_month_and_plain_days(kind: DueKind, days: int, due: date) -> None:
    assert due_date(date(2026, 1, 20), DueRule(kind, days)) == due


def test_february_of_a_leap_year_ends_on_the_29th() -> None:
    assert due_date(date(2024, 1, 15), DueRule("DAYS_THEN_EOM", 30)) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("kind", "days", "beyond"),
    [("NET", 60, False), ("NET", 61, True), ("DAYS_THEN_EOM", 45, False), ("EOM_THEN_DAYS", 46, True)],
)
def test_the_ceiling_of_l441_10_is_60_days_or_45_end_of_month(kind: DueKind, days: int, beyond: bool) -> None:
    assert DueRule(kind, days).beyond_ceiling() is beyond
