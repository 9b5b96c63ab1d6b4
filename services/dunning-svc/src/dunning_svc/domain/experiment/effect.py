"""Effect of the challenger, from what the customers of both arms did.

The customer is assigned, so the customer is the unit: each one counts by the mean of its invoices, and invoices of one
customer, which are alike, do not pass for independent ones.

*Days to pay* is a restricted mean: days from the due date to payment, at most the horizon, negative before it. An
invoice counts once it has been followed for the whole horizon; one that is still open then counts with the horizon.
So nothing is censored within it, and no invoice counts for being paid early while its like is still open (Royston,
Parmar, *BMC Med. Res. Methodol.* 2013, 13:152, of the restricted mean). *Paid at 30 days* counts invoices 30 days after
their due date.

Intervals of the difference are Welch's, two-sided at 95 % (Welch, *Biometrika* 1947, 34:28). They hold for one look at
the planned sample. Who looks every day and stops at the first interval without zero finds a difference that is none far
more often than in 5 % of cases; so there is a conclusion only once the planned sample is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import NormalDist, fmean, variance
from typing import Literal

from dunning_svc.domain.experiment.sample import ALPHA
from encours.contracts.events.dunning.experiment import Arm, Measure, PlannedSample

PAID_AT_DAYS = 30
_PER_DAYS = 30
_FEWEST = 2
Quantity = Literal["days_to_pay", "paid_at_30_days", "contacts", "disputes"]
Conclusion = Literal["sample_not_reached", "no_difference_shown", "difference_shown"]


@dataclass(frozen=True, slots=True)
class TrialInvoice:
    """An invoice of a customer in an experiment. ``paid_on`` is None while it is not paid."""

    due_on: date
    paid_on: date | None
    disputed_on: date | None = None


@dataclass(frozen=True, slots=True)
class TrialCustomer:
    """A customer in an experiment, with its invoices and the days of the messages to it."""

    arm: Arm
    assigned_on: date
    invoices: tuple[TrialInvoice, ...]
    contacted_on: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class ArmFigure:
    """Mean of a quantity over the customers of an arm that have one; None without any."""

    customers: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """Difference of challenger and champion, with its interval; None with fewer than two customers in an arm."""

    quantity: Quantity
    champion: ArmFigure
    challenger: ArmFigure
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def excludes_zero(self) -> bool:
        """True if the interval is above or below zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class ExperimentOutcome:
    """Effects by quantity, and the conclusion about the planned one."""

    effects: Mapping[Quantity, Effect]
    sample_reached: bool
    conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class Window:
    """Days of an experiment: invoices count that fall due from ``first`` to ``last``, as they are on ``as_of``."""

    first: date
    last: date
    as_of: date


def outcome_of(
    customers: Sequence[TrialCustomer], window: Window, sample: PlannedSample
) -> ExperimentOutcome:
    """Return the effects on all quantities, and the conclusion about the planned measure."""
    quantities: dict[Quantity, Callable[[TrialCustomer], float | None]] = {
        "days_to_pay": lambda each: _days_to_pay(each, window, sample.horizon_days),
        "paid_at_30_days": lambda each: _paid_share(each, window),
        "contacts": lambda each: _contacts(each, window),
        "disputes": lambda each: _disputed(each, window),
    }
    effects = {name: _effect(name, customers, of) for name, of in quantities.items()}
    planned = effects[sample.measure]
    reached = (
        planned.champion.customers >= sample.champion_customers
        and planned.challenger.customers >= sample.challenger_customers
    )
    if not reached:
        return ExperimentOutcome(effects, False, "sample_not_reached")
    return ExperimentOutcome(
        effects, True, "difference_shown" if planned.excludes_zero else "no_difference_shown"
    )


def measured(customer: TrialCustomer, measure: Measure, window: Window, horizon_days: int) -> float | None:
    """Return the measure of a customer, in days or percent; None without an invoice that was followed long enough."""
    if measure == "days_to_pay":
        return _days_to_pay(customer, window, horizon_days)
    return _paid_share(customer, window)


def _effect(
    name: Quantity, customers: Iterable[TrialCustomer], of: Callable[[TrialCustomer], float | None]
) -> Effect:
    values: dict[Arm, list[float]] = {"champion": [], "challenger": []}
    for each in customers:
        value = of(each)
        if value is not None:
            values[each.arm].append(value)
    champion, challenger = values["champion"], values["challenger"]
    figures = _figure(champion), _figure(challenger)
    if min(len(champion), len(challenger)) < _FEWEST:
        return Effect(name, *figures)
    difference = fmean(challenger) - fmean(champion)
    half = _half_width(champion, challenger)
    return Effect(name, *figures, difference, difference - half, difference + half)


def _figure(values: Sequence[float]) -> ArmFigure:
    return ArmFigure(len(values), fmean(values) if values else None)


def _half_width(one: Sequence[float], other: Sequence[float]) -> float:
    """Return half the width of Welch's interval; the degrees of freedom are those of Welch and Satterthwaite."""
    shares = [(variance(each) / len(each), len(each)) for each in (one, other)]
    total = sum(share for share, _ in shares)
    if total == 0:
        return 0.0
    freedom = total * total / sum(share * share / (n - 1) for share, n in shares)
    return t_quantile(1 - ALPHA / 2, freedom) * sqrt(total)


def t_quantile(probability: float, freedom: float) -> float:
    """Return a quantile of Student's distribution from the normal one (Abramowitz, Stegun, 26.7.5).

    Right to 0.1 % from six degrees of freedom on at 97.5 %; too small by up to 12 % at two, too few to conclude from.
    """
    x = NormalDist().inv_cdf(probability)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / freedom**power for power, term in enumerate(terms, 1))


def _counted(customer: TrialCustomer, window: Window, followed_days: int) -> list[TrialInvoice]:
    """Return the invoices that fell due in the window, unless paid before the assignment, and were followed so long."""
    return [
        each
        for each in customer.invoices
        if window.first <= each.due_on <= window.last
        and each.due_on + timedelta(days=followed_days) <= window.as_of
        and (each.paid_on is None or each.paid_on >= customer.assigned_on)
    ]


def _days_to_pay(customer: TrialCustomer, window: Window, horizon_days: int) -> float | None:
    found = _counted(customer, window, horizon_days)
    if not found:
        return None
    return fmean(
        horizon_days if each.paid_on is None else min(horizon_days, (each.paid_on - each.due_on).days)
        for each in found
    )


def _paid_share(customer: TrialCustomer, window: Window) -> float | None:
    found = _counted(customer, window, PAID_AT_DAYS)
    if not found:
        return None
    bound = timedelta(days=PAID_AT_DAYS)
    return 100 * fmean(each.paid_on is not None and each.paid_on <= each.due_on + bound for each in found)


def _contacts(customer: TrialCustomer, window: Window) -> float | None:
    """Return the messages per 30 days from the assignment on."""
    last = min(window.last, window.as_of)
    days = (last - customer.assigned_on).days + 1
    if days <= 0:
        return None
    found = [day for day in customer.contacted_on if customer.assigned_on <= day <= last]
    return _PER_DAYS * len(found) / days


def _disputed(customer: TrialCustomer, window: Window) -> float | None:
    """Return 100 for a customer that disputed an invoice from its assignment on, else 0: the mean is a percentage."""
    last = min(window.last, window.as_of)
    if customer.assigned_on > last:
        return None
    days = (each.disputed_on for each in customer.invoices)
    return 100.0 if any(day is not None and customer.assigned_on <= day <= last for day in days) else 0.0
