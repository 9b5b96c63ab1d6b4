"""Fit of the payment model to the own history, as it was known on the day of the fit.

Each invoice that has fallen due is compared with the level of its customer as it was known at its issue. Invoices that
are open and late are censored. The weights are chosen by a split inside the history: the last quarter of the invoices,
by issue, is forecast by a model of the others as they were known when that quarter began. The interval is calibrated on
customers by a model of other customers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from encours.kernel.errors import Refusal
from risk_svc.domain.score.baselines import by_baselines
from risk_svc.domain.score.history import Level, PayerHistory, Weights, level
from risk_svc.domain.score.measures import Bin, JudgedForecast, Quality, quality, reliability
from risk_svc.domain.score.model import OPEN_SEGMENT, LevelLine, LevelModel, PaymentModel

PRIORS = (1.0, 2.0, 4.0)
HALF_LIVES_DAYS = (180.0, 365.0, 730.0)
CALIBRATION_SHARE = 0.25
INTERVAL_SHARE = 0.8
STEPS = 200
LEAST_IN_CALIBRATION = 20
MOST_TO_CHOOSE = 20_000
"""Invoices on which the weights are chosen and the interval is calibrated."""
_ROUNDING = 1e-9
SEGMENT_PRIOR = 20.0
"""Invoices at the level of all that are added to those of a segment."""


@dataclass(frozen=True, slots=True)
class FittedInvoice:
    """An invoice that has fallen due, with the level that was known at its issue."""

    seen: Level
    delay_days: float
    """Days past due up to now and the further wait if ``censored``."""
    least_days: int
    """The delay is at least this, and just this unless ``censored``."""
    censored: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Report of a fit: quality of the forecasts of the last quarter by a model of the others.

    The two weights were chosen on that quarter; the other parameters did not see it.
    """

    invoices: int
    forecast: int
    late: int
    quality: Quality
    baselines: Mapping[str, Quality]
    """Quality of three simple forecasts of the same invoices."""
    since: int
    """First day of issue of the last quarter."""
    first_issued: int
    last_issued: int
    bins: tuple[Bin, ...] = ()
    """Forecasts of the model by tenths of the probability, beside the share that was late."""


