"""Law of one country on the numbers of invoices and on the last day of their issue, as of any day, as data."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, assert_never

from encours.legal.dated import in_force

Gaps = Literal["forbidden", "to_explain", "allowed"]
"""Gaps in the numbers of a series: against the law, to be explained to an auditor, or without consequence."""
SupplyScope = Literal["usual", "periodic", "intra_eu"]
"""Supplies that one deadline holds for: any; those summed up in a periodic invoice; intra-EU supplies."""
Counts = Literal["days", "months", "end_of_month", "day_of_next_month"]


@dataclass(frozen=True, slots=True)
class NumberRule:
    """Numbers of invoices and credit notes from a day on. ``characters`` is the inside of a regular character class."""

    valid_from: date
    gaps: Gaps
    chronological: bool
    own_series_for_credit_notes: bool
    max_length: int
    characters: str
    source: str

    def is_well_formed(self, number: str) -> bool:
        """Return true if a number has allowed characters only, and not too many."""
        return (
            len(number) <= self.max_length
            and re.fullmatch(f"[{self.characters}]*", number, re.ASCII) is not None
        )


@dataclass(frozen=True, slots=True)
class IssueDeadline:
    """Last day of the issue of invoices for supplies from a day on."""

    valid_from: date
    scope: SupplyScope
    counts: Counts
    n: int
    source: str

    def last_day(self, supplied_on: date) -> date:
        """Return the last day for a supply."""
        match self.counts:
            case "days":
                return supplied_on + timedelta(days=self.n)
            case "months":
                return _in_month(supplied_on, self.n, supplied_on.day)
            case "end_of_month":
                return _in_month(supplied_on, 0, 31)
            case "day_of_next_month":
                return _in_month(supplied_on, 1, self.n)
            case _:
                assert_never(self.counts)


USUAL_NUMBERS = NumberRule(
    valid_from=date.min,
    gaps="to_explain",
    chronological=False,
    own_series_for_credit_notes=False,
    max_length=35,
    characters=r"A-Za-z0-9+\-_/",
    source="no law of the country on file; Directive 2006/112/EC art. 226 (2)",
)
"""Rule for creditors whose country has no law on file."""


@dataclass(frozen=True, slots=True)
class InvoicingLaw:
    """Law of a creditor's country; without deadlines for a country that has none on file."""

    country: str
    numbers: tuple[NumberRule, ...] = ()
    deadlines: tuple[IssueDeadline, ...] = ()

    def number_rule(self, day: date) -> NumberRule:
        """Return the rule in force on a day; before the first on file the usual one."""
        return in_force(self.numbers, day) or USUAL_NUMBERS

    def deadline(self, supplied_on: date, scope: SupplyScope) -> IssueDeadline | None:
        """Return the deadline of a supply: that of its scope, else the usual one; ``None`` if none is on file."""
        for wanted in (scope, "usual"):
            found = in_force([each for each in self.deadlines if each.scope == wanted], supplied_on)
            if found is not None:
                return found
        return None


def _in_month(day: date, months: int, wanted: int) -> date:
    """Return the day of a later month with that number, or the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(wanted, monthrange(year, month + 1)[1]))
