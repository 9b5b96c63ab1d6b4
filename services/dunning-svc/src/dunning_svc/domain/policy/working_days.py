"""Working days of an addressee."""

from __future__ import annotations

from datetime import date, timedelta

from encours.kernel.business_days import NoBusinessCalendar, business_calendar

_SATURDAY = 5


def is_working_day(country: str, day: date) -> bool:
    """Return True for a business day of the country; Monday to Friday if its calendar is not on file."""
    try:
        return business_calendar(country).is_business_day(day)
    except NoBusinessCalendar:
        return day.weekday() < _SATURDAY


def working_days_before(country: str, day: date, count: int) -> date:
    """Return the day so many working days before a day, which need not be one itself."""
    for _ in range(count):
        day -= timedelta(days=1)
        while not is_working_day(country, day):
            day -= timedelta(days=1)
    return day


def working_day_from(country: str, day: date) -> date:
    """Return the day itself if it is a working day, else the next one."""
    while not is_working_day(country, day):
        day += timedelta(days=1)
    return day
