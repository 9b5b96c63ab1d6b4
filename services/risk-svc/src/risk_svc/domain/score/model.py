"""Models of the delay of the next invoice: probability of late payment, days with an interval, and grade.

In the plain model, the level of the customer (:mod:`risk_svc.domain.score.history`) gives location and spread of the
delay; the residuals of the fitted history give its distribution. Everything that was fitted is data, so a version is a
JSON document.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from encours.contracts.events.score import CreditGrade
from risk_svc.domain.score.history import InvoiceOutcome, Level, PayerHistory, Weights, level
from risk_svc.domain.score.measures import JudgedForecast

DEFINITION = "payment-forecast/1"
"""Id of what a forecast is made of; another way to make it is another definition."""
OPEN_SEGMENT = ""
"""Segment of customers whose own is unknown or was not fitted."""
ModelKind = Literal["plain", "boosted"]
LEAST_SPREAD_DAYS = 1.5
LATE_FROM_DAYS = 0.5
"""Delays are whole days, so half a day separates late from in time."""


@dataclass(frozen=True, slots=True)
class LevelLine:
    """A straight line over the level in days."""

    at_zero: float
    slope: float

    def at(self, days: float) -> float:
        """Return the value at a level."""
        return self.at_zero + self.slope * days


@dataclass(frozen=True, slots=True)
class GradeBounds:
    """Grade A and B by the probability of late payment, C to E by the expected days.

    From 90 days past due a debtor is in default: Regulation (EU) 575/2013 art. 178(1)(b).
    """

    a_below: float = 0.2
    b_below: float = 0.5
    d_from_days: float = 30.0
    e_from_days: float = 90.0

    def grade(self, probability_late: float, days: float) -> CreditGrade:
        """Return the grade, A the best."""
        if days >= self.e_from_days:
            return "E"
        if days >= self.d_from_days:
            return "D"
        if probability_late >= self.b_below:
            return "C"
        return "B" if probability_late >= self.a_below else "A"


GRADES = GradeBounds()


@dataclass(frozen=True, slots=True)
class ForecastEffect:
    """Effect of some signals on the probability of late payment, against the usual customer of the segment."""

    group: str
    """Code of the reason."""
    points: int
    """Hundredths of the probability."""


class ForecastGrounds(Protocol):
    """Grounds of a forecast, computed when it is asked for."""

    def effects(self) -> Sequence[ForecastEffect]:
        """Return the effects, the largest first."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast for an invoice issued on a day; days count from the due date, negative before it."""

    probability_late: float
    days_late: float
    """Median of the delay, 0 in time: payment is as likely before as after it."""
    from_days: float
    to_days: float
    """The delay lies from ``from_days`` to ``to_days`` in 80 of 100 cases."""
    grade: CreditGrade
    level: Level
    version: str
    definition: str = DEFINITION
    explanation: ForecastGrounds | None = field(default=None, compare=False, repr=False)
    """``None`` where the level alone is the ground."""

    def judged(self, delay_days: float) -> JudgedForecast:
        """Return the forecast beside the delay that came."""
        return JudgedForecast(self.probability_late, self.days_late, self.from_days, self.to_days, delay_days)


class PaymentModel(Protocol):
    """A version that is shipped, or was fitted: plain or boosted."""

    @property
    def version(self) -> str:
        """Name of the version."""

    @property
    def kind(self) -> ModelKind:
        """Way in which forecasts are made."""

    def forecast(self, history: Sequence[InvoiceOutcome], day: int, segment: str = OPEN_SEGMENT) -> Forecast:
        """Return the forecast for an invoice issued on a day, from what was known before that day."""

    def forecast_at_end_of(self, payer: PayerHistory, day: int) -> Forecast:
        """Return the forecast for the next invoice, from what is known at the end of a day."""


@dataclass(frozen=True, slots=True)
class LevelModel:
    """The plain model, in which the level decides alone."""

    version: str
    weights: Weights
    segments: dict[str, float]
    """Level of each segment in days from the due date, that of all under ``""``."""
    location: LevelLine
    spread: LevelLine
    newcomer_spread: float
    """Factor of the spread for a customer without a known outcome."""
    residuals: tuple[float, ...]
    """Residuals divided by the spread, at equal steps of their probability, ascending."""
    interval: tuple[float, float]
    """Residuals between which 80 % of those lie that customers have by a model of other customers."""

    @property
    def kind(self) -> ModelKind:
        """Way in which forecasts are made."""
        return "plain"

    def forecast(self, history: Sequence[InvoiceOutcome], day: int, segment: str = OPEN_SEGMENT) -> Forecast:
        """Return the forecast for an invoice issued on a day, from what was known before that day."""
        return self.of(level(history, day, self.segment_days(segment), self.weights))

    def forecast_at_end_of(self, payer: PayerHistory, day: int) -> Forecast:
        """Return the forecast for the next invoice, from what is known at the end of a day."""
        seen = level(payer.history, day, self.segment_days(payer.segment), self.weights, with_today=True)
        return self.of(seen)

    def segment_days(self, segment: str) -> float:
        """Return the level of a segment, that of all for one that was not fitted."""
        return self.segments.get(segment, self.segments[OPEN_SEGMENT])

    def of(self, seen: Level) -> Forecast:
        """Return the forecast at a level."""
        location, spread = self.located(seen)
        late = self.probability_above((LATE_FROM_DAYS - location) / spread)
        days = max(0.0, location + spread * self.residuals[len(self.residuals) // 2])
        low, high = (location + spread * bound for bound in self.interval)
        return Forecast(late, days, low, high, GRADES.grade(late, days), seen, self.version)

    def located(self, seen: Level) -> tuple[float, float]:
        """Return location and spread of the delay in days."""
        spread = max(LEAST_SPREAD_DAYS, self.spread.at(seen.days))
        return self.location.at(seen.days), spread * (1.0 if seen.known else self.newcomer_spread)

    def probability_above(self, residual: float) -> float:
        """Return the probability of a larger residual; beyond those observed it falls exponentially."""
        steps = len(self.residuals)
        if residual < self.residuals[0]:
            return 1 - math.exp(residual - self.residuals[0]) / (2 * steps)
        if residual >= self.residuals[-1]:
            return math.exp(self.residuals[-1] - residual) / (2 * steps)
        index = bisect_left(self.residuals, residual)
        above, below = self.residuals[index], self.residuals[index - 1] if index else self.residuals[0]
        part = (residual - below) / (above - below) if above > below else 1.0
        return 1 - (index - 0.5 + part) / steps
