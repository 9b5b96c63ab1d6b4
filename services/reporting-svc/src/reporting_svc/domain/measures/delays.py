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
from reporting_svc.domain.measures.ratios import percent, ratio

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


@dataclass(slots=True, kw_only=True)
class BesideDebts:
    """Outstanding amounts beside debts that funds cover; minor units."""

    penalties_minor: int = 0
    """Not covered of penalty documents."""
    conceded_minor: int = 0
    """Open, and no longer owed: its credit note is still to come."""
    given_up_minor: int = 0
    """Owed, and no longer open: written off."""
    spare_cash_minor: int = 0
    """Unapplied cash and credits beyond what their debtors owe."""

    @property
    def beside_minor(self) -> int:
        """Sum of what is outstanding beside the debts."""
        return self.penalties_minor + self.conceded_minor - self.given_up_minor - self.spare_cash_minor


@dataclass(slots=True)
class CoveredDebts(BesideDebts):
    """Debts by the funds that cover them; those of penalty documents, which have no delay, are apart."""

    outcomes: list[DueOutcome] = field(default_factory=list)
    penalties: list[DueOutcome] = field(default_factory=list)

    @property
    def outstanding_minor(self) -> int:
        """Outstanding amount, as what is not covered of the debts and all that is beside it."""
        return sum(each.uncovered_minor for each in self.outcomes) + self.beside_minor


@dataclass(slots=True)
class Bucket:
    """Invoices in a band."""

    settled: int = 0
    settled_minor: int = 0
    open_late: int = 0
    open_late_minor: int = 0


class DayCounts(dict[int, tuple[int, int]]):
    """Number and amount of invoices by days; what is added may be taken off again."""

    def count(self, days: int, number: int, minor: int) -> None:
        """Add invoices of so many days."""
        before, minor_before = self.get(days, (0, 0))
        self[days] = before + number, minor_before + minor
        if self[days] == (0, 0):
            del self[days]

    @property
    def number(self) -> int:
        """Number of the invoices."""
        return sum(number for number, _ in self.values())

    @property
    def minor(self) -> int:
        """Amount of the invoices."""
        return sum(minor for _, minor in self.values())

    @property
    def days(self) -> int:
        """Sum of the days of all invoices."""
        return sum(days * number for days, (number, _) in self.items())

    @property
    def mean(self) -> Fraction | None:
        """Mean days of the invoices."""
        return ratio(self.days, self.number)

    def nth(self, index: int) -> int:
        """Return the days of the invoice at an index, from 0 in the order of the days."""
        for days in sorted(self):
            index -= self[days][0]
            if index < 0:
                return days
        raise IndexError(index)