Model = TypeVar("Model", bound=PaymentModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Fitted(Generic[Model]):
    """A model and the report of its fit."""

    model: Model
    earlier: Model
    """The model that forecast the last quarter, fitted to what was known as that quarter began."""
    calibration: Calibration


class HistoryTooShort(Refusal):
    """The last quarter has too few invoices or one outcome alone, or a part of the history has none to fit to (409)."""

    code = "history-too-short"
    title = "History is too short to fit a model"
    remedy = "Keep the active model, and fit again once more customers have invoices that have fallen due."

    def __init__(self) -> None:
        super().__init__(
            "The last quarter needs 20 invoices that have fallen due, some late and some in time; before it two "
            "customers at least need invoices that had fallen due, for a boosted model some late and some in time."
        )


def fit(payers: Sequence[PayerHistory], on: int, version: str) -> Fitted[LevelModel]:
    """Return the model fitted to what was known on a day. Raises :class:`HistoryTooShort`."""
    issues = sorted(each.issued for payer in payers for each in payer.history if each.due < on)
    if len(issues) * CALIBRATION_SHARE < LEAST_IN_CALIBRATION:
        raise HistoryTooShort
    split = issues[int(len(issues) * (1 - CALIBRATION_SHARE))]
    few = list(_first(payers, MOST_TO_CHOOSE))
    wait_days = _wait_days(payers, split)
    tried = [Weights(prior, half_life, wait_days) for prior in PRIORS for half_life in HALF_LIVES_DAYS]
    weights = min(tried, key=lambda each: _brier(few, split, on, each))
    earlier = fitted_before(payers, split, weights, version)
    held_out = list(fallen_due(payers, split, on, earlier.segments, weights))
    earlier = replace(earlier, interval=_interval(few, split, weights))
    judged = [_judged(each, earlier) for each in held_out]
    late = sum(each.delay_days > 0 for each in judged)
    if not 0 < late < len(judged):
        raise HistoryTooShort
    baselines = by_baselines(payers, split, on, wait_days)
    weights = replace(weights, wait_days=_wait_days(payers, on))
    model = replace(fitted_before(payers, on, weights, version), interval=_interval(few, on, weights))
    report = Calibration(
        len(issues),
        len(judged),
        late,
        quality(judged),
        {name: quality(found) for name, found in baselines.items()},
        split,
        issues[0],
        issues[-1],
        reliability(judged),
    )
    return Fitted(model, earlier, report)


def _first(payers: Sequence[PayerHistory], most: int) -> Iterator[PayerHistory]:
    count = 0
    for payer in payers:
        yield payer
        count += len(payer.history)
        if count >= most:
            return


def _wait_days(payers: Sequence[PayerHistory], on: int) -> float:
    """Return late days for each late invoice that was settled: the mean of a constant hazard, open days counted."""
    days = ends = 0
    for payer in payers:
        for each in payer.history:
            if each.due >= on:
                continue
            if each.open_on(on):
                days += on - each.due
            elif (delay := each.delay_days) > 0:
                days += delay
                ends += 1
    return max(1.0, days / max(1, ends))


def _segments(payers: Sequence[PayerHistory], on: int, weights: Weights) -> dict[str, float]:
    """Return the mean level of each segment, its small ones drawn towards that of all.

    Raises :class:`HistoryTooShort` if no invoice had fallen due.
    """
    sums: dict[str, tuple[float, float]] = {}
    for payer in payers:
        weight, total = sums.get(payer.segment, (0.0, 0.0))
        for each in payer.history:
            if each.due >= on:
                continue
            share = 0.5 ** ((on - each.issued) / weights.half_life_days)
            delay = on - each.due + weights.wait_days if each.open_on(on) else each.delay_days
            weight += share
            total += share * delay
        sums[payer.segment] = weight, total
    weights_of_all = sum(weight for weight, _ in sums.values())
    if not weights_of_all:
        raise HistoryTooShort
    of_all = sum(total for _, total in sums.values()) / weights_of_all
    drawn = {
        segment: (total + SEGMENT_PRIOR * of_all) / (weight + SEGMENT_PRIOR)
        for segment, (weight, total) in sums.items()
    }
    return drawn | {OPEN_SEGMENT: of_all}


def fallen_due(
    payers: Sequence[PayerHistory], since: int, on: int, segments: dict[str, float], weights: Weights
) -> Iterator[FittedInvoice]:
    """Yield the invoices issued from a day on that have fallen due; those not due yet would favour early payment."""
    for payer in payers:
        for each in payer.history:
            if each.issued < since or each.due >= on:
                continue
            seen = level(payer.history, each.issued, segments[payer.segment], weights)
            if each.open_on(on):
                past_due = on - each.due
                yield FittedInvoice(seen, past_due + weights.wait_days, past_due, censored=True)
            else:
                yield FittedInvoice(seen, each.delay_days, each.delay_days, censored=False)


def fitted_before(payers: Sequence[PayerHistory], on: int, weights: Weights, version: str) -> LevelModel:
    """Return the model of what was known on a day, with an interval that is not calibrated."""
    segments = _segments(payers, on, weights)
    samples = list(fallen_due(payers, 0, on, segments, weights))
    known = [each for each in samples if each.seen.known]
    location = _line([(each.seen.days, each.delay_days) for each in known])
    errors = [abs(each.delay_days - location.at(each.seen.days)) for each in known]
    spread = _line([(each.seen.days, error) for each, error in zip(known, errors, strict=True)])
    model = LevelModel(version, weights, segments, location, spread, 1.0, (0.0,), (0.0, 0.0))
    newcomers = _residuals([each for each in samples if not each.seen.known], model)
    usual = _residuals(known, model)
    factor = _mean_size(newcomers) / _mean_size(usual) if newcomers else 1.0
    model = replace(model, newcomer_spread=max(1.0, factor))
    return replace(model, residuals=_quantiles(samples, model))


def _residuals(samples: Sequence[FittedInvoice], model: LevelModel) -> list[float]:
    return [_residual(each.delay_days, each.seen, model) for each in samples]


def _residual(delay_days: float, seen: Level, model: LevelModel) -> float:
    location, spread = model.located(seen)
    return (delay_days - location) / spread


def _mean_size(residuals: Sequence[float]) -> float:
    return max(0.01, sum(map(abs, residuals)) / max(1, len(residuals)))


def _line(points: Sequence[tuple[float, float]]) -> LevelLine:
    """Return the straight line of least squares; a level one where all points have one abscissa."""
    if not points:
        return LevelLine(0.0, 1.0)
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    squares = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / squares if squares else 0.0
    return LevelLine(mean_y - slope * mean_x, slope)


def _quantiles(samples: Sequence[FittedInvoice], model: LevelModel) -> tuple[float, ...]:
    """Return the residuals at equal steps of probability, by the estimate of Kaplan and Meier (1958)."""
    ordered = sorted((_residual(each.least_days, each.seen, model), each.censored) for each in samples)
    found: list[float] = []
    lasting, left = 1.0, len(ordered)
    for residual, censored in ordered:
        if not censored:
            lasting *= 1 - 1 / left
            while len(found) < STEPS and 1 - lasting >= (len(found) + 0.5) / STEPS - _ROUNDING:
                found.append(residual)
        left -= 1
    return (*found, *[ordered[-1][0]] * (STEPS - len(found)))


def _interval(payers: Sequence[PayerHistory], on: int, weights: Weights) -> tuple[float, float]:
    """Return the bounds of the residuals of customers by a model that was fitted to other customers.

    That is cross-conformal prediction (Vovk 2015) with two halves; as much is left out below as above.
    """
    due = [payer for payer in payers if any(each.due < on for each in payer.history)]
    halves = due[::2], due[1::2]
    residuals: list[float] = []
    for fitted_to, other in (halves, halves[::-1]):
        model = fitted_before(fitted_to, on, weights, "")
        segments = {payer.segment: model.segment_days(payer.segment) for payer in other}
        residuals += _residuals(list(fallen_due(other, 0, on, segments, weights)), model)
    ordered, count = sorted(residuals), len(residuals)
    left_out = (1 - INTERVAL_SHARE) / 2
    low = max(0, math.floor((count + 1) * left_out) - 1)
    high = min(count - 1, math.ceil((count + 1) * (1 - left_out)) - 1)
    return ordered[low], ordered[high]


def _brier(payers: Sequence[PayerHistory], split: int, on: int, weights: Weights) -> float:
    """Return the Brier score of the last quarter by a model of the others."""
    model = fitted_before(payers, split, weights, "")
    judged = [_judged(each, model) for each in fallen_due(payers, split, on, model.segments, weights)]
    return sum((each.probability_late - (each.delay_days > 0)) ** 2 for each in judged) / max(1, len(judged))


def _judged(sample: FittedInvoice, model: LevelModel) -> JudgedForecast:
    """Return the forecast at the issue beside the delay; of an open invoice, with its further wait."""
    return model.of(sample.seen).judged(sample.delay_days)
