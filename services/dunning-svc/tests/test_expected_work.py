"""Overdue work, and when it becomes so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from dunning_svc.domain.expected.overdue import OverdueWork, Unsent, overdue

THURSDAY, FRIDAY, SATURDAY, MONDAY = (date(2026, 3, day) for day in (5, 6, 7, 9))


def found(
    hour: int, day: date, last: date | None, left_open: Sequence[date] = (), *unsent: Unsent
) -> list[OverdueWork]:
    return list(overdue(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), last, left_open, unsent))


def test_a_day_has_until_seven_to_open() -> None:
    assert found(6, FRIDAY, THURSDAY) == []
    assert found(7, FRIDAY, THURSDAY) == [OverdueWork("day_not_opened", FRIDAY, 1)]
    assert found(7, FRIDAY, FRIDAY) == []
    assert found(3, MONDAY, THURSDAY) == [OverdueWork("day_not_opened", FRIDAY, 3)]


def test_a_ledger_without_a_run_expects_none() -> None:
    assert found(12, FRIDAY, None, [], Unsent(THURSDAY, "FR", 4)) == []


def test_a_run_is_completed_by_the_next_day() -> None:
    assert found(12, FRIDAY, FRIDAY, [FRIDAY]) == []
    assert found(12, SATURDAY, SATURDAY, [FRIDAY, SATURDAY]) == [OverdueWork("run_not_completed", FRIDAY, 1)]


@pytest.mark.parametrize(
    ("country", "day", "late"),
    [
        ("FR", FRIDAY, False),
        ("FR", SATURDAY, False),
        ("FR", MONDAY, True),
        ("", MONDAY, True),
    ],
)
def test_a_reminder_of_a_friday_leaves_by_monday(country: str, day: date, late: bool) -> None:
    waiting = Unsent(FRIDAY, country, 2), Unsent(day, country, 5)
    expected = [OverdueWork("reminder_not_sent", FRIDAY, 2)] if late else []
    assert found(12, day, day, [], *waiting) == expected


@pytest.mark.parametrize(("hours", "late"), [(6, False), (7, True), (None, False)])
def test_a_mailbox_is_read_within_six_hours(hours: int | None, late: bool) -> None:
    now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    read_at = None if hours is None else now - timedelta(hours=hours)
    told = list(overdue(now, FRIDAY, [], [], read_at))
    assert told == ([OverdueWork("mailbox_not_read", FRIDAY, 1)] if late else [])
    assert [work.detail for work in told] == (
        ["The mailbox for replies has not been read since 2026-03-06."] if late else []
    )


def test_each_finding_says_what_is_missing_and_what_to_do() -> None:
    told = found(12, MONDAY, THURSDAY, [THURSDAY], Unsent(THURSDAY, "FR", 1))
    assert [work.detail for work in told] == [
        "No run is on record since 2026-03-06.",
        "The run of 2026-03-05 has not been completed.",
        "Decided since 2026-03-05 and without an outcome: 1 reminder.",
    ]
    assert all("encours" in work.remedy for work in told)
