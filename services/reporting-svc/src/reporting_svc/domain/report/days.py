"""Days of a report, written as dates or as words that follow the day of a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from encours.kernel.errors import Invalid
from encours.kernel.terms import months_after

_DAY = timedelta(days=1)


def _month(day: date, back: int) -> date:
    """Return the first day of a month so many months before that of ``day``."""
    return months_after(day.replace(day=1), -back)


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


DAY_WORDS: dict[str, Callable[[date], date]] = {
    "today": lambda day: day,
    "yesterday": lambda day: day - _DAY,
    "start_of_week": lambda day: day - day.weekday() * _DAY,
    "end_of_last_week": lambda day: day - (day.weekday() + 1) * _DAY,
    "start_of_month": lambda day: _month(day, 0),
    "start_of_last_month": lambda day: _month(day, 1),
    "end_of_last_month": lambda day: _month(day, 0) - _DAY,
    "start_of_quarter": _quarter,
    "start_of_last_quarter": lambda day: _quarter(_quarter(day) - _DAY),
    "end_of_last_quarter": lambda day: _quarter(day) - _DAY,
    "start_of_year": lambda day: date(day.year, 1, 1),
    "start_of_last_year": lambda day: date(day.year - 1, 1, 1),
    "end_of_last_year": lambda day: date(day.year, 1, 1) - _DAY,
    "eleven_months_back": lambda day: _month(day, 11),
}
"""Words by which a day follows another; weeks begin on Monday, ``eleven_months_back`` is the first of twelve months."""


def day_of(text: str, on: date, pointer: str = "") -> date:
    """Return the day of a date or a word. Raises :class:`Invalid`."""
    if (found := DAY_WORDS.get(text)) is not None:
        return found(on)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or not 1900 <= day.year <= 2999:
        raise Invalid(
            f"Write a date such as 2026-03-31 or one of {', '.join(DAY_WORDS)}, not {text[:40]!r}.", pointer
        )
    return day
