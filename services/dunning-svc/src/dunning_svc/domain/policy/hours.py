"""Hours of sending: the time of day, where the addressee is, in which a message may leave.

A window is that of the local clock. In the night in which clocks go back an hour of it may pass twice; in the one in
which they go forward an hour of it is missing, so a policy allows two hours at least.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dunning_svc.domain.policy.working_days import is_working_day, working_day_from
from encours.contracts.events.dunning.document import PolicyHours
from encours.contracts.events.dunning.reminders import SendingHours
from encours.kernel.time_zones import time_zone_of

SHORTEST_MINUTES = 120
ALL_DAY = PolicyHours(from_time="00:00", until_time="24:00", time_zone=None)


def minutes_of(text: str) -> int:
    """Return the minutes since midnight of ``HH:MM``; ``24:00`` is the end of the day."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def hours_for(hours: PolicyHours, country: str, *, business_days: bool) -> SendingHours:
    """Return the hours of a policy for an addressee in a country."""
    return SendingHours(
        from_time=hours.from_time,
        until_time=hours.until_time,
        time_zone=hours.time_zone or time_zone_of(country),
        business_days_of=country if business_days else None,
    )


def may_leave(hours: SendingHours | None, now: datetime) -> bool:
    """Return True if a message with these hours may leave at an instant."""
    if hours is None:
        return True
    local = now.astimezone(ZoneInfo(hours.time_zone))
    if not minutes_of(hours.from_time) <= local.hour * 60 + local.minute < minutes_of(hours.until_time):
        return False
    return hours.business_days_of is None or is_working_day(hours.business_days_of, local.date())


def leaves_on(hours: SendingHours | None, day: date, known_at: datetime) -> date:
    """Return the first local day on which a message of a day, known at an instant, may leave."""
    if hours is None:
        return day
    local = known_at.astimezone(ZoneInfo(hours.time_zone))
    over = local.hour * 60 + local.minute >= minutes_of(hours.until_time)
    first = max(day, local.date() + timedelta(days=over))
    return first if hours.business_days_of is None else working_day_from(hours.business_days_of, first)
