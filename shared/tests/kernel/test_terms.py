from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.kernel.business_days import NoBusinessCalendar, Shift, business_calendar
from encours.kernel.terms import Ceiling, DueKind, DueRule, Excess, beyond_ceiling, due_date


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


SAGE = "documentation.sage.fr, Négoce i7: Fin de mois le"
PROPULSE = "propulsebyca.fr, Calcul des délais de paiement"
BANK_OF_FRANCE = "fnaseph.org, on the two methods that the Banque de France recognises"


@pytest.mark.parametrize(
    ("issued_on", "rule", "due", "source"),
    [
        (date(2003, 3, 1), DueRule("DAYS_THEN_EOM", 60, day_of_month=17), date(2003, 5, 17), SAGE),
        (date(2003, 3, 17), DueRule("DAYS_THEN_EOM", 60, day_of_month=15), date(2003, 6, 15), SAGE),
        (date(2014, 1, 2), DueRule("DAYS_THEN_EOM", 45), date(2014, 2, 28), PROPULSE),
        (date(2014, 1, 2), DueRule("EOM_THEN_DAYS", 45), date(2014, 3, 17), PROPULSE),
        (date(2025, 3, 10), DueRule("DAYS_THEN_EOM", 45), date(2025, 4, 30), BANK_OF_FRANCE),
        (date(2025, 3, 10), DueRule("EOM_THEN_DAYS", 45), date(2025, 5, 15), BANK_OF_FRANCE),
    ],
)
def test_due_dates_that_are_published_elsewhere(
    issued_on: date, rule: DueRule, due: date, source: str
) -> None:
    assert due_date(issued_on, rule) == due, source


@pytest.mark.parametrize(
    ("words", "rule", "issued_on", "due"),
    [
        ("30 jours fin de mois le 10", DueRule("DAYS_THEN_EOM", 30, day_of_month=10), "2026-01-15", "2026-03-10"),
        ("30 jours fin de mois le 10", DueRule("DAYS_THEN_EOM", 30, day_of_month=10), "2026-01-01", "2026-02-10"),
        ("fin de mois + 1 mois", DueRule("EOM_THEN_DAYS", 0, months=1), "2026-01-20", "2026-02-28"),
        ("fin de mois + 1 mois", DueRule("EOM_THEN_DAYS", 0, months=1), "2026-02-28", "2026-03-31"),
        ("le 15 du mois suivant", DueRule("EOM_THEN_DAYS", 0, day_of_month=15), "2026-01-15", "2026-02-15"),
        ("le 15 du mois suivant", DueRule("EOM_THEN_DAYS", 0, day_of_month=15), "2026-12-31", "2027-01-15"),
        ("le 31 du mois suivant", DueRule("EOM_THEN_DAYS", 0, day_of_month=31), "2026-01-31", "2026-02-28"),
        ("2 mois", DueRule("NET", 0, months=2), "2023-12-31", "2024-02-29"),
        ("30 jours le 10", DueRule("NET", 30, day_of_month=10), "2026-01-11", "2026-02-10"),
        ("30 jours le 10", DueRule("NET", 30, day_of_month=10), "2026-01-12", "2026-03-10"),
    ],
)  # fmt: skip
def test_months_and_days_of_the_month(words: str, rule: DueRule, issued_on: str, due: str) -> None:
    assert due_date(date.fromisoformat(issued_on), rule) == date.fromisoformat(due), words


def test_february_of_a_leap_year_ends_on_the_29th() -> None:
    assert due_date(date(2024, 1, 15), DueRule("DAYS_THEN_EOM", 30)) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("calendar", "shift", "due"),
    [
        ("TARGET", "none", date(2026, 4, 3)),
        ("TARGET", "following", date(2026, 4, 7)),
        ("TARGET", "preceding", date(2026, 4, 2)),
        ("FR", "following", date(2026, 4, 3)),
    ],
)
def test_good_friday_closes_the_settlement_system_and_is_a_working_day_in_france(
    calendar: str, shift: Shift, due: date
) -> None:
    """ECB, TARGET calendar: closed on 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December."""
    rule = DueRule("NET", 30, business_day=shift, calendar=calendar)
    assert due_date(date(2026, 3, 4), rule) == due


def test_a_calendar_says_what_it_does_not_know() -> None:
    with pytest.raises(NoBusinessCalendar, match="TARGET"):
        business_calendar("ZZ")
    with pytest.raises(NoBusinessCalendar, match="2024 to 2030"):
        business_calendar("FR").shifted(date(2031, 1, 1), "following")


@given(st.dates(date(2024, 1, 3), date(2030, 12, 28)))
def test_a_shift_ends_on_the_nearest_business_day(day: date) -> None:
    calendar = business_calendar("TARGET")
    later, earlier = calendar.shifted(day, "following"), calendar.shifted(day, "preceding")
    assert calendar.is_business_day(later)
    assert calendar.is_business_day(earlier)
    between = [earlier + timedelta(days=n) for n in range(1, (later - earlier).days)]
    assert not any(calendar.is_business_day(each) for each in between)
    assert earlier <= day <= later


@pytest.mark.parametrize(
    ("rule", "excess"),
    [
        (DueRule("NET", 60), None),
        (DueRule("NET", 61), Excess(60, 61)),
        (DueRule("DAYS_THEN_EOM", 45), None),
        (DueRule("EOM_THEN_DAYS", 46), Excess(45, 46)),
        (DueRule("NET", 45, periodic=True), None),
        (DueRule("NET", 46, periodic=True), Excess(45, 46)),
        (DueRule("DAYS_THEN_EOM", 15, periodic=True), None),
        (DueRule("DAYS_THEN_EOM", 16, periodic=True), Excess(45, 46)),
        (DueRule("NET", 0, months=1), None),
        (DueRule("NET", 0, months=2), Excess(60, 62)),
        (DueRule("EOM_THEN_DAYS", 0, months=1), None),
        (DueRule("EOM_THEN_DAYS", 0, day_of_month=15), None),
        (DueRule("DAYS_THEN_EOM", 30, day_of_month=10), Excess(60, 70)),
        (DueRule("DAYS_THEN_EOM", 60, day_of_month=15), Excess(60, 105)),
        (DueRule("NET", 60, business_day="preceding", calendar="TARGET"), None),
        (DueRule("NET", 60, business_day="following", calendar="TARGET"), Excess(60, 64)),
    ],
)
def test_the_ceiling_of_l441_10_is_60_days_or_45_end_of_month_or_45_for_periodic_invoices(
    rule: DueRule, excess: Excess | None
) -> None:
    assert beyond_ceiling(rule, Ceiling(60, 45, 45)) == excess


@pytest.mark.parametrize(
    ("rule", "excess"),
    [
        (DueRule("NET", 61), Excess(60, 61)),
        (DueRule("NET", 60, periodic=True), None),
        (DueRule("DAYS_THEN_EOM", 30), None),
        (DueRule("EOM_THEN_DAYS", 45), Excess(60, 75)),
    ],
)
def test_a_law_without_end_of_month_terms_counts_their_days(rule: DueRule, excess: Excess | None) -> None:
    assert beyond_ceiling(rule, Ceiling(60)) == excess
