"""Days that a live ledger opens, and their hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.service.calendar import day_elsewhere, days_to_open, opening_of

PARIS = ZoneInfo("Europe/Paris")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=PARIS)


def test_a_day_opens_at_six_in_the_morning_of_its_ledger() -> None:
    assert days_to_open(date(2026, 3, 30), at(31, 5, 59)) == []
    assert days_to_open(date(2026, 3, 30), at(31, 6)) == [date(2026, 3, 31)]
    assert days_to_open(date(2026, 3, 31), at(31, 7)) == []


def test_each_missed_day_is_caught_up() -> None:
    assert days_to_open(date(2026, 3, 27), at(31, 8)) == [date(2026, 3, n) for n in (28, 29, 30, 31)]
    assert days_to_open(date(2026, 3, 27), at(31, 3)) == [date(2026, 3, n) for n in (28, 29, 30)]


def test_a_new_ledger_begins_with_today() -> None:
    assert days_to_open(None, at(31, 9)) == [date(2026, 3, 31)]
    assert days_to_open(None, at(31, 2)) == []


def test_six_in_the_morning_is_local_time_on_both_sides_of_a_change_of_the_clocks() -> None:
    assert opening_of(date(2026, 3, 28), "Europe/Paris") == datetime(2026, 3, 28, 5, tzinfo=UTC)
    assert opening_of(date(2026, 3, 29), "Europe/Paris") == datetime(2026, 3, 29, 4, tzinfo=UTC)


@given(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.integers(0, 60), st.integers(0, 23))
def test_no_day_is_skipped_and_none_opens_before_its_time(last: date, ahead: int, hour: int) -> None:
    now = datetime.combine(date.fromordinal(last.toordinal() + ahead), datetime.min.time(), PARIS).replace(
        hour=hour
    )
    days = days_to_open(last, now)
    assert [day.toordinal() for day in days] == list(
        range(last.toordinal() + 1, last.toordinal() + 1 + len(days))
    )
    assert all(opening_of(day, "Europe/Paris") <= now for day in days)


@pytest.mark.parametrize(
    ("other", "day"),
    [
        ("Europe/Paris", date(2026, 3, 10)),
        ("Indian/Reunion", date(2026, 3, 10)),
        ("America/Martinique", date(2026, 3, 10)),
        ("Pacific/Tahiti", date(2026, 3, 9)),
    ],
)
def test_where_the_day_has_not_begun_it_is_the_day_before(other: str, day: date) -> None:
    assert day_elsewhere(date(2026, 3, 10), "Europe/Paris", other) == day


@pytest.mark.parametrize("seed", range(5))
def test_ten_years_of_outages_and_clocks_set_back_open_each_day_once_in_order(seed: int) -> None:
    random = Random(seed)
    now = datetime(2026, 1, 1, 7, tzinfo=UTC)
    opened: list[date] = []
    while now.year < 2036:
        local = now.astimezone(PARIS)
        for day in days_to_open(opened[-1] if opened else None, local):
            assert opening_of(day, "Europe/Paris") <= now
            opened.append(day)
        back, outage = random.random() < 0.1, random.random() < 0.02
        now += timedelta(hours=-random.randrange(30) if back else random.randrange(400 if outage else 12))
    assert opened == [date(2026, 1, 1) + timedelta(days=n) for n in range(len(opened))]
    assert date(2035, 12, 15) in opened
