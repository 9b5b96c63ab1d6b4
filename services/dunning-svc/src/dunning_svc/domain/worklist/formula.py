"""The formula of the value at risk: the overdue amount times the probability that it is not paid, which is data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dunning_svc.domain.policy.text import read_yaml
from encours.kernel.money import parse_amount


@dataclass(frozen=True, slots=True)
class RiskBand:
    """Probability in percent from a number of days past due on."""

    from_days: int
    percent: int


@dataclass(frozen=True, slots=True)
class RiskFormula:
    """Bands in ascending order, and what a broken promise adds."""

    name: str
    bands: tuple[RiskBand, ...]
    broken_promise_percent: int
    max_percent: int
    high_value: int

    def percent(self, days_past_due: int, broken_promises: int) -> int:
        """Return the probability that an amount is not paid, in percent; 0 for one that is not overdue."""
        reached = [band.percent for band in self.bands if band.from_days <= days_past_due]
        if not reached:
            return 0
        return min(self.max_percent, reached[-1] + broken_promises * self.broken_promise_percent)

    def value_minor(self, overdue: Mapping[int, int], broken_promises: int) -> int:
        """Return the value at risk of amounts by days past due, rounded down to a minor unit at the end."""
        return sum(amount * self.percent(days, broken_promises) for days, amount in overdue.items()) // 100

    def high_minor(self, currency: str) -> int:
        """Return the value at risk from which a customer is listed without any other reason."""
        return parse_amount(str(self.high_value), currency)


@cache
def formula() -> RiskFormula:
    """Return the formula in force."""
    plain = read_yaml((files("dunning_svc.domain.worklist") / "formula.yaml").read_bytes())
    bands: Iterable[Mapping[str, int]] = plain["bands"]
    return RiskFormula(
        name=plain["name"],
        bands=tuple(RiskBand(each["from_days"], each["percent"]) for each in bands),
        broken_promise_percent=plain["broken_promise_percent"],
        max_percent=plain["max_percent"],
        high_value=plain["high_value"],
    )
