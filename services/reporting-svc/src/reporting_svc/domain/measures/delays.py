"""Delays of payment: settled and open apart, so that who never pays does not vanish from the mean.

Exact fractions, which the caller rounds at the end; ``None`` where there is nothing to measure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

import msgspec

from encours.contracts.settlement import Funds
from encours.kernel.bands import STANDARD
from reporting_svc.domain.measures.collection import in_order

AT_RISK_DAYS = 90
BANDS = ("in_time", *STANDARD.names[1:])
"""Bands of delays: up to the due date, then those of the aged balance."""


class DueOutcome(msgspec.Struct, frozen=True, gc=False):
    """An invoice or instalment, by the funds that cover it on a day; amounts in minor units."""

    entity: str
    customer_id: str
    issued_on: date
    due_on: date
    owed_minor: int
    uncovered_minor: int
    settled_on: date | None
    unpaid_90_minor: int
    """Not covered on the 90th day after the due date; what counts from a later day on is left out."""
    funds: tuple[Funds, ...] = ()
    """Money that covers it, earliest first."""
    invoice_id: str = ""

    @property
    def delay_days(self) -> int:
        """Days from the due date to the settlement, negative before it (``payment-delay/1``)."""
        if self.settled_on is None:
            raise ValueError("an open invoice has no delay yet")
        return (max(self.settled_on, self.issued_on) - self.due_on).days

    def days_so_far(self, on: date) -> int:
        """Return the delay, or of an open invoice the days past due on a day: a lower bound."""
        return (on - self.due_on).days if self.settled_on is None else self.delay_days


@dataclass(slots=True)
class CoveredDebts:
    """Debts by the funds that cover them, and what else is outstanding; minor units."""

    outcomes: list[DueOutcome] = field(default_factory=list)
    penalties_minor: int = 0
    """Not covered of penalty documents."""
    conceded_minor: int = 0
    """Open, and no longer owed: its credit note is still to come."""
    given_up_minor: int = 0
    """Owed, and no longer open: written off."""
    spare_cash_minor: int = 0
    """Unapplied cash and credits beyond what their debtors owe."""

    def not_due_minor(self, on: date) -> int:
        """Return what funds do not cover of debts that are not late on a day."""
        return sum(each.uncovered_minor for each in self.outcomes if each.due_on >= on)

    @property
    def outstanding_minor(self) -> int:
        """Sum of all parts, which is the outstanding amount."""
        return sum(each.uncovered_minor for each in self.outcomes) + self.beside_minor

    @property
    def beside_minor(self) -> int:
        """Outstanding amount beside what is not covered of the debts."""
        return self.penalties_minor + self.conceded_minor - self.given_up_minor - self.spare_cash_minor


@dataclass(slots=True)
class Bucket:
    """Invoices in a band."""

    settled: int = 0
    settled_minor: int = 0
    open_late: int = 0
    open_late_minor: int = 0


@dataclass(slots=True)
class Delays:
    """Delays of a group of invoices that have fallen due. ``open_minor`` is what no funds cover of the open ones."""

    settled: list[tuple[int, int]] = field(default_factory=list)
    """Delay and amount owed of each."""
    open_late: list[tuple[int, int]] = field(default_factory=list)
    """Days so far and amount not covered of each."""

    def add(self, outcome: DueOutcome, on: date) -> None:
        """Count an invoice that has fallen due by a day; one that is due on the day itself and open is not late yet."""
        if outcome.settled_on is not None:
            self.settled.append((outcome.delay_days, outcome.owed_minor))
        elif outcome.due_on < on:
            self.open_late.append((outcome.days_so_far(on), outcome.uncovered_minor))

    @property
    def mean(self) -> Fraction | None:
        """Mean delay of the settled invoices."""
        return _mean(self.settled)

    @property
    def weighted(self) -> Fraction | None:
        """Mean delay, weighted by what was owed."""
        amount = sum(minor for _, minor in self.settled)
        return Fraction(sum(days * minor for days, minor in self.settled), amount) if amount > 0 else None

    @property
    def median(self) -> Fraction | None:
        """Median delay."""
        found = sorted(days for days, _ in self.settled)
        if not found:
            return None
        middle = len(found) // 2
        return Fraction(found[middle] + found[-1 - middle], 2)

    @property
    def late(self) -> int:
        """Number of invoices that were settled late."""
        return sum(days > 0 for days, _ in self.settled)

    @property
    def settled_minor(self) -> int:
        """Amount that was owed on the settled invoices."""
        return sum(minor for _, minor in self.settled)

    @property
    def open_minor(self) -> int:
        """Amount of the open late invoices that no funds cover."""
        return sum(minor for _, minor in self.open_late)

    @property
    def open_mean(self) -> Fraction | None:
        """Mean days past due so far of the open late invoices."""
        return _mean(self.open_late)

    @property
    def at_least(self) -> Fraction | None:
        """Mean delay with what is open and late counted with its days so far (``payment-delay-ranking/1``)."""
        return _mean([*self.settled, *self.open_late])

    def distribution(self) -> list[Bucket]:
        """Return the numbers and amounts of the invoices in each of :data:`BANDS`."""
        found = [Bucket() for _ in BANDS]
        for days, minor in self.settled:
            bucket = found[STANDARD.index(days)]
            bucket.settled += 1
            bucket.settled_minor += minor
        for days, minor in self.open_late:
            bucket = found[STANDARD.index(days)]
            bucket.open_late += 1
            bucket.open_late_minor += minor
        return found


def _mean(found: Sequence[tuple[int, int]]) -> Fraction | None:
    return Fraction(sum(days for days, _ in found), len(found)) if found else None


@dataclass(slots=True)
class Cohort:
    """Invoices issued in a month, by the funds that cover them on a day; minor units."""

    month: date
    billed_minor: int = 0
    recovered_minor: int = 0
    open_not_due_minor: int = 0
    open_late_minor: int = 0
    old_minor: int = 0
    """Owed on those whose due date is at least 90 days past."""
    at_risk_minor: int = 0
    """The part of that which was not covered on the 90th day."""

    def add(self, outcome: DueOutcome, on: date) -> None:
        """Count an invoice."""
        self.billed_minor += outcome.owed_minor
        self.recovered_minor += outcome.owed_minor - outcome.uncovered_minor
        if outcome.due_on < on:
            self.open_late_minor += outcome.uncovered_minor
        else:
            self.open_not_due_minor += outcome.uncovered_minor
        if outcome.due_on + timedelta(days=AT_RISK_DAYS) <= on:
            self.old_minor += outcome.owed_minor
            self.at_risk_minor += outcome.unpaid_90_minor

    @property
    def recovered(self) -> Fraction | None:
        """Recovered in percent of what was billed (``recovered-rate/1``)."""
        return Fraction(100 * self.recovered_minor, self.billed_minor) if self.billed_minor > 0 else None

    @property
    def at_risk(self) -> Fraction | None:
        """Unpaid 90 days after the due date in percent (``at-risk-90/1``)."""
        return Fraction(100 * self.at_risk_minor, self.old_minor) if self.old_minor > 0 else None


def fallen_due(outcomes: Iterable[DueOutcome], first: date, last: date) -> list[DueOutcome]:
    """Return what fell due from a day to another."""
    return [outcome for outcome in outcomes if first <= outcome.due_on <= last]


def grouped(
    outcomes: Iterable[DueOutcome], on: date, group: Callable[[DueOutcome], str | None]
) -> dict[str | None, Delays]:
    """Return the delays of each group, in order; those without a group come last."""
    found: dict[str | None, Delays] = {}
    for outcome in outcomes:
        found.setdefault(group(outcome), Delays()).add(outcome, on)
    return {each: found[each] for each in in_order(found)}


@dataclass(frozen=True, slots=True)
class DelayMonths:
    """Delays by calendar month of the due date, and what was billed by month of issue."""

    seasons: Mapping[str | None, Delays]
    cohorts: Sequence[Cohort]


def delay_months(outcomes: Sequence[DueOutcome], first: date, on: date) -> DelayMonths:
    """Return the calendar months of what fell due from a day to that of the question, and the months of issue."""
    due = fallen_due(outcomes, first, on)
    return DelayMonths(
        grouped(due, on, lambda outcome: f"{outcome.due_on.month:02d}"), cohorts(outcomes, first, on)
    )


def grouped_months(
    outcomes: Iterable[DueOutcome], first: date, on: date, group: Callable[[DueOutcome], str | None]
) -> dict[str | None, DelayMonths]:
    """Return the months of each group that has any, in order; those without a group come last."""
    found: dict[str | None, list[DueOutcome]] = {}
    for outcome in outcomes:
        found.setdefault(group(outcome), []).append(outcome)
    months = {each: delay_months(own, first, on) for each, own in found.items()}
    return {each: months[each] for each in in_order(months) if months[each].seasons or months[each].cohorts}


def cohorts(outcomes: Iterable[DueOutcome], first: date, on: date) -> list[Cohort]:
    """Return the months of issue from that of a day to the day of the question, in order."""
    found: dict[date, Cohort] = {}
    for outcome in outcomes:
        month = outcome.issued_on.replace(day=1)
        if first.replace(day=1) <= month:
            found.setdefault(month, Cohort(month)).add(outcome, on)
    return [found[month] for month in sorted(found)]
