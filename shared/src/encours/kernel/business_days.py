"""Business days: Monday to Friday without the holidays of a calendar.

A calendar is a file of ``calendars/``: ``TARGET`` (days on which the euro's settlement system is closed) or the ISO
3166-1 code of a country (its national holidays; those of England for GB, without those of regions elsewhere). They were
made with the PyPI package holidays 0.109 (MIT). A new calendar or a further year is data, never a change in code.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

from encours.kernel.errors import Refusal

Shift = Literal["none", "following", "preceding"]
"""Move of a day that is no business day: to the next business day, to the last one before, or none."""

_FOLDER = files("encours.kernel") / "calendars"
_SATURDAY = 5


class NoBusinessCalendar(Refusal):
    """No calendar is on file for the country, or it does not reach the day (422)."""

    code = "no-business-calendar"
    title = "No business calendar on file"
    status = 422
    remedy = "Use the TARGET calendar, a day in the years on file, or no shift to a business day."


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Holidays of whole years, ``first_year`` to ``last_year``."""

    name: str
    holidays: frozenset[date]
    first_year: int
    last_year: int

    def is_business_day(self, day: date) -> bool:
        """Return true for a working day. Raises ``no-business-calendar`` outside the years on file."""
        if not self.first_year <= day.year <= self.last_year:
            raise NoBusinessCalendar(
                f"The calendar {self.name} has the years {self.first_year} to {self.last_year}, not {day.year}."
            )
        return day.weekday() < _SATURDAY and day not in self.holidays

    def shifted(self, day: date, shift: Shift) -> date:
        """Return the day itself if it is a business day or ``shift`` is ``none``, else the next or the previous one."""
        if shift == "none":
            return day
        step = timedelta(days=1 if shift == "following" else -1)
        while not self.is_business_day(day):
            day += step
        return day

    def days_before(self, day: date, count: int) -> date:
        """Return the day so many business days before a day, which need not be one itself."""
        for _ in range(count):
            day = self.shifted(day - timedelta(days=1), "preceding")
        return day


def calendar_of_country(country: str) -> BusinessCalendar:
    """Return the calendar of a country, TARGET where it has none on file."""
    return business_calendar(country if country in _names() else "TARGET")


@cache
def business_calendar(name: str) -> BusinessCalendar:
    """Return a calendar by name. Raises ``no-business-calendar`` for one that is not on file."""
    known = _names()
    if name not in known:
        raise NoBusinessCalendar(f"No calendar of {name} is on file; those on file are {', '.join(known)}.")
    rows = csv.DictReader((_FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines())
    holidays = frozenset(date.fromisoformat(row["date"]) for row in rows)
    years = [day.year for day in holidays]
    return BusinessCalendar(name, holidays, min(years), max(years))


@cache
def _names() -> tuple[str, ...]:
    found = (path.name for path in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in found if name.endswith(".csv")))
