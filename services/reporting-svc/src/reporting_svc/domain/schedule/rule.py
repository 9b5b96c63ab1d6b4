"""Due moments of a schedule: a pure function of its rule, a calendar and a time zone."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from encours.contracts.events.schedule import DueDayRule, SchedulePeriod
from encours.kernel.business_days import BusinessCalendar
from reporting_svc.domain.report.days import DAY_WORDS

DAYS_BACK_MAX = 400
"""Longest time over which missed moments are counted."""
_DAY = timedelta(days=1)
_AROUND = timedelta(days=14)
"""More than any shift moves a day."""
_PERIODS: Mapping[SchedulePeriod, tuple[str, str]] = {
    "last_month": ("start_of_last_month", "end_of_last_month"),
    "last_quarter": ("start_of_last_quarter", "end_of_last_quarter"),
    "last_year": ("start_of_last_year", "end_of_last_year"),
    "month_to_date": ("start_of_month", "today"),
    "year_to_date": ("start_of_year", "today"),
}
"""Words for the first and the last day of each period."""


@dataclass(frozen=True, slots=True)
class DueMoment:
    """A due moment: its local day, and its instant."""

    day: date
    at: datetime


def due_days(rule: DueDayRule, calendar: BusinessCalendar, first: date, last: date) -> list[date]:
    """Return the due days from a day to another, in order, each once."""
    days = {
        day
        for named in _named(rule, calendar, first - _AROUND, last + _AROUND)
        if first <= (day := calendar.shifted(named, rule.shift)) <= last
    }
    return sorted(days)


def _named(rule: DueDayRule, calendar: BusinessCalendar, first: date, last: date) -> Iterator[date]:
    """Iterate over the days that the rule names, before they are shifted."""
    if rule.frequency != "monthly":
        day = first
        while day <= last:
            if rule.frequency == "daily" or day.isoweekday() == rule.weekday:
                yield day
            day += _DAY
        return
    month = first.replace(day=1)
    while month <= last:
        length = monthrange(month.year, month.month)[1]
        if rule.business_day is None:
            yield month.replace(day=min(rule.day or 1, length))
        else:
            eve = month - _DAY
            for _ in range(rule.business_day):
                eve = calendar.shifted(eve + _DAY, "following")
            yield eve
        month = month.replace(day=length) + _DAY


def due_at(rule: DueDayRule, day: date, zone: str) -> datetime:
    """Return the instant of a due day."""
    return datetime.combine(day, time(rule.hour), ZoneInfo(zone)).astimezone(UTC)


def due_moments(
    rule: DueDayRule, calendar: BusinessCalendar, zone: str, since: datetime, now: datetime
) -> list[DueMoment]:
    """Return the due moments after ``since`` up to ``now``, in order.

    The last one is acted on; the earlier ones are missed, and not made up for.
    """
    local = ZoneInfo(zone)
    first = max(since.astimezone(local).date(), now.astimezone(local).date() - timedelta(DAYS_BACK_MAX))
    return [
        DueMoment(day, at)
        for day in due_days(rule, calendar, first, now.astimezone(local).date())
        if since < (at := due_at(rule, day, zone)) <= now
    ]


def next_due(rule: DueDayRule, calendar: BusinessCalendar, zone: str, now: datetime) -> datetime | None:
    """Return the first due moment after ``now``; ``None`` if there is none within the calendar's years."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = due_days(rule, calendar, today, today + timedelta(days=62))
    return next((at for day in days if (at := due_at(rule, day, zone)) > now), None)


def period_of(period: SchedulePeriod, on: date) -> tuple[date, date]:
    """Return the first and the last day of a period, as they follow from a day."""
    first, last = _PERIODS[period]
    return DAY_WORDS[first](on), DAY_WORDS[last](on)
