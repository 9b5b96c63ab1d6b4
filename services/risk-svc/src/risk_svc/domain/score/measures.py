"""Measures of forecasts against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt

BINS = 10
NORMAL_95 = 1.96
"""Standard deviations of the normal distribution that 95 of 100 values lie within."""
MISSED_DAYS_WEIGHT = 10
"""2 over the share that an interval of 80 % leaves out."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality of forecasts over invoices whose delay is known."""

    auc: float
    brier: float
    mean_error_days: float
    coverage: float
    """Share of the signed delays that their intervals contain."""
    width_days: float
    interval_score_days: float
    """Width of the 80 % intervals and ten times the days by which they are missed (Gneiting and Raftery 2007)."""


@dataclass(frozen=True, slots=True)
class JudgedForecast:
    """A forecast beside the delay that came, in days from the due date."""

    probability_late: float
    days_late: float
    from_days: float
    to_days: float
    delay_days: float


def quality(judged: Sequence[JudgedForecast]) -> Quality:
    """Return the quality of forecasts; there must be late invoices and others among them.

    Delay before the due date is no error in ``mean_error_days``; the interval has to contain the signed delay.
    """
    count = len(judged)
    late = [each.delay_days > 0 for each in judged]
    return Quality(
        auc=auc([each.probability_late for each in judged], late),
        brier=sum((each.probability_late - is_late) ** 2 for each, is_late in zip(judged, late, strict=True))
        / count,
        mean_error_days=sum(abs(each.days_late - max(0, each.delay_days)) for each in judged) / count,
        coverage=sum(each.from_days <= each.delay_days <= each.to_days for each in judged) / count,
        width_days=sum(each.to_days - each.from_days for each in judged) / count,
        interval_score_days=sum(map(_interval_score, judged)) / count,
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """Invoices with a forecast in a tenth of the scale, beside the share that was late."""

    count: int
    forecast: float
    """Mean probability of late payment."""
    late: float
    """Share of the invoices that was late."""
    low: float
    """``late`` lies between ``low`` and ``high`` in 95 of 100 samples of the size (Wilson 1927)."""
    high: float


def reliability(judged: Sequence[JudgedForecast]) -> tuple[Bin, ...]:
    """Return the forecasts by tenths of the probability, the lowest first; tenths without a forecast are left out.

    Tenths of the scale and not of the invoices: invoices of one forecast are never divided.
    """
    found: dict[int, list[JudgedForecast]] = {}
    for each in judged:
        found.setdefault(min(BINS - 1, int(each.probability_late * BINS)), []).append(each)
    return tuple(_bin(found[nth]) for nth in sorted(found))


def _bin(of_bin: Sequence[JudgedForecast]) -> Bin:
    count = len(of_bin)
    late = sum(each.delay_days > 0 for each in of_bin) / count
    spread = NORMAL_95**2 / count
    middle = (late + spread / 2) / (1 + spread)
    half = sqrt(spread * (late * (1 - late) + spread / 4)) / (1 + spread)
    return Bin(
        count,
        sum(each.probability_late for each in of_bin) / count,
        late,
        max(0.0, middle - half),
        min(1.0, middle + half),
    )


def _interval_score(each: JudgedForecast) -> float:
    missed = max(each.from_days - each.delay_days, each.delay_days - each.to_days, 0.0)
    return each.to_days - each.from_days + MISSED_DAYS_WEIGHT * missed


def auc(scores: Sequence[float], positives: Sequence[bool]) -> float:
    """Return the probability that a positive has the higher score, ties by half (Mann and Whitney 1947)."""
    ordered = sorted(zip(scores, positives, strict=True))
    below = wins = 0.0
    for _, tied in groupby(ordered, key=lambda pair: pair[0]):
        of_group = [positive for _, positive in tied]
        ups = sum(of_group)
        downs = len(of_group) - ups
        wins += ups * (below + downs / 2)
        below += downs
    return wins / (below * (len(ordered) - below))
