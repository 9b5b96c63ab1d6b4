"""Recurrence rules (RFC 5545, RRULE) in days: the part of it that contracts need.

``FREQ`` DAILY, WEEKLY, MONTHLY or YEARLY; ``INTERVAL``, ``COUNT``; ``BYDAY``, ``BYMONTHDAY``, ``BYMONTH`` and
``BYSETPOS`` where the frequency takes them; ``WKST``. Rules have neither times nor zones: a period belongs to a day of
the creditor, also on the days on which clocks change. As in the RFC, a rule by the 31st leaves out shorter months and
one by 29 February other years; ``BYMONTHDAY=-1`` is the last day of each month.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from itertools import takewhile
from typing import Any

from dateutil import rrule

from encours.kernel.errors import Invalid

MAX_LENGTH = 200
LAST_YEAR = 2199
_FREQUENCIES = {
    "DAILY": rrule.DAILY,
    "WEEKLY": rrule.WEEKLY,
    "MONTHLY": rrule.MONTHLY,
    "YEARLY": rrule.YEARLY,
}
# Of these alone a rule can be said to give a date without a search through thousands of years.
_PARTS = {
    "DAILY": {"INTERVAL", "COUNT"},
    "WEEKLY": {"INTERVAL", "COUNT", "BYDAY", "WKST"},
    "MONTHLY": {"INTERVAL", "COUNT", "BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"INTERVAL", "COUNT", "BYMONTH", "BYMONTHDAY"},
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"([+-]?[1-4])?(MO|TU|WE|TH|FR|SA|SU)")
_FEWEST = 4
"""A month has each weekday four times at least."""


def occurrences(text: str, starts_on: date, until: date | None = None) -> Iterator[date]:
    """Yield the dates of a rule from its first day on, to the end of the year 2199 at most.

    Raises :class:`Invalid`, pointing to ``/rule``, for a rule that is not supported.
    """
    last = min(until or date.max, date(LAST_YEAR, 12, 31))
    arguments = dict(_arguments(text))
    rule = rrule.rrule(dtstart=datetime.combine(starts_on, time()), **arguments)
    yield from takewhile(lambda day: day <= last, (at.date() for at in rule))


@lru_cache(maxsize=1_024)
def _arguments(text: str) -> tuple[tuple[str, Any], ...]:
    fields = _fields(text)
    frequency = fields.pop("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise _invalid("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY, such as FREQ=MONTHLY;BYMONTHDAY=1")
    if strange := sorted(fields.keys() - _PARTS[frequency]):
        allowed = ", ".join(sorted(_PARTS[frequency]))
        raise _invalid(f"A {frequency} rule has no {strange[0]}; it may have {allowed}")
    if "BYDAY" in fields and "BYMONTHDAY" in fields:
        raise _invalid("Give BYDAY or BYMONTHDAY, not both")
    found: dict[str, Any] = {"freq": _FREQUENCIES[frequency]}
    for name, value in fields.items():
        argument, read = _READ[name]
        found[argument] = read(value)
    if frequency == "WEEKLY" and any(day.n for day in found.get("byweekday", ())):
        raise _invalid("A weekly rule has weekdays without a number, such as BYDAY=MO,TH")
    if "bysetpos" in found and (
        "byweekday" not in found or abs(found["bysetpos"]) > _dates_a_month(found["byweekday"])
    ):
        raise _invalid(
            "BYSETPOS selects one of the weekdays of BYDAY, such as BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
        )
    if frequency == "YEARLY" and "bymonth" in found:
        _check_dates(found["bymonth"], found.get("bymonthday", ()))
    return tuple(found.items())


def _fields(text: str) -> dict[str, str]:
    parts = [part.partition("=") for part in text.removeprefix("RRULE:").split(";")]
    fields = {name: value for name, _, value in parts}
    if len(text) > MAX_LENGTH or len(fields) < len(parts) or not all(value for value in fields.values()):
        raise _invalid("Write a rule such as FREQ=MONTHLY;BYMONTHDAY=1, each part once")
    return fields


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,4}", text) or not low <= int(text) <= high or int(text) == 0:
            raise _invalid(f"{text[:20]!r} is not a number from {low} to {high}")
        return int(text)

    return read


def _numbers(low: int, high: int) -> Callable[[str], tuple[int, ...]]:
    one = _number(low, high)
    return lambda text: tuple(one(part) for part in text.split(","))


def _weekdays(text: str) -> tuple[rrule.weekday, ...]:
    found = []
    for part in text.split(","):
        match = _DAY.fullmatch(part)
        if match is None:
            raise _invalid(f"{part[:20]!r} is not a weekday such as MO, or 1MO for the first of the month")
        day = rrule.weekdays[_DAYS.index(match.group(2))]
        found.append(day(int(match.group(1))) if match.group(1) else day)
    return tuple(found)


def _weekday(text: str) -> int:
    if text not in _DAYS:
        raise _invalid("WKST is a weekday such as MO")
    return _DAYS.index(text)


_READ: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "INTERVAL": ("interval", _number(1, 400)),
    "COUNT": ("count", _number(1, 9_999)),
    "BYDAY": ("byweekday", _weekdays),
    "BYMONTHDAY": ("bymonthday", _numbers(-31, 31)),
    "BYMONTH": ("bymonth", _numbers(1, 12)),
    "BYSETPOS": ("bysetpos", _number(-31, 31)),
    "WKST": ("wkst", _weekday),
}


def _dates_a_month(days: tuple[rrule.weekday, ...]) -> int:
    return sum(1 if day.n else _FEWEST for day in set(days))


def _check_dates(months: tuple[int, ...], days: tuple[int, ...]) -> None:
    longest = max(31 if month in (1, 3, 5, 7, 8, 10, 12) else 29 if month == 2 else 30 for month in months)
    if days and min(abs(day) for day in days) > longest:
        raise _invalid(f"No such month has a day {min(abs(day) for day in days)}")


def _invalid(detail: str) -> Invalid:
    return Invalid(f"{detail}.", "/rule")
