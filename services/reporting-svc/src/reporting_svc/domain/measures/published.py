"""Measures that can be published: their parameters, the parts that add up over customers, the values that follow.

What moved a rate is restated part by part: numerator and denominator each to the minor unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from encours.contracts.events.figure import FigureName
from encours.kernel.money import div_half_up
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.collection import Collection, Receivable, from_amounts
from reporting_svc.domain.measures.definitions import Definition
from reporting_svc.domain.measures.delays import DayCounts, Delays
from reporting_svc.domain.measures.dso import countback, delinquent, hundredths, months_back, per_day, simple
from reporting_svc.domain.measures.reminders import WINDOWS

Unit = Literal["days", "percent", "money"]
NoValue = Literal[
    "no-turnover",
    "nothing-to-collect",
    "nothing-open",
    "nothing-billed",
    "not-known-yet",
    "nothing-settled",
    "no-known-cost",
    "not-planned",
    "nothing-planned",
]
PartSource = Literal[
    "bands",
    "old",
    "turnover",
    "standing",
    "months",
    "collection",
    "cohort",
    "delays",
    "named",
    "insured",
    "promises_due",
    "promises_broken",
    "products",
    "plan",
    "reminders",
    "forecast",
]
"""Queries that parts come from."""
BY_DEBTOR: frozenset[PartSource] = frozenset({"cohort", "delays", "insured", "reminders"})
"""Sources in which the funds or the covers of a debtor are for all its debts, so that a merge moves them."""


@dataclass(frozen=True, slots=True)
class FigureParts:
    """Parts of a figure by name: amounts in minor units, and numbers of invoices and instalments."""

    amounts: Mapping[str, int] = field(default_factory=dict)
    quantities: Mapping[str, int] = field(default_factory=dict)

    def less(self, other: FigureParts) -> FigureParts:
        """Return the parts that differ, by how much."""
        return FigureParts(
            _combined(self.amounts, other.amounts, -1), _combined(self.quantities, other.quantities, -1)
        )

    def plus(self, other: FigureParts) -> FigureParts:
        """Return the sums that are not 0."""
        return FigureParts(
            _combined(self.amounts, other.amounts, 1), _combined(self.quantities, other.quantities, 1)
        )

    def named(self, names: tuple[str, ...] | None) -> FigureParts:
        """Return the amounts of these names alone; ``None`` for all parts."""
        return self if names is None else FigureParts({name: self.amounts[name] for name in names})

    @property
    def is_zero(self) -> bool:
        """True if no part has an amount or a number."""
        return not any(self.amounts.values()) and not any(self.quantities.values())


def _combined(one: Mapping[str, int], other: Mapping[str, int], sign: int) -> dict[str, int]:
    found = {name: one.get(name, 0) + sign * other.get(name, 0) for name in {**other, **one}}
    return {name: number for name, number in found.items() if number}


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A value by a definition: days, percent, or minor units; ``None`` with the reason for having none."""

    name: str
    definition: Definition
    unit: Unit
    exact: Fraction | None
    no_value: NoValue
    at_least: bool = False

    @property
    def number(self) -> int | None:
        """Hundredths of days or percent, or minor units, half up."""
        if self.exact is None:
            return None
        if self.unit == "money":
            return div_half_up(self.exact.numerator, self.exact.denominator)
        return hundredths(self.exact)

    @property
    def reason(self) -> NoValue | None:
        """Reason for having no value."""
        return self.no_value if self.exact is None else None


@dataclass(frozen=True, slots=True)
class FigurePeriod:
    """Dates that values depend on: the day of a figure, and the days of its turnover."""

    as_of: date
    days: int


Values = Callable[[FigureParts, FigurePeriod], tuple[MeasuredValue, ...]]


@dataclass(frozen=True, slots=True)
class PublishedMeasure:
    """A measure that can be published. ``parts``: amounts of the source that it needs; ``None`` for all."""

    definition: Definition
    source: PartSource
    parameters: frozenset[str] = frozenset()
    parts: tuple[str, ...] | None = None
    values: Values = lambda _parts, _period: ()


def _period(parts: FigureParts, period: FigurePeriod) -> Collection:
    """Return the receivables and the turnover of the parts, those that a measure does not have as 0."""
    amounts = dict.fromkeys(("opening", "sales", "open", "not_due", "overdue", "unapplied", "turnover"), 0)
    return from_amounts(amounts | dict(parts.amounts), period.as_of, period.as_of, period.days)


def _days(name: str, definition: Definition, exact: Fraction | None) -> MeasuredValue:
    return MeasuredValue(name, definition, "days", exact, "no-turnover")


