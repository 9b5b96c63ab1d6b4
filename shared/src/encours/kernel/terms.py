"""Due dates from contract terms, and their comparison with the longest delays that a law allows.

A rule adds months and days to the date of issue, goes to the end of a month and to a day of the month, and moves what
is no business day, in that order:

==================================  =========================================================
"30 jours fin de mois le 10"        ``DueRule("DAYS_THEN_EOM", 30, day_of_month=10)``
"fin de mois + 1 mois"              ``DueRule("EOM_THEN_DAYS", 0, months=1)``
"le 15 du mois suivant"             ``DueRule("EOM_THEN_DAYS", 0, day_of_month=15)``
==================================  =========================================================
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

from msgspec import Struct

from encours.kernel.business_days import Shift, business_calendar

DueKind = Literal["NET", "DAYS_THEN_EOM", "EOM_THEN_DAYS"]

_FOUR_YEARS = tuple(date(2024, 1, 1) + timedelta(days=n) for n in range(1461))
"""Days of issue on which a rule is judged: each day of the year, in a leap year too, within the calendars on file."""


class DueRule(Struct, frozen=True):
    """Rule that leads from the issue date to the due date.

    ``NET``: so many months, then days after. ``DAYS_THEN_EOM``: add them, then go to the end of that month
    (2026-01-20 + 45 days → 2026-03-31). ``EOM_THEN_DAYS``: go to the end of the month of issue and of so many months
    after it, then add the days (→ 2026-03-17). The two readings of "45 days end of month"; the contract picks one.

    ``day_of_month`` goes on to the next such day: after an end of month to that of the following month. In a shorter
    month it is the last day. ``periodic``: the invoices sum up several supplies (CGI 289 I-3).
    """

    kind: DueKind
    days: int
    months: int = 0
    day_of_month: int | None = None
    periodic: bool = False
    business_day: Shift = "none"
    calendar: str | None = None
    """Name of the business calendar; needed for a shift."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Longest delays that may be agreed, in days after the issue date.

    ``end_of_month_days``: longest end-of-month terms, where the law has such; ``periodic_days``: for periodic invoices.
    """

    net_days: int
    end_of_month_days: int | None = None
    periodic_days: int | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """A delay beyond the ceiling of the law, in days.

    For a rule of days alone both are as agreed. For any other they are counted from the date of issue to the due date,
    on the day of issue on which the excess is greatest.
    """

    ceiling_days: int
    agreed_days: int


def due_date(issued_on: date, rule: DueRule) -> date:
    """Return the last day on which payment is in time.

    Raises ``no-business-calendar`` if the rule needs a calendar that is not on file for that year.
    """
    days = timedelta(days=rule.days)
    match rule.kind:
        case "NET":
            due = months_after(issued_on, rule.months) + days
        case "DAYS_THEN_EOM":
            due = _end_of_month(months_after(issued_on, rule.months) + days)
        case "EOM_THEN_DAYS":
            due = _end_of_month(months_after(issued_on.replace(day=1), rule.months)) + days
    if rule.day_of_month is not None:
        ends_month = rule.kind == "DAYS_THEN_EOM" or (rule.kind == "EOM_THEN_DAYS" and not rule.days)
        due = _next_day_of_month(due + timedelta(days=ends_month), rule.day_of_month)
    if rule.business_day == "none":
        return due
    return business_calendar(rule.calendar or "TARGET").shifted(due, rule.business_day)


@cache
def beyond_ceiling(rule: DueRule, ceiling: Ceiling) -> Excess | None:
    """Return the excess over what the law allows, or None.

    End-of-month terms may last as long as those of the ceiling in the more generous of their two readings. Rules with
    months, a day of the month or a later business day, and end-of-month terms under a law that has none, are compared
    by their dates, on every day of issue of four years.
    """
    ends_month, periodic = rule.kind != "NET", rule.periodic and ceiling.periodic_days is not None
    days = ceiling.net_days
    if periodic and ceiling.periodic_days is not None:
        days = ceiling.periodic_days
    elif ends_month and ceiling.end_of_month_days is not None:
        days = ceiling.end_of_month_days
    by_dates = rule.months or rule.day_of_month or rule.business_day == "following"
    if not by_dates and not (ends_month and (periodic or ceiling.end_of_month_days is None)):
        return Excess(days, rule.days) if rule.days > days else None
    judged = [
        ((due_date(day, rule) - day).days, (_latest(day, rule, ceiling) - day).days) for day in _FOUR_YEARS
    ]
    agreed_days, ceiling_days = max(judged, key=lambda pair: pair[0] - pair[1])
    return Excess(ceiling_days, agreed_days) if agreed_days > ceiling_days else None


def later_than_ceiling(issued_on: date, due_on: date, rule: DueRule, ceiling: Ceiling) -> Excess | None:
    """Return the excess of a due date over the last day that the law allows for terms of the rule, or None."""
    latest = _latest(issued_on, rule, ceiling)
    if due_on <= latest:
        return None
    return Excess((latest - issued_on).days, (due_on - issued_on).days)


def _latest(issued_on: date, rule: DueRule, ceiling: Ceiling) -> date:
    if rule.periodic and ceiling.periodic_days is not None:
        return issued_on + timedelta(days=ceiling.periodic_days)
    net = issued_on + timedelta(days=ceiling.net_days)
    if rule.kind == "NET" or ceiling.end_of_month_days is None:
        return net
    kinds: tuple[DueKind, ...] = ("DAYS_THEN_EOM", "EOM_THEN_DAYS")
    return max(net, *(due_date(issued_on, DueRule(kind, ceiling.end_of_month_days)) for kind in kinds))


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or of an earlier one below 0; the last day of a month that is shorter."""
    if not months:
        return day
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _next_day_of_month(not_before: date, day_of_month: int) -> date:
    month = not_before.replace(day=1)
    while (
        found := month.replace(day=min(day_of_month, monthrange(month.year, month.month)[1]))
    ) < not_before:
        month = months_after(month, 1)
    return found
