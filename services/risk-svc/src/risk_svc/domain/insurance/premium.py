"""Premium of a credit-insurance contract: a rate of the turnover that is declared, with a minimum for each year.

An insurance year is twelve months from the first day of the contract. A period of the declarations belongs to the year
in which it ends, so that each whole year has all of its months, quarters or its one year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from encours.contracts.events.insurance import InsuranceContractSet
from encours.contracts.insured.claims import deadline_id_of
from encours.kernel.money import div_half_up
from encours.kernel.terms import months_after
from risk_svc.domain.insurance.deadline import DeadlineState
from risk_svc.domain.insurance.deadlines import period_of

_ONE_DAY = timedelta(days=1)
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class DeclaredPeriod:
    """A period of the declarations of turnover."""

    name: str
    first: date
    last: date
    deadline_id: str


@dataclass(frozen=True, slots=True)
class PeriodPremium:
    """A period with what was declared, and its premium; minor units, ``None`` before it is declared."""

    period: DeclaredPeriod
    declared_on: date | None
    turnover_minor: int | None
    rate_ppm: int | None
    """Rate in force as the period ended; ``None`` where the contract had no premium."""
    premium_minor: int | None


@dataclass(frozen=True, slots=True)
class YearPremium:
    """An insurance year: its periods that have begun, perhaps before it, and the premium that is due for it."""

    first: date
    last: date
    periods: tuple[PeriodPremium, ...]
    minimum_minor: int
    complete: bool
    """All of its periods have ended and are declared."""

    @property
    def turnover_minor(self) -> int:
        """Sum of what was declared."""
        return sum(each.turnover_minor or 0 for each in self.periods)

    @property
    def premium_minor(self) -> int:
        """Sum of the premiums of the periods."""
        return sum(each.premium_minor or 0 for each in self.periods)

    @property
    def due_minor(self) -> int:
        """Premium of the year: that of its periods, but no less than the minimum."""
        return max(self.premium_minor, self.minimum_minor)


def periods_of(contract: InsuranceContractSet, until: date) -> Iterator[DeclaredPeriod]:
    """Yield the periods of a contract that have begun on a day; none if it asks for no declarations."""
    rule = contract.conditions.turnover
    if rule is None:
        return
    ends = contract.valid_until or date.max
    first = contract.valid_from
    while first <= min(until, ends):
        name, after = period_of(rule.period, first)
        identifier = deadline_id_of(contract.insurance_contract_id, "turnover", name)
        yield DeclaredPeriod(name, first, min(after - _ONE_DAY, ends), identifier)
        first = after


def premiums(
    versions: Sequence[tuple[date, InsuranceContractSet]],
    declared: Callable[[str], DeadlineState],
    day: date,
) -> list[YearPremium]:
    """Return the premiums by insurance year, up to the year in which the period of a day ends.

    ``versions``: contents of the contract with their days, the oldest first; ``declared`` finds a declaration by its
    deadline. A rate counts for the periods that end while it is in force, the first one for those before it too. The
    minimum of a year is that in force as it ends, or on the day; there is none before the year begins.
    """
    contract = versions[-1][1]
    found: list[YearPremium] = []
    year = 0
    periods, ends = list(periods_of(contract, day)), contract.valid_until or date.max
    until = min(max([day, *(each.last for each in periods[-1:])]), ends)
    while (first := months_after(contract.valid_from, 12 * year)) <= until:
        last = min(months_after(contract.valid_from, 12 * (year + 1)) - _ONE_DAY, ends)
        own = tuple(
            _premium(each, versions, declared(each.deadline_id))
            for each in periods
            if first <= each.last <= last
        )
        rule = _in_force(versions, min(last, day)).conditions.premium if first <= day else None
        whole = bool(own) and last < day and all(each.turnover_minor is not None for each in own)
        found.append(YearPremium(first, last, own, rule.minimum_minor if rule else 0, whole))
        year += 1
    return found


def _premium(
    period: DeclaredPeriod, versions: Sequence[tuple[date, InsuranceContractSet]], state: DeadlineState
) -> PeriodPremium:
    rule, turnover = _in_force(versions, period.last).conditions.premium, state.turnover_minor
    premium = None
    if rule is not None and turnover is not None:
        premium = div_half_up(turnover * rule.rate_ppm, MILLION)
    return PeriodPremium(period, state.facts.met_on, turnover, rule.rate_ppm if rule else None, premium)


def _in_force(versions: Sequence[tuple[date, InsuranceContractSet]], day: date) -> InsuranceContractSet:
    return next((content for on, content in reversed(versions) if on <= day), versions[0][1])