@dataclass(slots=True)
class Delays:
    """Delays of a group of invoices that have fallen due. ``open_minor`` is what no funds cover of the open ones."""

    settled: DayCounts = field(default_factory=DayCounts)
    """Number and amount owed by delay."""
    open_late: DayCounts = field(default_factory=DayCounts)
    """Number and amount not covered by days so far."""

    def add(self, outcome: DueOutcome, on: date) -> None:
        """Count an invoice that has fallen due by a day; one that is due on the day itself and open is not late yet."""
        if outcome.settled_on is not None:
            self.settled.count(outcome.delay_days, 1, outcome.owed_minor)
        elif outcome.due_on < on:
            self.open_late.count(outcome.days_so_far(on), 1, outcome.uncovered_minor)

    @property
    def mean(self) -> Fraction | None:
        """Mean delay of the settled invoices."""
        return self.settled.mean

    @property
    def weighted(self) -> Fraction | None:
        """Mean delay, weighted by what was owed."""
        return ratio(sum(days * minor for days, (_, minor) in self.settled.items()), self.settled.minor)

    @property
    def median(self) -> Fraction | None:
        """Median delay."""
        if not (number := self.settled.number):
            return None
        return Fraction(self.settled.nth((number - 1) // 2) + self.settled.nth(number // 2), 2)

    @property
    def late(self) -> int:
        """Number of invoices that were settled late."""
        return sum(number for days, (number, _) in self.settled.items() if days > 0)

    @property
    def open_minor(self) -> int:
        """Amount of the open late invoices that no funds cover."""
        return self.open_late.minor

    @property
    def open_mean(self) -> Fraction | None:
        """Mean days past due so far of the open late invoices."""
        return self.open_late.mean

    @property
    def at_least(self) -> Fraction | None:
        """Mean delay with what is open and late counted with its days so far (``payment-delay-ranking/1``)."""
        return ratio(self.settled.days + self.open_late.days, self.settled.number + self.open_late.number)

    def distribution(self) -> list[Bucket]:
        """Return the numbers and amounts of the invoices in each of :data:`BANDS`."""
        found = [Bucket() for _ in BANDS]
        for days, (number, minor) in self.settled.items():
            bucket = found[STANDARD.index(days)]
            bucket.settled += number
            bucket.settled_minor += minor
        for days, (number, minor) in self.open_late.items():
            bucket = found[STANDARD.index(days)]
            bucket.open_late += number
            bucket.open_late_minor += minor
        return found


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

    def merge(self, other: Cohort) -> None:
        """Add other invoices of the month."""
        self.billed_minor += other.billed_minor
        self.recovered_minor += other.recovered_minor
        self.open_not_due_minor += other.open_not_due_minor
        self.open_late_minor += other.open_late_minor
        self.old_minor += other.old_minor
        self.at_risk_minor += other.at_risk_minor

    @property
    def recovered(self) -> Fraction | None:
        """Recovered in percent of what was billed (``recovered-rate/1``)."""
        return percent(self.recovered_minor, self.billed_minor)

    @property
    def at_risk(self) -> Fraction | None:
        """Unpaid 90 days after the due date in percent (``at-risk-90/1``)."""
        return percent(self.at_risk_minor, self.old_minor)


@dataclass(slots=True)
class CustomerPace:
    """Invoices of a customer that fell due: settled and open late ones, and the sum of their days."""

    settled: int = 0
    open_late: int = 0
    days: int = 0

    def count(self, settled: int, open_late: int, days: int) -> None:
        """Add invoices."""
        self.settled += settled
        self.open_late += open_late
        self.days += days

    @property
    def number(self) -> int:
        """Number of the invoices."""
        return self.settled + self.open_late

    @property
    def at_least(self) -> Fraction | None:
        """Mean delay with what is open and late counted with its days so far (``payment-delay-ranking/1``)."""
        return ratio(self.days, self.number)


@dataclass(frozen=True, slots=True)
class DelayMonths:
    """Delays by calendar month of the due date, and what was billed by month of issue."""

    seasons: Mapping[int, Delays]
    cohorts: Sequence[Cohort]


NOT_SHOWN = ""
"""Group of the debts that are in the sums of all and in no group that is shown."""
GroupMonth = tuple[str | None, date]


@dataclass(slots=True)
class DelayFigures(BesideDebts):
    """Delays of the debts that fell due from a day to that of the question, by group, month and customer."""

    first: date
    on: date
    fallen: dict[GroupMonth, Delays] = field(default_factory=dict)
    """By the month of the due date."""
    billed: dict[GroupMonth, Cohort] = field(default_factory=dict)
    """By the month of the issue; earlier months than the first one may be together."""
    customers: dict[str, CustomerPace] = field(default_factory=dict)
    earlier: Delays = field(default_factory=Delays)
    """Open late ones that fell due before the first day."""

    def add(self, outcome: DueOutcome, group: str | None) -> None:
        """Count a debt."""
        self.cohort(group, outcome.issued_on.replace(day=1)).add(outcome, self.on)
        if outcome.due_on > self.on:
            return
        if outcome.due_on < self.first:
            if outcome.settled_on is None:
                self.earlier.add(outcome, self.on)
            return
        self.fallen.setdefault((group, outcome.due_on.replace(day=1)), Delays()).add(outcome, self.on)
        pace = self.customers.setdefault(outcome.customer_id, CustomerPace())
        if outcome.settled_on is not None:
            pace.count(1, 0, outcome.delay_days)
        elif outcome.due_on < self.on:
            pace.count(0, 1, outcome.days_so_far(self.on))

    def add_covered(self, covered: CoveredDebts, group: Callable[[DueOutcome], str | None]) -> None:
        """Count debts that were settled one by one, with what else is outstanding."""
        for outcome in covered.outcomes:
            self.add(outcome, group(outcome))
        self.penalties_minor += covered.penalties_minor
        self.conceded_minor += covered.conceded_minor
        self.given_up_minor += covered.given_up_minor
        self.spare_cash_minor += covered.spare_cash_minor

    def cohort(self, group: str | None, month: date) -> Cohort:
        """Return the sums of a month of issue."""
        return self.billed.setdefault((group, month), Cohort(month))

    @property
    def total(self) -> Delays:
        """Delays of all that fell due in the period."""
        return _together(self.fallen.values())

    def groups(self) -> dict[str | None, Delays]:
        """Return the groups in order; those without a group come last."""
        own: dict[str | None, list[Delays]] = {}
        for (group, _), delays in self.fallen.items():
            own.setdefault(group, []).append(delays)
        return {each: _together(own[each]) for each in in_order(own) if each != NOT_SHOWN}

    def months(self) -> DelayMonths:
        """Return the months of all together."""
        return self._months(
            [(month, delays) for (_, month), delays in self.fallen.items()], self.billed.values()
        )

    def group_months(self) -> dict[str | None, DelayMonths]:
        """Return the months of each group that has any, in order; those without a group come last."""
        fallen: dict[str | None, list[tuple[date, Delays]]] = {}
        billed: dict[str | None, list[Cohort]] = {}
        for (group, month), delays in self.fallen.items():
            fallen.setdefault(group, []).append((month, delays))
        for (group, _), cohort in self.billed.items():
            billed.setdefault(group, []).append(cohort)
        found = {
            each: self._months(fallen.get(each, []), billed.get(each, []))
            for each in in_order(fallen.keys() | billed.keys())
            if each != NOT_SHOWN
        }
        return {each: months for each, months in found.items() if months.seasons or months.cohorts}

    def _months(self, fallen: Sequence[tuple[date, Delays]], billed: Iterable[Cohort]) -> DelayMonths:
        seasons = {
            number: _together(delays for month, delays in fallen if month.month == number)
            for number in sorted({month.month for month, _ in fallen})
        }
        cohorts: dict[date, Cohort] = {}
        for each in billed:
            if each.month >= self.first.replace(day=1):
                cohorts.setdefault(each.month, Cohort(each.month)).merge(each)
        return DelayMonths(seasons, [cohorts[month] for month in sorted(cohorts)])

    @property
    def late_minor(self) -> int:
        """Amount that funds do not cover of late debts, of those due before the first day too."""
        return sum(delays.open_minor for delays in (*self.fallen.values(), self.earlier))

    @property
    def not_due_minor(self) -> int:
        """Amount that funds do not cover of debts that are not late."""
        return sum(cohort.open_not_due_minor for cohort in self.billed.values())

    @property
    def parts_minor(self) -> int:
        """The outstanding amount, by what is not covered of the debts and what else there is."""
        return self.late_minor + self.not_due_minor + self.beside_minor


def _together(groups: Iterable[Delays]) -> Delays:
    found = Delays()
    for each in groups:
        for days, (number, minor) in each.settled.items():
            found.settled.count(days, number, minor)
        for days, (number, minor) in each.open_late.items():
            found.open_late.count(days, number, minor)
    return found


def fallen_due(outcomes: Iterable[DueOutcome], first: date, last: date) -> list[DueOutcome]:
    """Return what fell due from a day to another."""
    return [outcome for outcome in outcomes if first <= outcome.due_on <= last]
