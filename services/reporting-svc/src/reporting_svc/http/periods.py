"""First day of a period that ends with as_of, as callers name it by ``from``."""

from __future__ import annotations

from datetime import date

from encours.kernel.errors import Invalid
from encours.kernel.terms import months_after

TEN_YEARS_DAYS = 3660


def first_day(
    since: date | None, as_of: date, *, default: date | None = None, most_days: int = TEN_YEARS_DAYS
) -> date:
    """Return the first day of a period; without ``since`` the ``default``, or the first of the month a year before.

    Raises a 422 problem for a day after ``as_of``, or more than ``most_days`` before it.
    """
    first = since or default or months_after(as_of.replace(day=1), -12)
    if not 0 <= (as_of - first).days <= most_days:
        raise Invalid(f"Choose from at most {most_days} days before as_of, and not after it.", "/from")
    return first
