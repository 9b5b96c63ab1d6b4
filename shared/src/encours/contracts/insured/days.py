"""Calendar of an insurance contract: shifts and business days, for any year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

from encours.contracts.events.insurance import DeadlineShift
from encours.kernel.business_days import BusinessCalendar, business_calendar

_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ContractDays:
    """Business days of a calendar. Outside the years on file every Monday to Friday is one."""

    calendar: BusinessCalendar

    def is_business_day(self, day: date) -> bool:
        """Return True for a working day."""
        if self.calendar.first_year <= day.year <= self.calendar.last_year:
            return self.calendar.is_business_day(day)
        return day.weekday() < _SATURDAY

    def shifted(self, day: date, shift: DeadlineShift) -> date:
        """Return the day, or the next or previous business day if it is none."""
        if shift == "none":
            return day
        step = _DAY if shift == "following" else -_DAY
        while not self.is_business_day(day):
            day += step
        return day

    def before(self, day: date, count: int) -> date:
        """Return the day so many business days before a day, or before the last business day before it."""
        return _before(self.calendar.name, day, count)


@lru_cache(maxsize=16_384)
def _before(name: str, day: date, count: int) -> date:
    days = contract_days(name)
    day = days.shifted(day, "preceding")
    for _ in range(count):
        day = days.shifted(day - _DAY, "preceding")
    return day


@cache
def contract_days(name: str) -> ContractDays:
    """Return the business days of a calendar on file."""
    return ContractDays(business_calendar(name))
