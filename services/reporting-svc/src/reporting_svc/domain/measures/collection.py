"""Collection of a period: effectiveness, overdue rate, days delinquent and the cash that a day of DSO ties up.

Exact fractions, which the caller rounds at the end; ``None`` where a figure has no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from encours.kernel.terms import months_after
from reporting_svc.domain.measures.dso import delinquent, per_day, simple
from reporting_svc.domain.measures.ratios import percent

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Receivable:
    """Receivables at the end of a day, in minor units, penalty documents left out.

    ``open_minor`` is the sum of the bands, ``overdue_minor`` the part past due without what was conceded of it.
    """

    open_minor: int = 0
    not_due_minor: int = 0
    overdue_minor: int = 0
    unapplied_minor: int = 0

    @property
    def outstanding_minor(self) -> int:
        """Open invoices less unapplied cash, as in ``dso/simple/2``."""
        return self.open_minor - self.unapplied_minor

    @property
    def current_minor(self) -> int:
        """Not yet due, with unapplied cash taken off what is due first (``bpdso/simple/4``)."""
        return min(self.not_due_minor, self.outstanding_minor)

    @property
    def overdue_share(self) -> Fraction | None:
        """Overdue in percent of what is open (``overdue-rate/1``)."""
        return percent(self.overdue_minor, self.open_minor)


@dataclass(frozen=True, slots=True)
class Collection:
    """A period of a group of customers. ``turnover_minor`` is that of the ``days`` which end with its last day."""

    group: str | None
    first: date
    last: date
    opening: Receivable
    sales_minor: int
    closing: Receivable
    turnover_minor: int
    days: int

    @property
    def effectiveness(self) -> Fraction | None:
        """Collected in percent of what was to be collected (``cei/1``)."""
        return effectiveness(
            self.opening.outstanding_minor,
            self.sales_minor,
            self.closing.outstanding_minor,
            self.closing.current_minor,
        )

    @property
    def dso(self) -> Fraction | None:
        """Days sales outstanding (``dso/simple/2``)."""
        return simple(self.closing.outstanding_minor, self.turnover_minor, self.days)

    @property
    def best_possible(self) -> Fraction | None:
        """Days sales outstanding of what is not due (``bpdso/simple/4``)."""
        return simple(self.closing.current_minor, self.turnover_minor, self.days)

    @property
    def delinquent(self) -> Fraction | None:
        """Average days delinquent (``add/simple/4``)."""
        return delinquent(self.dso, self.best_possible)

    @property
    def per_day_minor(self) -> int | None:
        """Cash that a day of DSO ties up (``working-capital/1``)."""
        return per_day(self.turnover_minor, self.days)

    @property
    def late_minor(self) -> int:
        """Cash that lateness ties up: what is outstanding beyond what is not due."""
        return self.closing.outstanding_minor - self.closing.current_minor


def amounts_of(found: Collection) -> dict[str, int]:
    """Return the amounts of a period by name, in minor units; they add up over customers (``collection/1``)."""
    closing = found.closing
    return {
        "opening": found.opening.outstanding_minor,
        "sales": found.sales_minor,
        "open": closing.open_minor,
        "not_due": closing.not_due_minor,
        "overdue": closing.overdue_minor,
        "unapplied": closing.unapplied_minor,
        "closing": closing.outstanding_minor,
        "turnover": found.turnover_minor,
    }


def from_amounts(amounts: Mapping[str, int], first: date, last: date, days: int) -> Collection:
    """Return the period that has the amounts of :func:`amounts_of`."""
    return Collection(
        group=None,
        first=first,
        last=last,
        opening=Receivable(open_minor=amounts["opening"]),
        sales_minor=amounts["sales"],
        closing=Receivable(amounts["open"], amounts["not_due"], amounts["overdue"], amounts["unapplied"]),
        turnover_minor=amounts["turnover"],
        days=days,
    )


def effectiveness(
    opening_minor: int, sales_minor: int, closing_minor: int, current_minor: int
) -> Fraction | None:
    """Return the collection effectiveness index in percent (``cei/1``).

    100,000 opening, 1,000,000 sales, 120,000 closing, 100,000 of it not due: 98.0.
    """
    to_collect = opening_minor + sales_minor
    return percent(to_collect - closing_minor, to_collect - current_minor)


def months(first: date, last: date) -> list[tuple[date, date]]:
    """Return the first and last days of the calendar months from that of ``first``; ``last`` ends the latest."""
    found, start = [], first.replace(day=1)
    while start <= last:
        following = months_after(start, 1)
        found.append((start, min(following - ONE_DAY, last)))
        start = following
    return found


def eleven_months_before(day: date) -> date:
    """Return the first day of the twelve calendar months that end with that of a day."""
    return months_after(day.replace(day=1), -11)


def in_order(groups: Iterable[str | None]) -> list[str | None]:
    """Return groups by name; the one of what is in no group comes last."""
    return sorted(groups, key=lambda group: (group is None, group or ""))
