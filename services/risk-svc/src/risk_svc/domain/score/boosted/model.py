"""Payment model in which boosted trees correct the probability of late payment that the level gives.

The days and their interval are those of the level, which grows without bound with the days of an open invoice; trees
know no more than the largest delays of the history. Scoring needs no library: the trees are plain data.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from risk_svc.domain.score.boosted.signals import SIGNALS, signals
from risk_svc.domain.score.boosted.trees import TreeSum
from risk_svc.domain.score.history import InvoiceOutcome, Level, PayerHistory, level
from risk_svc.domain.score.model import GRADES, OPEN_SEGMENT, Forecast, ForecastEffect, LevelModel

DEFINITION = "boosted-forecast/1"
_SMALLEST = 1e-6
"""Least probability and counter-probability of the level, so that its log odds are finite."""
_EVEN = 0.5
_GROUPS: dict[str, list[int]] = defaultdict(list)
for _place, _signal in enumerate(SIGNALS):
    _GROUPS[_signal.group].append(_place)


@dataclass(frozen=True, slots=True)
class OddsLine:
    """Straight line over log odds, by which probabilities are calibrated (Platt 1999)."""

    at_zero: float
    slope: float

    def probability(self, log_odds: float) -> float:
        """Return the calibrated probability."""
        return 1 / (1 + math.exp(-self.at_zero - self.slope * log_odds))


@dataclass(frozen=True, slots=True)
class BoostedModel:
    """A fitted version."""

    kind: Literal["boosted"]
    signals: Literal["payer-signals/1"]
    version: str
    plain: LevelModel
    late_share: float
    """Late share of all customers."""
    trees: TreeSum
    """Log odds of late payment."""
    calibration: OddsLine
    usual: dict[str, tuple[float, ...]]
    """Median of each signal by segment, of all under ``""``; a segment with few invoices has none."""

    def forecast(self, history: Sequence[InvoiceOutcome], day: int, segment: str = OPEN_SEGMENT) -> Forecast:
        """Return the forecast for an invoice issued on a day, from what was known before that day."""
        return self._of(history, day, segment, with_today=False)

    def forecast_at_end_of(self, payer: PayerHistory, day: int) -> Forecast:
        """Return the forecast for the next invoice, from what is known at the end of a day."""
        return self._of(payer.history, day, payer.segment, with_today=True)

    def _of(self, history: Sequence[InvoiceOutcome], day: int, segment: str, *, with_today: bool) -> Forecast:
        days, weights = self.plain.segment_days(segment), self.plain.weights
        seen = level(history, day, days, weights, with_today=with_today)
        values = signals(history, day, days, seen, weights, self.late_share, with_today=with_today)
        plain = self.plain.of(seen)
        late = self.calibration.probability(self.log_odds(plain.probability_late, values))
        # The median of whole days is above 0 just if late payment is more likely than not.
        expected = max(1.0, plain.days_late) if late > _EVEN else 0.0
        return replace(
            plain,
            probability_late=late,
            days_late=expected,
            from_days=min(plain.from_days, expected),
            to_days=max(plain.to_days, expected) if expected else plain.to_days,
            grade=GRADES.grade(late, expected),
            version=self.version,
            definition=DEFINITION,
            explanation=SeenSignals(self, seen, values, segment),
        )

    def log_odds(self, by_level: float, values: Sequence[float]) -> float:
        """Return the mean of the log odds by the level and of those by the trees, not calibrated."""
        bounded = min(1 - _SMALLEST, max(_SMALLEST, by_level))
        return (math.log(bounded / (1 - bounded)) + self.trees.of(values)) / 2

    def probability(self, seen: Level, values: Sequence[float]) -> float:
        """Return the probability of late payment at signals, the first of which is the level in days."""
        by_level = self.plain.of(replace(seen, days=values[0])).probability_late
        return self.calibration.probability(self.log_odds(by_level, values))


@dataclass(frozen=True, slots=True)
class SeenSignals:
    """Signals of a customer and the model that read them."""

    model: BoostedModel
    seen: Level
    values: tuple[float, ...]
    segment: str

    def effects(self) -> Sequence[ForecastEffect]:
        """Return the effect of each group: the change of the probability if the group was usual for the segment."""
        usual = self.model.usual.get(self.segment, self.model.usual[OPEN_SEGMENT])
        found = self.model.probability(self.seen, self.values)
        effects = []
        for group, places in _GROUPS.items():
            other = list(self.values)
            for place in places:
                other[place] = usual[place]
            points = 100 * (found - self.model.probability(self.seen, other))
            effects.append(ForecastEffect(group, round(points)))
        return sorted(effects, key=lambda each: -abs(each.points))