def _dso(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    found = simple(parts.amounts["receivables"], parts.amounts["turnover"], period.days)
    return (_days("dso", definitions.DSO_SIMPLE, found),)


def _current(parts: FigureParts) -> int:
    """Return what is not yet due, with unapplied cash taken off what is due first."""
    return min(parts.amounts["not_due"], parts.amounts["receivables"])


def _bpdso(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    found = simple(_current(parts), parts.amounts["turnover"], period.days)
    return (_days("best_possible", definitions.BPDSO, found),)


def _add(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    (dso,), (best,) = _dso(parts, period), _bpdso(parts, period)
    return (_days("average_days_delinquent", definitions.ADD, delinquent(dso.exact, best.exact)),)


def _working_capital(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    day, late = (
        per_day(parts.amounts["turnover"], period.days),
        parts.amounts["receivables"] - _current(parts),
    )
    found = {"per_day": None if day is None else Fraction(day), "late": Fraction(late)}
    return tuple(
        MeasuredValue(name, definitions.WORKING_CAPITAL, "money", exact, "no-turnover")
        for name, exact in found.items()
    )


def _countback(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    months = {
        date.fromisoformat(f"{name}-01"): minor
        for name, minor in parts.amounts.items()
        if name != "receivables"
    }
    found = countback(parts.amounts["receivables"], months_back(months, period.as_of))
    return (
        MeasuredValue(
            "dso_countback",
            definitions.DSO_COUNTBACK,
            "days",
            found.days,
            "no-turnover",
            at_least=found.exhausted,
        ),
    )


def _overdue_rate(parts: FigureParts, _: FigurePeriod) -> tuple[MeasuredValue, ...]:
    share = Receivable(parts.amounts["open"], overdue_minor=parts.amounts["overdue"]).overdue_share
    return (MeasuredValue("overdue_rate", definitions.OVERDUE_RATE, "percent", share, "nothing-open"),)


def _cei(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    found = _period(parts, period).effectiveness
    return (
        MeasuredValue("collection_effectiveness", definitions.CEI, "percent", found, "nothing-to-collect"),
    )


def _collection(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    found = _period(parts, period)
    return (
        *_cei(parts, period),
        *_overdue_rate(parts, period),
        _days("dso", definitions.DSO_SIMPLE, found.dso),
        _days("best_possible", definitions.BPDSO, found.best_possible),
        _days("average_days_delinquent", definitions.ADD, found.delinquent),
    )


def _rate(name: str, definition: Definition, part: str, whole: str, no_value: NoValue) -> Values:
    """Return the value of a part in percent of a whole above 0."""

    def values(parts: FigureParts, _: FigurePeriod) -> tuple[MeasuredValue, ...]:
        numerator, denominator = parts.amounts[part], parts.amounts[whole]
        exact = Fraction(100 * numerator, denominator) if denominator > 0 else None
        return (MeasuredValue(name, definition, "percent", exact, no_value),)

    return values


def _delays(parts: FigureParts, _: FigurePeriod) -> tuple[MeasuredValue, ...]:
    """Return mean, weighted mean and median; each part is named after the days of its delay."""
    days = {int(name): (number, parts.amounts[name]) for name, number in parts.quantities.items()}
    found = Delays(DayCounts(days))
    means = {"mean": found.mean, "weighted_mean": found.weighted, "median": found.median}
    return tuple(
        MeasuredValue(name, definitions.PAYMENT_DELAY, "days", exact, "nothing-settled")
        for name, exact in means.items()
    )


def _margin(parts: FigureParts, _: FigurePeriod) -> tuple[MeasuredValue, ...]:
    """Return the margin of one product; nothing where products stand side by side."""
    if "costed" not in parts.amounts:
        return ()
    costed, margin = parts.amounts["costed"], parts.amounts["costed"] - parts.amounts["cost"]
    amount = Fraction(margin) if costed or margin else None
    rate = Fraction(100 * margin, costed) if costed > 0 else None
    by = definitions.TURNOVER_BY_PRODUCT
    return (
        MeasuredValue("margin", by, "money", amount, "no-known-cost"),
        MeasuredValue("margin_rate", by, "percent", rate, "no-known-cost"),
    )


def _against_plan(parts: FigureParts, _: FigurePeriod) -> tuple[MeasuredValue, ...]:
    """Return actual less planned, as an amount and in percent of what was planned."""
    found = []
    for name in ("billed", "collected"):
        planned = parts.amounts.get(f"{name}_planned")
        by, more, rate = definitions.TURNOVER_PLAN, None, None
        reason: NoValue = "not-planned" if planned is None else "nothing-planned"
        if planned is not None:
            more = Fraction(parts.amounts[name] - planned)
            rate = 100 * more / planned if planned > 0 else None
        found.append(MeasuredValue(f"{name}_difference", by, "money", more, reason))
        found.append(MeasuredValue(f"{name}_difference_rate", by, "percent", rate, reason))
    return tuple(found)


def _yields(parts: FigureParts, period: FigurePeriod) -> tuple[MeasuredValue, ...]:
    """Return what was paid in the days after messages, in percent of what they asked for."""
    return tuple(
        value
        for days in WINDOWS
        for value in _rate(
            f"yield_{days}", definitions.REMINDER_YIELD, f"paid_{days}", f"asked_{days}", "not-known-yet"
        )(parts, period)
    )


_STANDING = ("receivables", "not_due", "turnover")
_DAYS, _FIRST = frozenset({"days"}), frozenset({"first_day"})
MEASURES: Mapping[FigureName, PublishedMeasure] = {
    "aged-balance": PublishedMeasure(definitions.AGED_BY_DUE_DATE, "bands", frozenset({"bands", "by"})),
    "past-90": PublishedMeasure(
        definitions.PAST_90,
        "old",
        values=_rate("past_90", definitions.PAST_90, "past_90", "open", "nothing-open"),
    ),
    "turnover": PublishedMeasure(definitions.TURNOVER, "turnover", _FIRST),
    "dso": PublishedMeasure(definitions.DSO_SIMPLE, "standing", _DAYS, ("receivables", "turnover"), _dso),
    "dso-countback": PublishedMeasure(definitions.DSO_COUNTBACK, "months", values=_countback),
    "bpdso": PublishedMeasure(definitions.BPDSO, "standing", _DAYS, _STANDING, _bpdso),
    "add": PublishedMeasure(definitions.ADD, "standing", _DAYS, _STANDING, _add),
    "working-capital": PublishedMeasure(
        definitions.WORKING_CAPITAL, "standing", _DAYS, _STANDING, _working_capital
    ),
    "overdue-rate": PublishedMeasure(
        definitions.OVERDUE_RATE, "standing", parts=("overdue", "open"), values=_overdue_rate
    ),
    "collection": PublishedMeasure(definitions.COLLECTION, "collection", _FIRST | _DAYS, values=_collection),
    "cei": PublishedMeasure(
        definitions.CEI, "collection", _FIRST, ("opening", "sales", "open", "unapplied", "not_due"), _cei
    ),
    "recovered-rate": PublishedMeasure(
        definitions.RECOVERED_RATE,
        "cohort",
        _FIRST,
        ("recovered", "billed"),
        _rate("recovered_rate", definitions.RECOVERED_RATE, "recovered", "billed", "nothing-billed"),
    ),
    "at-risk-90": PublishedMeasure(
        definitions.AT_RISK,
        "cohort",
        _FIRST,
        ("at_risk", "old"),
        _rate("at_risk_rate", definitions.AT_RISK, "at_risk", "old", "not-known-yet"),
    ),
    "payment-delay": PublishedMeasure(definitions.PAYMENT_DELAY, "delays", _FIRST, values=_delays),
    "promised": PublishedMeasure(definitions.PROMISED, "named", parts=("promised", "open")),
    "placed": PublishedMeasure(definitions.PLACED, "named", parts=("placed", "open")),
    "insured": PublishedMeasure(
        definitions.INSURED,
        "insured",
        values=_rate("insured_share", definitions.INSURED_SHARE, "insured", "open", "nothing-open"),
    ),
    "promises-due": PublishedMeasure(definitions.DUE_PROMISES, "promises_due"),
    "promises-broken": PublishedMeasure(definitions.BROKEN_PROMISES, "promises_broken"),
    "turnover-by-product": PublishedMeasure(
        definitions.TURNOVER_BY_PRODUCT, "products", _FIRST | {"product"}, values=_margin
    ),
    "turnover-plan": PublishedMeasure(
        definitions.TURNOVER_PLAN, "plan", frozenset({"turnover_plan_id"}), values=_against_plan
    ),
    "reminder-yield": PublishedMeasure(
        definitions.REMINDER_YIELD, "reminders", _FIRST | {"step", "channel"}, values=_yields
    ),
    "cash-forecast": PublishedMeasure(definitions.CASH_FORECAST, "forecast", frozenset({"until", "period"})),
}
NOT_PUBLISHED: frozenset[Definition] = frozenset(
    {
        definitions.OVERDUE,  # a list; its sum is `overdue` of an aged balance
        definitions.DELAY_RANKING,
        definitions.ANOMALY,
    }
)
"""Definitions of lists."""
